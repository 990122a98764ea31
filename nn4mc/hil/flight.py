"""One flight in lock-step: plant, sensors, board, command, plant, with the twin beside the board."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from nn4mc.hil.faults import FaultSpec, SensorFaults
from nn4mc.hil.log import FlightLog
from nn4mc.hil.messages import Hello
from nn4mc.hil.metrics import command_use, mismatched_words, tracking
from nn4mc.hil.mismatch import mismatch_text
from nn4mc.hil.protocol import CycleSource
from nn4mc.hil.record import Columns, FlightRecord, Step
from nn4mc.hil.result import FirmwareResult, FlightResult, LinkResult
from nn4mc.hil.rig import Reference, Rig, create_plant, create_reference, flight_variables, step_count
from nn4mc.hil.session import Session, set_variables
from nn4mc.hil.twin import Twin
from nn4mc.target import DEFAULT_CODE, CodeOptions

CLOCK_WRAP = 1 << 32
"""The clock of a controller counts microseconds in 32 bits."""
DRAWINGS = 7
"""How often a report shows the plant of a flight."""
OnStep = Callable[[int, int], None]
"""Called after each step with the steps done and the steps in all."""


@dataclass(frozen=True)
class FlightPlan:
    """What to fly: ``changes`` go over the reference's table, ``mismatch`` over the plant's knobs.

    ``seed`` draws the start and the noise.
    """

    vehicle: str
    reference: str
    changes: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0
    mismatch: Mapping[str, Any] = field(default_factory=dict)


class StepCounter(Protocol):
    """What an emulated board knows of a step and a real one does not."""

    @property
    def cycle_model(self) -> str:
        """The model that its cycle counter counts by."""

    @property
    def step_instructions(self) -> int:
        """Instructions that the controller's last step took."""


@dataclass(frozen=True)
class Bench:
    """A rig with a connected board and its twin.

    ``firmware`` is None where its sizes are not known, ``counter`` where nothing counts instructions.
    """

    rig: Rig
    board: str
    session: Session
    twin: Twin
    hello: Hello
    model_sha256: str
    faults: FaultSpec = field(default_factory=FaultSpec)
    firmware: FirmwareResult | None = None
    counter: StepCounter | None = None
    code: CodeOptions = DEFAULT_CODE


@dataclass(frozen=True)
class Recorder:
    """Where the steps of a flight go, one by one, so that what was flown survives a flight that is cut off."""

    record: FlightRecord = field(default_factory=FlightRecord)
    log: FlightLog | None = None
    on_step: OnStep | None = None

    def add(self, step: Step, steps: int) -> None:
        """Keep one step of ``steps``."""
        self.record.append(step)
        if self.log is not None:
            self.log.write(step)
        if self.on_step is not None:
            self.on_step(len(self.record), steps)


def fly(bench: Bench, plan: FlightPlan, recorder: Recorder) -> FlightResult:
    """Fly ``plan`` to its end or until the vehicle is lost; ``recorder`` is fed as it goes.

    Raises LinkError when the board stops answering and DeviceError when it refuses.
    """
    reference = create_reference(bench.rig, plan.reference, plan.changes)
    before = _LinkState.of(bench.session)
    began = time.perf_counter()
    lost = _lock_step(bench, plan, reference, recorder)
    seconds = time.perf_counter() - began
    link = before.until(_LinkState.of(bench.session), len(recorder.record), seconds)
    outcome = _Outcome(recorder.record.columns(), reference, lost, link)
    return _result(bench, plan, outcome)


def _lock_step(bench: Bench, plan: FlightPlan, reference: Reference, recorder: Recorder) -> bool:
    """Fly, and return whether the vehicle got lost on the way."""
    rig = bench.rig
    plant = create_plant(rig, plan.vehicle, plan.mismatch)
    _prepare(bench, flight_variables(rig, plant))
    sensor_faults = SensorFaults(bench.faults)
    state = plant.initial(reference, np.random.default_rng(plan.seed))
    steps = step_count(reference, rig.call_period_s)
    drawn = _drawn_steps(reference, rig.call_period_s)
    for k in range(steps):
        time_s = k * rig.call_period_s
        time_us = round(time_s * 1e6) % CLOCK_WRAP
        sensors = sensor_faults.disturb(plant.sensors(state))
        wanted = reference(time_s)
        sent = time.perf_counter()
        reply = bench.session.step(np.concatenate([sensors, wanted]), time_us)
        round_trip_s = time.perf_counter() - sent
        step = Step(
            time_s=time_s,
            sensors=sensors,
            reference=wanted,
            command=reply.command,
            twin_command=bench.twin.step(sensors, wanted, time_us).command,
            status=reply.status,
            mode=reply.mode,
            cycles=reply.cycles,
            round_trip_s=round_trip_s,
            position=plant.position(state),
            position_reference=reference.position(time_s),
            instructions=bench.counter.step_instructions if bench.counter else 0,
        )
        recorder.add(step, steps)
        if rig.draw is not None and k in drawn:
            recorder.record.drawings.append(rig.draw(plant, state))
        state = plant.step(state, reply.command)
        if plant.lost(state):
            return True
    return False


def _drawn_steps(reference: Reference, period_s: float) -> frozenset[int]:
    """Return the steps at which the plant is drawn, evenly spread over the window."""
    start, end = reference.window_s
    moments = np.linspace(start, end, DRAWINGS, endpoint=False)
    return frozenset(round(moment / period_s) for moment in moments.tolist())


def _prepare(bench: Bench, variables: Mapping[str, float]) -> None:
    """Give board and twin the same variables, then the same state: reset makes the state from the variables.

    All of them, so that none is left from the flight before: a reset keeps their values.
    """
    values = {**bench.twin.initial_values, **variables}
    set_variables(bench.session, values)
    bench.twin.set_variables(values)
    bench.session.reset()
    bench.twin.reset()


@dataclass(frozen=True)
class _LinkState:
    """Counters of both ends of the link at one moment."""

    frames: int
    retries: int
    crc_errors: int

    @staticmethod
    def of(session: Session) -> "_LinkState":
        crc_errors = session.stats().crc_errors + session.reader.crc_errors
        return _LinkState(session.counters.frames, session.counters.retries, crc_errors)

    def until(self, after: "_LinkState", steps: int, seconds: float) -> LinkResult:
        return LinkResult(
            frames=after.frames - self.frames,
            retries=after.retries - self.retries,
            crc_errors=after.crc_errors - self.crc_errors,
            steps_per_s=steps / seconds,
        )


@dataclass(frozen=True)
class _Outcome:
    columns: Columns
    reference: Reference
    lost: bool
    link: LinkResult


def _result(bench: Bench, plan: FlightPlan, outcome: _Outcome) -> FlightResult:
    columns, window_s = outcome.columns, outcome.reference.window_s
    errors = tracking(columns, window_s)
    use = command_use(columns, window_s, bench.rig.command)
    hello = bench.hello
    mean, largest = _cycles(columns, hello.cycle_source)
    return FlightResult(
        rig=bench.rig.name,
        vehicle=plan.vehicle,
        controller=bench.rig.controller_name,
        reference=plan.reference,
        board=bench.board,
        steps=columns.time_s.size,
        period_s=bench.rig.call_period_s,
        reference_period_s=getattr(outcome.reference, "period_s", None),
        window_s=window_s,
        seed=plan.seed,
        faults=bench.faults.text,
        mismatch=mismatch_text(plan.mismatch),
        length_unit=bench.rig.length_unit,
        rmse_m=errors.rmse_m,
        max_error_m=errors.max_error_m,
        offset_m=errors.offset_m,
        effort=use.effort,
        saturation_share=use.saturation_share,
        lost=outcome.lost,
        mismatched_words=mismatched_words(columns),
        bad_steps=int(np.count_nonzero(columns.status < 0)),
        device_instructions=_instructions(columns, bench.counter),
        device_cycles=mean,
        device_cycles_max=largest,
        clock_hz=hello.clock_hz or None,
        cycle_source=_cycle_source(hello.cycle_source, bench.counter),
        link=outcome.link,
        firmware=bench.firmware,
        model_sha256=bench.model_sha256,
        model_id=hello.model_id,
        build_id=hello.build_id,
        code=bench.code.text,
        selftest_error=hello.selftest_error,
    )


def _instructions(columns: Columns, counter: StepCounter | None) -> float | None:
    """Return the mean number of instructions of a step, None where nothing counts."""
    return float(columns.instructions.mean()) if counter and columns.instructions.size else None


def _cycle_source(source: CycleSource, counter: StepCounter | None) -> str | None:
    """Name what counted the cycles; an emulated counter counts by a model."""
    if source is CycleSource.NONE:
        return None
    name = source.name.lower()
    return f"{name}, model '{counter.cycle_model}'" if counter else name


def _cycles(columns: Columns, source: CycleSource) -> tuple[float | None, int | None]:
    """Return the mean and the largest cycle count of a step, None where nothing counts."""
    if source is CycleSource.NONE or columns.cycles.size == 0:
        return None, None
    return float(columns.cycles.mean()), int(columns.cycles.max())
