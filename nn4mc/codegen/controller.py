"""A controller as C: the network, what stands around it, and the one table the firmware knows it by."""

import hashlib
from collections.abc import Iterable, Mapping

from nn4mc import __version__
from nn4mc.codegen.emit import Emitted
from nn4mc.codegen.policy_tables import policy_tables
from nn4mc.codegen.render import render
from nn4mc.codegen.runtime import controller_runtime
from nn4mc.control.action import Action
from nn4mc.control.executor import EXECUTOR_VARIABLES
from nn4mc.control.observation import ATTITUDE, Observed
from nn4mc.control.policy import KIND, Policy, resolved_variables
from nn4mc.control.variables import Variable, offsets
from nn4mc.target import CodeOptions, Target

_TIMING_FIELDS = {
    "native_period": "period_us",
    "native_every": "native_every",
    "keep_phase": "keep_phase",
    "gap_limit": "gap_us",
    "reference_limit": "reference_limit_us",
    "reference_lost": "reference_lost_us",
}
"""Variables that are fields of nn4mc_executor_settings_t."""
_GUARD_FIELDS = {"rate_limit": "rate", "safe_rate": "safe_rate", "hold_steps": "hold_steps"}
"""Variables that are fields of nn4mc_guard_settings_t."""


def emit_policy(policy: Policy, network: Emitted, table: bool = True) -> Mapping[str, str]:
    """Return the files of a policy controller, without the runtime (firmware/lib/nn4mc).

    They are controller.h, controller.c and the two files of its network; the policy must have passed check_policy.
    Without ``table`` it has functions of its own instead of the table that the firmware knows it by, and neither names
    nor ranges of variables: less flash inside somebody else's firmware. Such a policy has an executor and observes its
    words as they are, so that what is observed of finite words is finite.
    """
    every = resolved_variables(policy)
    values = {
        "network": network.name,
        "version": __version__,
        "kind": KIND,
        "model_id": _identity(policy, network),
        "selftest_limit": f"{network.name.upper()}_SELFTEST_LIMIT",
        "sensor_len": sum(policy.sensors.values()),
        "reference_len": sum(policy.reference.values()),
        "command_len": policy.command_len,
        "variables": every if table else _without_settings(every),
        "table": table,
        "run": f"{network.name}_run" if table else f"{network.name}_run_finite",
        "attitudes": attitudes(policy.sensors),
        **policy_tables(policy),
        "executor": policy.executor is not None,
        "rest": _rest(policy),
    }
    own = (f"{network.name}.h", f"{network.name}.c")
    files = {name: network.files[name] for name in own}
    if not table:
        files["controller.h"] = render("flight_policy.h.j2", values)
        files["controller.c"] = render("flight_policy.c.j2", {**values, **_settings(every)})
        return files
    files["controller.h"] = render("policy.h.j2", values)
    files["controller.c"] = render("policy_executor.c.j2" if policy.executor else "policy.c.j2", values)
    return files


def _without_settings(variables: Iterable[Variable]) -> list[Variable]:
    settings = {*(variable.name for variable in EXECUTOR_VARIABLES), *_GUARD_FIELDS}
    return [variable for variable in variables if variable.name not in settings]


def _settings(variables: Iterable[Variable]) -> Mapping[str, Mapping[str, float]]:
    """Return the variables that are fields of structs, by struct; intermediate steps are not one of them."""
    values = {variable.name: variable.initial for variable in variables}
    return {
        "timing": {field: round(values[name]) for name, field in _TIMING_FIELDS.items()},
        "guarding": {field: values[name] for name, field in _GUARD_FIELDS.items()},
    }


def _identity(policy: Policy, network: Emitted) -> str:
    """Return the C of a policy's id: the network's, or one that also changes with what is done to its words.

    A board that was flashed with another scale or another order of motors then answers with another id.
    """
    taken_as_they_are = policy.observation == tuple(Observed(one.term) for one in policy.observation)
    if taken_as_they_are and policy.frames == 1 and policy.action == Action():
        return f"{network.name.upper()}_MODEL_ID"
    text = repr((network.model_id, policy.observation, policy.frames, policy.action))
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:16]}"'


def attitudes(sensors: Mapping[str, int]) -> tuple[int, ...]:
    """Return at which words of the sensors a quaternion begins."""
    return tuple(at for name, at in offsets(sensors).items() if name == ATTITUDE)


def controller_library(
    files: Mapping[str, str], target: Target, code: CodeOptions, quaternions: tuple[int, ...] = ()
) -> Mapping[str, str]:
    """Return what makes a controller's own ``files`` a library: the runtime, library.json and an example.

    ``quaternions`` are the words of the sensors that the example must not leave 0 (`attitudes`).
    """
    values = {"name": "controller", "title": "controller", "version": __version__, "target": target.title}
    return {
        "library.json": render("library.json.j2", values),
        "examples/main.c": render("controller_example.c.j2", {**values, "attitudes": quaternions}),
        **controller_runtime(files, target, code),
    }


def _rest(policy: Policy) -> list[Mapping[str, int]]:
    """Return where the parts of a reference are that a stale one does not keep."""
    starts = offsets(policy.reference)
    names = policy.executor.rest if policy.executor else ()
    return [{"at": starts[name], "words": policy.reference[name]} for name in names]
