"""The flights of one call on one bench: every vehicle along every reference."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nn4mc import __version__
from nn4mc.errors import ConfigError, DeviceError, LinkError
from nn4mc.hil.flight import Bench, FlightPlan, OnStep, Recorder, fly
from nn4mc.hil.log import FlightLog
from nn4mc.hil.mismatch import mismatch_text
from nn4mc.hil.record import FlightRecord
from nn4mc.hil.report import choice, log_path
from nn4mc.hil.result import FlightResult
from nn4mc.hil.rig import Rig, create_plant, create_reference


def plan_flights(
    rig: Rig,
    vehicles: Sequence[str],
    references: Sequence[str],
    period_s: float | None,
    seed: int,
    mismatch: Mapping[str, Any] | None = None,
) -> tuple[FlightPlan, ...]:
    """Return all combinations; no vehicle named is the rig's first, no reference its default one.

    ``period_s`` changes the references that have a period, ``mismatch`` every plant. Raises ConfigError for an
    unknown name, or when no reference has a period to change.
    """
    vehicles = vehicles or (next(iter(rig.vehicles)),)
    references = references or (rig.default_reference,)
    for vehicle in vehicles:
        create_plant(rig, vehicle, mismatch)
    periodic = {name for name in references if hasattr(create_reference(rig, name), "period_s")}
    if period_s is not None and not periodic:
        raise ConfigError(f"--period: none of {', '.join(references)} has a period.")
    changes = {} if period_s is None else {"period_s": period_s}
    plans = tuple(
        FlightPlan(vehicle, name, changes if name in periodic else {}, seed, mismatch or {})
        for vehicle in vehicles
        for name in references
    )
    for plan in plans:
        create_reference(rig, plan.reference, plan.changes)
    return plans


def fly_logged(
    bench: Bench, plan: FlightPlan, folder: Path | None, on_step: OnStep | None = None
) -> tuple[FlightResult, FlightRecord]:
    """Fly one plan, with an MCAP log in ``folder`` where one is named.

    Raises what `fly` raises; LinkError and DeviceError then say where the log of the steps so far is.
    """
    record = FlightRecord()
    if folder is None:
        return fly(bench, plan, Recorder(record, None, on_step)), record
    folder.mkdir(parents=True, exist_ok=True)
    path = log_path(folder, plan.vehicle, plan.reference, choice(bench.rig, bench.rig.controller_name))
    with FlightLog(path, bench.rig, dict(_configuration(bench, plan))) as log:
        try:
            return fly(bench, plan, Recorder(record, log, on_step)), record
        except (LinkError, DeviceError) as error:
            raise type(error)(f"{error}\nThe log of the {len(record)} steps until then: {path}") from error


def _configuration(bench: Bench, plan: FlightPlan) -> Iterator[tuple[str, str]]:
    yield "nn4mc", __version__
    yield "rig", bench.rig.name
    yield "vehicle", plan.vehicle
    yield "controller", bench.rig.controller_name
    yield "reference", plan.reference
    yield from ((f"reference.{name}", f"{value:g}") for name, value in plan.changes.items())
    yield from (
        (f"mismatch.{name}", mismatch_text({name: value}).partition("=")[2]) for name, value in plan.mismatch.items()
    )
    yield "seed", str(plan.seed)
    yield "faults", bench.faults.text
    yield "board", bench.board
    yield "model_id", bench.hello.model_id
    yield "model_sha256", bench.model_sha256
    yield "build_id", bench.hello.build_id
    yield "code", bench.code.text
