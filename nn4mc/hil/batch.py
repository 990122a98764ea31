"""Many simulated flights of a policy at once, without a board: the same metrics for hundreds of vehicles a second.

The policy is its float64 reference. Sensors, references and commands are rounded to float32, as over the wire; what the
C of a board adds is rounding within a step (nn4mc verify).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from nn4mc.api import import_options
from nn4mc.control.executor import Executor
from nn4mc.control.policy import Policy
from nn4mc.control.policy_batch import PolicyBatch
from nn4mc.errors import ConfigError
from nn4mc.hil.controller import policy_of
from nn4mc.hil.metrics import settling_time, tracking_of
from nn4mc.hil.rig import Reference, Rig, Vector, Words, step_count
from nn4mc.importers import load
from nn4mc.ir import Graph
from nn4mc.passes import lower
from nn4mc.quantize import Quantizing, quantize_calibrated

State = TypeVar("State")
_SAME_S = 1e-9
"""Periods this close are the same."""


class BatchPlant(Protocol[State]):
    """The equations of motion of n vehicles, as nn4mc.hil.rig.Plant with a first axis of n in everything."""

    period_s: float

    def initial(self, reference: Reference, rngs: Sequence[np.random.Generator]) -> State:
        """Return the starts, each as its vehicle alone draws it from its generator."""

    def sensors(self, state: State) -> Words:
        """Return what the sensors read (n, words)."""

    def step(self, state: State, command: Words) -> State:
        """Return the states one period later; DeviceError when a command (n, words) is not finite."""

    def park(self, state: State, which: npt.NDArray[np.bool_]) -> State:
        """Return the states with ``which`` vehicles (n,) at rest: a lost one may leave the range of numbers."""

    def position(self, state: State) -> Vector:
        """Return the true positions (n, 3) in m."""

    def trim_command(self) -> Words:
        """Return the commands (n, words) that keep the vehicles where they are."""

    def variables(self) -> dict[str, Vector]:
        """Return controller variables (n,) by name, NaN where a vehicle leaves the controller's own."""

    def lost(self, state: State) -> npt.NDArray[np.bool_]:
        """Return which vehicles (n,) have left the space in which their flight makes sense."""


@dataclass(frozen=True)
class Simulated:
    """The outcome of one simulated flight; None where it had no step in the window.

    ``steps`` were flown, ``lost`` tells whether the vehicle got lost after them. The rest as in metrics.Tracking and
    metrics.settling_time, None for a lost vehicle.
    """

    lost: bool
    steps: int
    rmse_m: float | None
    rmse_xy_m: float | None
    max_error_m: float | None
    offset_m: tuple[float, float, float] | None
    settling_s: float | None


@dataclass(frozen=True)
class BatchPolicy:
    """A rig's policy ready to fly batches: with its graph as it is compiled, and the period that it was trained at."""

    policy: Policy
    graph: Graph
    native_period_s: float

    def called_every(self, period_s: float) -> Policy:
        """Return the policy as it is called: through an executor where that is at another rate than its own."""
        if self.policy.executor is not None or abs(period_s - self.native_period_s) < _SAME_S:
            return self.policy
        return replace(self.policy, executor=Executor(self.native_period_s))


def load_policy(rig: Rig, quantizing: Quantizing | None = None) -> BatchPolicy:
    """Return the policy chosen for a rig, its network quantised if asked for.

    Raises ConfigError for another kind of controller, and what the importer and the quantisation raise.
    """
    policy = policy_of(rig)
    native_s = policy.executor.native_period_s if policy.executor else rig.period_s
    graph = lower(load(policy.model, import_options(policy)))
    return BatchPolicy(policy, graph if quantizing is None else quantize_calibrated(graph, quantizing).graph, native_s)


def create_batch(rig: Rig, vehicles: Sequence[Any]) -> BatchPlant[Any]:
    """Return the plant of some vehicles (instances of the rig's Vehicle); ConfigError for a rig without batches."""
    if rig.create_batch is None:
        raise ConfigError(f"rig '{rig.name}' cannot be simulated in batches: its plant.py defines no create_batch")
    plant: BatchPlant[Any] = rig.create_batch(vehicles, rig.call_period_s)
    return plant


def fly_batch(
    rig: Rig, vehicles: Sequence[Any], seeds: Sequence[int], reference: Reference, chosen: BatchPolicy
) -> tuple[Simulated, ...]:
    """Fly ``vehicles`` with ``seeds``, one a vehicle, along one reference; return what became of each.

    A flight depends on its own vehicle and seed alone, whatever else is in the batch. Raises ConfigError for a rig
    without batches, for vehicles of different call rates, and for a policy that does not fit.
    """
    return judge(record_batch(rig, vehicles, seeds, reference, chosen), reference)


@dataclass(frozen=True)
class BatchRecord:
    """Position minus reference (steps, n, 3) in m at times (steps,), and how many steps each flight had (n,)."""

    time_s: Vector
    error: Vector
    steps: npt.NDArray[np.int64]
    lost: npt.NDArray[np.bool_]


def record_batch(
    rig: Rig, vehicles: Sequence[Any], seeds: Sequence[int], reference: Reference, chosen: BatchPolicy
) -> BatchRecord:
    """Fly as `fly_batch` and return the errors themselves."""
    plant = create_batch(rig, vehicles)
    count, steps = len(vehicles), step_count(reference, plant.period_s)
    policy = chosen.called_every(plant.period_s)
    controller = PolicyBatch(policy, chosen.graph, count, plant.variables())
    state = plant.initial(reference, [np.random.default_rng(seed) for seed in seeds])
    time_s: Vector = np.arange(steps, dtype=np.float64) * plant.period_s
    error = np.empty((steps, count, 3))
    flown, flying, trim = np.full(count, steps), np.ones(count, bool), plant.trim_command()
    # A vehicle may tumble beyond all numbers in the step that loses it; it is parked until the others are done.
    with np.errstate(over="ignore", invalid="ignore"):
        for k, now in enumerate(time_s.tolist()):
            error[k] = plant.position(state) - reference.position(now)
            wished = controller.step(plant.sensors(state), reference(now), round(now * 1e6)).astype(np.float32)
            state = plant.step(state, np.where(flying[:, None], wished, trim))
            lost = plant.lost(state)
            flown[flying & lost] = k + 1
            flying &= ~lost
            if not flying.any():
                break
            if lost.any():
                state = plant.park(state, lost)
    return BatchRecord(time_s, error, flown, ~flying)


def judge(record: BatchRecord, reference: Reference) -> tuple[Simulated, ...]:
    """Return the metrics of every flight of a record."""
    return tuple(_judge(record, reference.window_s, row) for row in range(len(record.steps)))


def _judge(record: BatchRecord, window_s: tuple[float, float], row: int) -> Simulated:
    steps, lost = int(record.steps[row]), bool(record.lost[row])
    time_s, error = record.time_s[:steps], np.ascontiguousarray(record.error[:steps, row])
    errors = tracking_of(time_s, error, window_s)
    return Simulated(
        lost=lost,
        steps=steps,
        rmse_m=errors.rmse_m,
        rmse_xy_m=errors.rmse_xy_m,
        max_error_m=errors.max_error_m,
        offset_m=errors.offset_m,
        settling_s=None if lost else settling_time(time_s, error, window_s),
    )
