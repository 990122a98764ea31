"""From a model and the name of a flight stack to a folder that goes into the stack's source tree."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nn4mc import __version__
from nn4mc.api import ControllerCode, Network, compile_policy
from nn4mc.build.host import WARNINGS
from nn4mc.codegen.controller import controller_library
from nn4mc.codegen.controller_names import named_controller
from nn4mc.codegen.render import render
from nn4mc.codegen.write import write_files
from nn4mc.control.executor import Executor
from nn4mc.control.observation import observed
from nn4mc.control.policy import Policy
from nn4mc.errors import ConfigError
from nn4mc.export.rltools_tar import policy_tar
from nn4mc.flight_stack.adapter import conventions_of, emit_adapter
from nn4mc.flight_stack.conventions import PROPS
from nn4mc.flight_stack.table import Stack, find_stack
from nn4mc.importers import BUILT_IN
from nn4mc.quantize import Quantizing
from nn4mc.target import CodeOptions, Target, target

SENSORS = {"position": 3, "quaternion": 4, "velocity": 3, "angular_velocity": 3}
REFERENCE = {"position": 3, "velocity": 3}
OBSERVATION = ("position_error", "rotation_matrix", "velocity_error", "angular_velocity", "previous_action")
COMMANDS = 4
EXECUTOR = Executor(native_period_s=0.01, rest=("velocity",))
"""RAPTOR was trained at 100 Hz; of a set-point that is too old the velocity is dropped."""
POLICY_TAR = "policy.tar"
STACK_CODE = CodeOptions(optimize="balance")
"""A flight controller has other uses for its flash."""


@dataclass(frozen=True)
class StackCode:
    """A policy for one flight stack: its files of text by path, and the bytes of ``policy.tar`` where it has one."""

    controller: ControllerCode
    network: Network
    files: dict[str, str]
    policy_tar: bytes | None

    def write(self, folder: Path) -> list[str]:
        """Write all files into ``folder`` and return their names; ConfigError when a foreign file is in the way."""
        tar = folder / POLICY_TAR
        if self.policy_tar is not None and tar.exists() and tar.read_bytes() != self.policy_tar:
            raise ConfigError(f"{tar}: is there with other content. Remove it, or name another folder.")
        write_files(folder, self.files)
        if self.policy_tar is None:
            return sorted(self.files)
        tar.write_bytes(self.policy_tar)
        return sorted([*self.files, POLICY_TAR])


def stack_policy(model: str, stack: Stack) -> Policy:
    """Return the policy controller of a model as a stack flies it: its clips and its first previous action."""
    variables = {
        "position_clip": stack.position_clip_m,
        "velocity_clip": stack.velocity_clip_m_s,
        "initial_action": stack.first_action,
    }
    return Policy(model, observed(*OBSERVATION), SENSORS, REFERENCE, COMMANDS, variables, EXECUTOR)


def compile_for_stack(
    model: str,
    name: str,
    props: str = "in",
    target_name: str = "cortex-m4f",
    code: CodeOptions = STACK_CODE,
    quantizing: Quantizing | None = None,
) -> StackCode:
    """Compile a policy, its guard and the adapter of flight stack ``name``; ``props`` is one of `PROPS`.

    Raises ConfigError for an unknown stack or a model that is no policy of RAPTOR's interface (22 in, 4 out), and what
    the importer raises.
    """
    stack = find_stack(name)
    if props not in PROPS:
        raise ConfigError(f"props '{props}' is not known. Known: {', '.join(PROPS)}")
    made = compile_policy(stack_policy(model, stack), quantizing, code, table=False)
    network = made.network
    assert network is not None
    core = target(target_name)
    own = {**named_controller(made.files, f"{name}_controller"), **emit_adapter(name, stack, props)}
    files = {**controller_library(own, core, code), **own}
    files |= _build_files(name, stack, core, files)
    tar = _checkpoint_tar(model, network) if stack.policy_tar and quantizing is None else None
    files["README.md"] = _readme(model, name, stack, props, network, has_tar=tar is not None)
    return StackCode(made, network, files, tar)


def _build_files(name: str, stack: Stack, core: Target, files: Mapping[str, str]) -> dict[str, str]:
    """Return the Makefile of the library, and where the stack builds with Kbuild, a Kbuild of the same sources."""
    objects = [str(Path(path).with_suffix(".o")) for path in sorted(files) if Path(path).suffix in (".c", ".S")]
    values = {
        "name": name,
        "stack": stack,
        "version": __version__,
        "target": core,
        "warnings": WARNINGS,
        "objects": [path for path in objects if "/" not in path],
    }
    made = {"Makefile": render("flight_makefile.j2", values)}
    if stack.builds_with_kbuild:
        made["Kbuild"] = render("flight_kbuild.j2", values)
    return made


def _checkpoint_tar(model: str, network: Network) -> bytes | None:
    """Return the checkpoint as PX4's mc_raptor loads it; None for a model that is no checkpoint of RLtools."""
    path = BUILT_IN[model]() if model in BUILT_IN else Path(model)
    if network.graph.source.format != "rltools":
        return None
    return path.read_bytes() if path.suffix == ".tar" else policy_tar(path)


def _readme(model: str, name: str, stack: Stack, props: str, network: Network, has_tar: bool) -> str:
    values = {
        "model": model,
        "name": name,
        "stack": stack,
        "props": props,
        "version": __version__,
        "model_id": network.model_id,
        "sha256": network.graph.source.sha256,
        "network": network.name,
        "has_kbuild": stack.builds_with_kbuild,
        "has_tar": has_tar,
        "conventions": list(conventions_of(stack, props).items()),
        "checks": stack.checks,
    }
    return render("flight_readme.md.j2", values)
