"""Flies the benchmark: every rig along every reference with every controller, on one board."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from nn4mc.control.nmpc import GAUSS_NEWTON, NEWTON
from nn4mc.errors import ConfigError
from nn4mc.hil.bench import open_bench
from nn4mc.hil.faults import FaultSpec
from nn4mc.hil.flight import Bench, FlightPlan, OnStep, Recorder, fly
from nn4mc.hil.flights import plan_flights
from nn4mc.hil.paths import Chirp
from nn4mc.hil.progress import FlightProgress
from nn4mc.hil.record import FlightRecord
from nn4mc.hil.rig import Rig, load_rig, with_controller
from nn4mc.hil.rig_file import NmpcTable
from nn4mc.tracking.bandwidth import FrequencyResponse, bandwidth, chirp_response
from nn4mc.tracking.row import TrackingRow, make_row

RIGS = ("mass_spring_damper", "tendon", "hasel")
EXACT = "_exact"
"""Follows the name of a controller that is another one with the exact Hessian."""
_ITERATIONS = "last_iterations"
"""The variable that says how often the solver iterated in a step."""


@dataclass(frozen=True)
class Task:
    """A rig with one of its controllers chosen, and what it flies."""

    rig: Rig
    plans: tuple[FlightPlan, ...]


@dataclass(frozen=True)
class Flown:
    """One flight: its row, its steps, and its frequency response where it followed a chirp to the end."""

    rig: Rig
    row: TrackingRow
    record: FlightRecord
    response: FrequencyResponse | None


def plan_tasks(
    rigs: Sequence[str],
    references: Sequence[str],
    mismatch: Mapping[str, float],
    seed: int,
    controllers: Sequence[str] = (),
) -> tuple[Task, ...]:
    """Return what to fly: all controllers of each rig, or those named, along all of its references, or those named.

    A predictive controller that iterates by Gauss-Newton also flies the rig's default reference (or the first of those
    named) with the exact Hessian. Rigs without any of the named references are left out. Raises ConfigError for a name
    that no rig knows, and for a mismatch out of range.
    """
    loaded = [load_rig(name) for name in rigs]
    unknown = [name for name in references if not any(name in rig.references for rig in loaded)]
    if unknown:
        listed = sorted({name for rig in loaded for name in rig.references})
        raise ConfigError(f"no rig has a reference '{unknown[0]}'. They have: {', '.join(listed)}")
    tasks = [task for rig in loaded for task in _tasks(rig, references, mismatch, seed)]
    known = dict.fromkeys(task.rig.controller_name for task in tasks)
    for name in controllers:
        if name not in known:
            raise ConfigError(f"no rig has a controller '{name}' here. They have: {', '.join(known)}")
    return tuple(task for task in tasks if not controllers or task.rig.controller_name in controllers)


def _tasks(rig: Rig, references: Sequence[str], mismatch: Mapping[str, float], seed: int) -> Iterator[Task]:
    names = [name for name in rig.references if not references or name in references]
    if not names:
        return
    plans = plan_flights(rig, (), names, None, seed, mismatch)
    first = rig.default_reference if rig.default_reference in names else names[0]
    for controller in rig.controllers:
        chosen = with_controller(rig, controller)
        yield Task(chosen, plans)
        if isinstance(chosen.controller, NmpcTable) and chosen.controller.method == GAUSS_NEWTON:
            yield Task(with_exact_hessian(chosen), tuple(plan for plan in plans if plan.reference == first))


def with_exact_hessian(rig: Rig) -> Rig:
    """Return the rig with its chosen predictive controller turned to Newton-Raphson, under a name of its own."""
    assert isinstance(rig.controller, NmpcTable)
    name = rig.controller_name + EXACT
    exact = msgspec.structs.replace(rig.controller, method=NEWTON)
    return with_controller(replace(rig, controllers={**rig.controllers, name: exact}), name)


def fly_tasks(tasks: Sequence[Task], board: str, progress: FlightProgress) -> Iterator[Flown]:
    """Fly every task in turn and yield each flight as it ends; raises what `open_bench` and `fly` raise."""
    total, done = sum(len(task.plans) for task in tasks), 0
    for task in tasks:
        with open_bench(task.rig, board, FaultSpec(), progress.stage) as bench:
            for plan in task.plans:
                done += 1
                name = f"{done} of {total}: {task.rig.name}, {plan.reference}, {task.rig.controller_name}"
                with progress.flight(name) as on_step:
                    yield _flown(bench, plan, on_step)


def _flown(bench: Bench, plan: FlightPlan, on_step: OnStep) -> Flown:
    """Fly one plan. Iterations are the twin's: its state equals the board's while their commands do."""
    rig, twin = bench.rig, bench.twin
    names = twin.variable_names
    report = names.index(_ITERATIONS) if _ITERATIONS in names else None
    iterations: list[float] = []

    def after_step(done: int, steps: int) -> None:
        if report is not None:
            iterations.append(twin.value(report))
        on_step(done, steps)

    record = FlightRecord()
    result = fly(bench, plan, Recorder(record, None, after_step))
    columns = record.columns()
    reference = rig.references[plan.reference]
    response = chirp_response(columns, reference, rig.period_s) if isinstance(reference, Chirp) else None
    found = bandwidth(response) if response else None
    row = make_row(result, columns, rig.command, iterations, bench.session.stats().stack_free, found)
    return Flown(rig, row, record, response)
