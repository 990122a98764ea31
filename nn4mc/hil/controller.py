"""The C controller of a rig: from rig.toml to a folder that firmware and twin are built from.

``python -m nn4mc.hil.controller RIG DIR`` writes the folder; the PlatformIO project calls it.
"""

import sys
from pathlib import Path

from nn4mc.api import ControllerCode, compile_policy
from nn4mc.control.policy import KIND, Policy
from nn4mc.errors import ConfigError, Nn4mcError
from nn4mc.hil.rig import Rig, load_rig


def policy_of(rig: Rig) -> Policy:
    """Return the policy a rig names; ConfigError for a controller kind that has no C."""
    if rig.controller.kind != KIND:
        raise ConfigError(f"rig '{rig.name}': controller kind '{rig.controller.kind}' is not known. Known: {KIND}")
    return Policy(
        model=rig.controller.model,
        observation=rig.controller.observation,
        sensors={signal.name: signal.size for signal in rig.sensors},
        reference={signal.name: signal.size for signal in rig.reference},
        command_len=rig.command_len,
        variables=rig.controller.variables,
    )


def compile_controller(rig: Rig) -> ControllerCode:
    """Compile the controller chosen for a rig; ConfigError for a kind there is no compiler for."""
    return compile_policy(policy_of(rig))


def write_controller(rig: Rig, folder: Path) -> ControllerCode:
    """Write the rig's controller into ``folder`` and return what was written; ConfigError as in `policy_of`."""
    code = compile_controller(rig)
    code.write(folder)
    return code


def main() -> int:
    """Write the controller of rig ``argv[1]`` into folder ``argv[2]``; the process's exit status."""
    try:
        write_controller(load_rig(sys.argv[1]), Path(sys.argv[2]))
    except Nn4mcError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
