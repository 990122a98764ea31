"""A controller as C: the network, what stands around it, and the one table the firmware knows it by."""

from collections.abc import Mapping

from nn4mc import __version__
from nn4mc.codegen.emit import Emitted
from nn4mc.codegen.render import render
from nn4mc.codegen.runtime import controller_runtime
from nn4mc.control.observation import ATTITUDE, PREVIOUS_ACTION, TERMS
from nn4mc.control.policy import KIND, Policy, resolved_variables
from nn4mc.control.variables import offsets
from nn4mc.target import CodeOptions, Target


def emit_policy(policy: Policy, network: Emitted) -> Mapping[str, str]:
    """Return the files of a policy controller, without the runtime (firmware/lib/nn4mc).

    They are controller.h, controller.c and the two files of its network; the policy must have passed check_policy.
    """
    values = {
        "network": network.name,
        "version": __version__,
        "kind": KIND,
        "model_id": f"{network.name.upper()}_MODEL_ID",
        "selftest_limit": f"{network.name.upper()}_SELFTEST_LIMIT",
        "sensor_len": sum(policy.sensors.values()),
        "reference_len": sum(policy.reference.values()),
        "command_len": policy.command_len,
        "variables": resolved_variables(policy),
        "attitudes": [at for name, at in offsets(policy.sensors).items() if name == ATTITUDE],
        "observation": _observation(policy),
        "executor": policy.executor is not None,
        "rest": _rest(policy),
    }
    own = (f"{network.name}.h", f"{network.name}.c")
    files = {name: network.files[name] for name in own}
    files["controller.h"] = render("policy.h.j2", values)
    files["controller.c"] = render("policy_executor.c.j2" if policy.executor else "policy.c.j2", values)
    return files


def controller_library(files: Mapping[str, str], target: Target, code: CodeOptions) -> Mapping[str, str]:
    """Return what makes a controller's own ``files`` a library: the runtime, library.json and an example."""
    values = {"name": "controller", "title": "controller", "version": __version__, "target": target.title}
    return {
        "library.json": render("library.json.j2", values),
        "examples/main.c": render("controller_example.c.j2", values),
        **controller_runtime(files, target, code),
    }


def _observation(policy: Policy) -> list[str]:
    """Return the C statements that write the observation, term by term."""
    sensor_at, reference_at = offsets(policy.sensors), offsets(policy.reference)
    previous = "self->mean" if policy.executor else "self->action"
    lines, at = [], 0
    for name in policy.observation:
        if name == PREVIOUS_ACTION:
            lines.append(f"nn4mc_copy({previous}, {_at('out', at)}, {policy.command_len});")
            at += policy.command_len
            continue
        term = TERMS[name]
        lines.append(
            term.c_call.format(
                sensor=_at("sensors", sensor_at[term.sensor]),
                reference=_at("reference", reference_at[term.reference]) if term.reference else "",
                limit=f"self->values[{term.clip.upper()}]" if term.clip else "",
                out=_at("out", at),
                words=term.words,
            )
        )
        at += term.words
    return lines


def _rest(policy: Policy) -> list[Mapping[str, int]]:
    """Return where the parts of a reference are that a stale one does not keep."""
    starts = offsets(policy.reference)
    names = policy.executor.rest if policy.executor else ()
    return [{"at": starts[name], "words": policy.reference[name]} for name in names]


def _at(base: str, offset: int) -> str:
    return f"{base} + {offset}" if offset else base
