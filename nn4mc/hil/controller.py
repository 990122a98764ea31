"""The C controller of a rig: from rig.toml to a folder that firmware and twin are built from.

``python -m nn4mc.hil.controller RIG DIR [CONTROLLER]`` writes the folder; the PlatformIO project calls it.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from nn4mc.api import ControllerCode, compile_pid, compile_policy
from nn4mc.control.pid import Pid
from nn4mc.control.policy import Policy
from nn4mc.errors import ConfigError, Nn4mcError
from nn4mc.hil.rig import Rig, load_rig, with_controller
from nn4mc.hil.rig_file import PidTable, PolicyTable, Signal, kind_of
from nn4mc.quantize import Quantizing
from nn4mc.target import DEFAULT_CODE, CodeOptions


def policy_of(rig: Rig) -> Policy:
    """Return the policy chosen for a rig; ConfigError for a controller of another kind."""
    table = rig.controller
    if not isinstance(table, PolicyTable):
        raise ConfigError(f"rig '{rig.name}': controller '{rig.controller_name}' is a {kind_of(table)}, not a policy")
    return Policy(
        model=table.model,
        observation=table.observation,
        sensors=_layout(rig.sensors),
        reference=_layout(rig.reference),
        command_len=rig.command_len,
        variables=table.variables,
    )


def pid_of(rig: Rig) -> Pid:
    """Return the PID chosen for a rig; ConfigError for another kind, or a rig that states no range for its commands."""
    table = rig.controller
    if not isinstance(table, PidTable):
        raise ConfigError(f"rig '{rig.name}': controller '{rig.controller_name}' is a {kind_of(table)}, not a PID")
    minimum, maximum = command_limits(rig)
    return Pid(
        period_s=rig.period_s,
        sensors=_layout(rig.sensors),
        reference=_layout(rig.reference),
        minimum=minimum,
        maximum=maximum,
        **{name: getattr(table, name) for name in PidTable.__struct_fields__ if name != "tuning"},
    )


def command_limits(rig: Rig) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the least and the greatest command (command_len each); ConfigError where the rig states no range."""
    limits: list[tuple[float, float]] = []
    for signal in rig.command:
        if signal.range is None:
            raise ConfigError(f"rig '{rig.name}': command '{signal.name}' needs a range for this controller")
        limits += [signal.range] * signal.size
    return tuple(low for low, _ in limits), tuple(high for _, high in limits)


def compile_controller(
    rig: Rig, quantizing: Quantizing | None = None, code: CodeOptions = DEFAULT_CODE
) -> ControllerCode:
    """Compile the controller chosen for a rig, its network quantised if asked for; raises what its compiler raises.

    Raises ConfigError for a controller without a network to quantise.
    """
    if isinstance(rig.controller, PidTable):
        if quantizing is not None:
            raise ConfigError(f"rig '{rig.name}': controller '{rig.controller_name}' has no network to quantise")
        return compile_pid(pid_of(rig), code)
    return compile_policy(policy_of(rig), quantizing, code)


def _layout(signals: Sequence[Signal]) -> dict[str, int]:
    return {signal.name: signal.size for signal in signals}


def write_controller(rig: Rig, folder: Path, code: CodeOptions = DEFAULT_CODE) -> ControllerCode:
    """Write the rig's controller into ``folder`` and return what was written; raises as `compile_controller`."""
    controller = compile_controller(rig, code=code)
    controller.write(folder)
    return controller


def main() -> int:
    """Write controller ``argv[3]``, or the first, of rig ``argv[1]`` into folder ``argv[2]``; the exit status."""
    rig_name, folder, *names = sys.argv[1:]
    try:
        rig = load_rig(rig_name)
        write_controller(with_controller(rig, names[0]) if names else rig, Path(folder))
    except Nn4mcError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
