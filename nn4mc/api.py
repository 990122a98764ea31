"""The pipeline in one screen: load -> lower -> plan -> emit -> write."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nn4mc.codegen.controller import attitudes, controller_library, emit_policy
from nn4mc.codegen.emit import Emitted, emit, network_name
from nn4mc.codegen.nmpc import emit_nmpc
from nn4mc.codegen.pid import emit_pid
from nn4mc.codegen.runtime import OPTIONS_HEADER, options_header
from nn4mc.codegen.write import write_files
from nn4mc.control.nmpc import Nmpc, check_nmpc
from nn4mc.control.pid import Pid, check_pid, pid_sha256
from nn4mc.control.policy import Policy, check_policy
from nn4mc.errors import ConfigError, ModelError
from nn4mc.importers import load
from nn4mc.importers.options import DEFAULT_OPTIONS, ImportOptions
from nn4mc.ir import Graph
from nn4mc.passes import lower
from nn4mc.plan import Plan, make_plan
from nn4mc.quantize import Quantized, Quantizing, quantize_calibrated
from nn4mc.target import DEFAULT_CODE, CodeOptions, target

CONTROLLER_TARGET = "cortex-m4f"
"""The core of every board there is a firmware for; the firmware of other machines takes its portable kernels."""


@dataclass(frozen=True)
class Network:
    """A compiled network: the lowered graph, its memory and its C, and what was asked of the C.

    ``quantized`` says what became of each layer.
    """

    graph: Graph
    plan: Plan
    emitted: Emitted
    quantized: Quantized | None = None
    code: CodeOptions = DEFAULT_CODE

    @property
    def name(self) -> str:
        """The C name."""
        return self.emitted.name

    @property
    def model_id(self) -> str:
        """16 hex digits that change with any weight."""
        return self.emitted.model_id

    def write(self, folder: str | Path) -> None:
        """Write the C into ``folder``; ConfigError when a foreign file is in the way."""
        write_files(Path(folder), self.emitted.files)


def compile_model(
    model: str | Path,
    name: str | None = None,
    target_name: str = "cortex-m4f",
    options: ImportOptions = DEFAULT_OPTIONS,
    code: CodeOptions = DEFAULT_CODE,
    quantizing: Quantizing | None = None,
) -> Network:
    """Compile a model file, or a built-in model by name, to C; ``quantizing`` says how to quantise it, if at all.

    ``name`` prefixes every C name; by default that of the model. Raises ModelError or UnsupportedError for the
    model, ConfigError for a name that is no C identifier, an unknown target, or a quantisation that cannot be had.
    """
    graph = load(model, options)
    try:
        return compile_graph(graph, name, target_name, code, quantizing)
    except ModelError as error:
        raise type(error)(f"{model}: {error}") from error


def compile_graph(
    graph: Graph,
    name: str | None = None,
    target_name: str = "cortex-m4f",
    code: CodeOptions = DEFAULT_CODE,
    quantizing: Quantizing | None = None,
) -> Network:
    """Compile a graph that is already loaded; otherwise as :func:`compile_model`."""
    c_name = network_name(name or graph.name)
    if name is not None and c_name != name:
        raise ConfigError(f"--name '{name}' cannot name C functions; '{c_name}' can")
    lowered = lower(graph)
    quantized = quantize_calibrated(lowered, quantizing) if quantizing else None
    made = quantized.graph if quantized else lowered
    plan = make_plan(made)
    return Network(made, plan, emit(made, plan, c_name, target(target_name), code), quantized, code)


@dataclass(frozen=True)
class ControllerCode:
    """A compiled controller: its C without the runtime (that of firmware/lib/nn4mc).

    ``sha256`` is that of the model file inside it, or of the controller's own numbers where it has no network.
    ``quaternions`` are the words of the sensors at which a unit quaternion is expected.
    """

    network: Network | None
    files: Mapping[str, str]
    sha256: str
    quaternions: tuple[int, ...] = ()

    def write(self, folder: str | Path) -> None:
        """Write the C into ``folder``; ConfigError when a foreign file is in the way."""
        write_files(Path(folder), self.files)

    def write_library(self, folder: str | Path, target_name: str, code: CodeOptions = DEFAULT_CODE) -> list[str]:
        """Write the C with its runtime, a PlatformIO library.json and an example; return the names of all files."""
        files = {**self.files, **controller_library(self.files, target(target_name), code, self.quaternions)}
        write_files(Path(folder), files)
        return sorted(files)


def compile_policy(
    policy: Policy, quantizing: Quantizing | None = None, code: CodeOptions = DEFAULT_CODE, table: bool = True
) -> ControllerCode:
    """Compile a policy controller to the C that the firmware is built around; ``quantizing`` is for its network.

    Without ``table`` it is for somebody else's firmware (`emit_policy`).

    Raises ConfigError when the observation fits neither the layouts nor the network, and what the importer raises.
    """
    network = compile_model(policy.model, None, CONTROLLER_TARGET, import_options(policy), code, quantizing)
    return policy_code(policy, network, table)


def policy_code(policy: Policy, network: Network, table: bool = True) -> ControllerCode:
    """Return the C of a policy around its compiled network; ConfigError when the observation does not fit."""
    check_policy(policy, network.graph)
    options = _options(network.code, network.emitted.const_bytes)
    files = {**emit_policy(policy, network.emitted, table), **options}
    return ControllerCode(network, files, network.graph.source.sha256, attitudes(policy.sensors))


def import_options(policy: Policy) -> ImportOptions:
    """Return what a policy asks of the importer of its model."""
    return ImportOptions(stateful=policy.stateful)


def compile_pid(pid: Pid, code: CodeOptions = DEFAULT_CODE) -> ControllerCode:
    """Compile a PID controller to the C that the firmware is built around; ConfigError when its numbers do not fit."""
    check_pid(pid)
    return ControllerCode(None, {**emit_pid(pid), **_options(code, 0)}, pid_sha256(pid))


def compile_nmpc(nmpc: Nmpc, code: CodeOptions = DEFAULT_CODE) -> ControllerCode:
    """Compile a predictive controller to the C that the firmware is built around.

    Raises ConfigError when its numbers do not fit, UnsupportedError when the model has no derivative.
    """
    check_nmpc(nmpc)
    files = {**emit_nmpc(nmpc, lower(nmpc.model.graph)), **_options(code, 0)}
    return ControllerCode(None, files, nmpc.model.graph.source.sha256)


def _options(code: CodeOptions, const_bytes: int) -> Mapping[str, str]:
    """Return the header that tells the builders of firmware and twin what ``code`` asks of the runtime."""
    return {OPTIONS_HEADER: options_header(target(CONTROLLER_TARGET), code, const_bytes)}
