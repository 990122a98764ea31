"""Tunes the PID of a rig on its simulated plant, and writes the gains into the file that the rig lists."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import product

import msgspec

from nn4mc.control.pid import resolved_variables
from nn4mc.control.pid_tuning import Limits, Tuned, tune
from nn4mc.errors import ConfigError
from nn4mc.hil.controller import pid_of
from nn4mc.hil.identify import step_response
from nn4mc.hil.rehearsal import Rehearsal, rehearse
from nn4mc.hil.rig import Rig
from nn4mc.hil.rig_file import PidTable, TuningTable

Stage = Callable[[str], AbstractContextManager[None]]

MISMATCH = (0.8, 1.2)
"""The factors on mass, stiffness and friction, in all combinations, that a tuning is tried with."""


@dataclass(frozen=True)
class TunedRig:
    """The new table, how it was found, and its worth on the default reference: nominal, and the worst of 20 %."""

    table: PidTable
    tuned: Tuned
    nominal: Rehearsal
    worst: Rehearsal
    worst_mismatch: dict[str, float]


def tune_rig(rig: Rig, vehicle: str, stage: Stage) -> TunedRig:
    """Tune the chosen PID of a rig by its own table ``tuning``; ConfigError for a rig or a controller without one."""
    table = rig.controller
    if not isinstance(table, PidTable) or table.tuning is None:
        raise ConfigError(f"rig '{rig.name}': controller '{rig.controller_name}' is no PID with a table 'tuning'")
    tuning = table.tuning
    _check_points(rig, tuning)
    trials: list[tuple[tuple[float, ...], dict[str, float]]] = [(point, {}) for point in tuning.points]
    trials += [(tuning.points[0], variant) for variant in tuning.variants]
    with stage(f"measuring {len(trials)} step responses"):
        responses = [
            step_response(rig, vehicle, table.measured, point, tuning.step, tuning.settle_s, mismatch)
            for point, mismatch in trials
        ]
    with stage("searching gains"):
        tuned = tune(responses, rig.period_s, _limits(rig, tuning))
    return _tried(rig, vehicle, _with_gains(table, tuned), tuned, stage)


def _check_points(rig: Rig, tuning: TuningTable) -> None:
    for point in tuning.points:
        if len(point) != rig.command_len:
            raise ConfigError(f"rig '{rig.name}': tuning.points has {len(point)} words, a command {rig.command_len}")


def _limits(rig: Rig, tuning: TuningTable) -> Limits:
    values = {variable.name: variable.initial for variable in resolved_variables(pid_of(rig))}
    return Limits(tuning.sensitivity, tuning.noise_gain, values["derivative_filter"], tuning.band_hz)


def _with_gains(table: PidTable, tuned: Tuned) -> PidTable:
    gains = {
        f"{gain}_{loop}": getattr(found, gain)
        for loop, found in zip(table.loops, tuned.gains, strict=True)
        for gain in ("kp", "ki", "kd")
    }
    allocation = tuple(tuple(row) for row in tuned.allocation.tolist())
    others = {name: value for name, value in table.variables.items() if name not in gains}
    return msgspec.structs.replace(table, allocation=allocation, variables={**gains, **others})


def _tried(rig: Rig, vehicle: str, table: PidTable, tuned: Tuned, stage: Stage) -> TunedRig:
    pid = pid_of(replace(rig, controllers={**rig.controllers, rig.controller_name: table}))
    reference = rig.default_reference
    with stage(f"trying it on {reference}"):
        nominal = rehearse(rig, pid, vehicle, reference)
    with stage("trying it with 20 % of mismatch"):
        trials = []
        for factors in product(MISMATCH, repeat=3):
            mismatch = dict(zip(("mass", "stiffness", "friction"), factors, strict=True))
            trials.append((rehearse(rig, pid, vehicle, reference, mismatch), mismatch))
    worst, mismatch = max(trials, key=lambda trial: (trial[0].lost, trial[0].rmse_m))
    return TunedRig(table, tuned, nominal, worst, mismatch)


def pid_toml(rig: Rig, table: PidTable) -> str:
    """Return a PID's table as the text of its file."""
    lines = [
        f"# The PID of rig {rig.name}. `nn4mc tune pid {rig.name}` writes allocation and gains, by the table at the",
        "# end and as docs/rigs.md says. Limits and gains are in units of the outputs, trim and safe are commands.",
        'kind = "pid"',
    ]
    variables = msgspec.to_builtins(table.variables)
    tuning = msgspec.to_builtins(table.tuning) if table.tuning else {}
    layout = {name: value for name, value in msgspec.to_builtins(table.layout or {}).items() if value is not None}
    for name in PidTable.__struct_fields__:
        if name not in ("variables", "tuning", "layout"):
            lines.append(f"{name} = {_toml(msgspec.to_builtins(getattr(table, name)))}")
    for title, part in (("variables", variables), ("layout", layout), ("tuning", tuning)):
        if part:
            lines += ["", f"[{title}]", *(f"{name} = {_toml(value)}" for name, value in part.items())]
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, list | tuple):
        if value and isinstance(value[0], list | tuple | dict):
            return "[\n" + "".join(f"    {_toml(one)},\n" for one in value) + "]"
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_toml(one)}" for name, one in value.items()) + " }"
    return f'"{value}"' if isinstance(value, str) else repr(value)
