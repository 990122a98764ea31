"""Builds the C for this machine, runs it, and compares it layer by layer with the float64 reference."""

import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from nn4mc.against import framework_outputs
from nn4mc.api import Network
from nn4mc.build.host import SANITIZERS, build_program
from nn4mc.codegen.golden import interface_len, interface_type, trial_inputs
from nn4mc.codegen.names import C_TYPES
from nn4mc.codegen.render import render
from nn4mc.codegen.write import write_files
from nn4mc.errors import CheckFailed, ModelError
from nn4mc.ir import FLOAT32, Array, Graph, Node
from nn4mc.margin import margins
from nn4mc.ops import operator
from nn4mc.ops.base import size
from nn4mc.plan import shown_outputs
from nn4mc.reference import initial_state, step

RELATIVE_TOLERANCE = 1e-5
"""Of a layer's largest value, at least 1: room for some hundred float32 roundings (6e-8 each) in a row."""
INTEGER_TOLERANCE = 1.0
"""One step of an integer: a rounding that falls the other way."""
OUTPUTS = "outputs"

_TIMEOUT_S = 120.0
_NPY_ERRORS = (
    OSError,
    ValueError,
    TypeError,
    EOFError,
    SyntaxError,
    TokenError,
    BadZipFile,
    MemoryError,
    OverflowError,
)
"""What numpy raises on a damaged file."""
_TRACE_HEADER = """void nn4mc_trace(const void *values, unsigned long bytes);
#define NN4MC_TRACE(values, bytes) nn4mc_trace(values, bytes)
"""


@dataclass(frozen=True)
class LayerError:
    """How far one layer of the C is from what is expected, over all steps.

    ``max_error`` is absolute and at step ``worst_step``; ``max_ulp`` is in float32 spacings of the expected value
    (steps for integers). ``equal`` is the share of values that are what rounding the expected one gives.
    """

    name: str
    op: str
    max_error: float
    max_ulp: float
    equal: float
    tolerance: float
    worst_step: int

    @property
    def passed(self) -> bool:
        """Whether the error is within the tolerance; NaN is not."""
        return self.max_error <= self.tolerance


@dataclass(frozen=True)
class Verification:
    """The layers in the order they run against float64, then the outputs against ``against``."""

    layers: tuple[LayerError, ...]
    steps: int
    against: str

    @property
    def passed(self) -> bool:
        """Whether every layer passed."""
        return all(layer.passed for layer in self.layers)

    @property
    def diverges_at(self) -> LayerError | None:
        """The first layer, in the order they run, that is off by more than its tolerance."""
        return next((layer for layer in self.layers if not layer.passed), None)


def read_inputs(path: Path, network: Network) -> npt.NDArray[Any]:
    """Return inputs (steps, in) of a .npy file in the network's input type.

    Raises ModelError when the file is damaged, of another width, not finite, or holds what the type does not.
    """
    in_len, dtype = network.plan.in_len, interface_type(network.graph, network.graph.inputs)
    try:
        values = np.load(path, allow_pickle=False)
    except _NPY_ERRORS as error:
        raise ModelError(f"{path}: cannot be read as .npy ({str(error)[:200]!a})") from error
    if not isinstance(values, np.ndarray) or values.size == 0 or values.ndim == 0 or values.dtype.kind not in "fiu":
        raise ModelError(f"{path}: expected an array of numbers (steps, {in_len})")
    flat = values.reshape(values.shape[0], -1)
    if flat.shape[1] != in_len:
        raise ModelError(f"{path}: shape {values.shape}, expected (steps, {in_len})")
    with np.errstate(over="ignore"):
        finite = np.isfinite(flat.astype(np.float32)).all()
    if not finite:
        raise ModelError(f"{path}: holds NaN or Inf, or a value beyond float32")
    if dtype != FLOAT32 and not np.array_equal(flat, np.clip(np.round(flat), -128, 127)):
        raise ModelError(f"{path}: the model takes {dtype}, expected whole numbers in -128..127")
    return flat.astype(dtype)


def verify(
    network: Network,
    inputs: npt.NDArray[Any] | None = None,
    steps: int = 500,
    against: tuple[str, Path] | None = None,
) -> Verification:
    """Run ``inputs`` (steps, in), or the model's examples and random numbers, through C and float64 alike.

    ``against`` names a framework and the model file it shall load: the outputs are then compared with its answers. The
    C is built with address and undefined-behaviour sanitizers. Raises ToolMissingError without a C compiler or the
    framework, BuildError when the C does not compile, CheckFailed when the program itself fails.
    """
    rows = trial_inputs(network.graph, steps) if inputs is None else inputs
    found = _split(network.graph, _run(network, rows), len(rows))
    expected = _reference(network.graph, rows)
    if against is not None:
        expected[-1] = framework_outputs(against[0], against[1], network.graph, rows)
    layers = tuple(
        _compare(column, found_values, expected_values)
        for column, found_values, expected_values in zip(_columns(network, rows), found, expected, strict=True)
    )
    return Verification(layers, len(rows), against[0] if against else "reference")


def _layers(graph: Graph) -> list[Node]:
    """Return the nodes that have C of their own: views have none."""
    return [node for node in graph.nodes if not operator(node.op).view]


@dataclass(frozen=True)
class _Column:
    """What one layer is called, the type of its values, and how far roundings to steps may drive them apart."""

    name: str
    op: str
    dtype: str
    margin: float


def _columns(network: Network, rows: npt.NDArray[Any]) -> list[_Column]:
    graph = network.graph
    shown, found = shown_outputs(graph), margins(graph, rows, float(network.code.activation_error))
    layers = [
        _Column(node.name, node.op, graph.tensors[shown[node.name]].dtype, found.get(shown[node.name], 0.0))
        for node in _layers(graph)
    ]
    outputs = max(found.get(name, 0.0) for name in graph.outputs)
    return [*layers, _Column(OUTPUTS, "", interface_type(graph, graph.outputs), outputs)]


def _run(network: Network, inputs: npt.NDArray[Any]) -> bytes:
    with tempfile.TemporaryDirectory(prefix="nn4mc-verify-") as name:
        folder = Path(name)
        write_files(folder, network.emitted.files)
        (folder / "trace.h").write_text(_TRACE_HEADER)
        (folder / "trace_main.c").write_text(render("trace_main.c.j2", _trace_values(network)))
        flags = (*SANITIZERS, "-include", str(folder / "trace.h"))
        program = build_program(sorted(folder.glob("*.c")), folder / "trace", flags)
        return _stream(program, inputs)


def _trace_values(network: Network) -> dict[str, str]:
    graph = network.graph
    return {
        "name": network.name,
        "NAME": network.name.upper(),
        "in_type": C_TYPES[interface_type(graph, graph.inputs)],
        "out_type": C_TYPES[interface_type(graph, graph.outputs)],
    }


def _stream(program: Path, inputs: npt.NDArray[Any]) -> bytes:
    try:
        done = subprocess.run([program], input=inputs.tobytes(), capture_output=True, timeout=_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise CheckFailed(f"the generated code did not end within {_TIMEOUT_S:.0f} s") from error
    if done.returncode != 0:
        reason = done.stderr.decode(errors="replace").strip()[-2000:] or "an input or an output is not finite"
        raise CheckFailed(f"the generated code ended with status {done.returncode}: {reason}")
    return done.stdout


def _split(graph: Graph, words: bytes, steps: int) -> Iterator[Array]:
    """Cut the program's bytes into one float64 array (steps, elements) a column."""
    columns = [(size(graph.tensors[name].shape), graph.tensors[name].dtype) for name in _outputs(graph)]
    columns.append((interface_len(graph, graph.outputs), interface_type(graph, graph.outputs)))
    widths = [count * np.dtype(dtype).itemsize for count, dtype in columns]
    table = np.frombuffer(words, np.uint8).reshape(steps, sum(widths))
    parts = np.split(table, np.cumsum(widths)[:-1], axis=1)
    for part, (_, dtype) in zip(parts, columns, strict=True):
        yield np.ascontiguousarray(part).view(dtype).astype(np.float64)


def _outputs(graph: Graph) -> list[str]:
    shown = shown_outputs(graph)
    return [shown[node.name] for node in _layers(graph)]


def _reference(graph: Graph, inputs: npt.NDArray[Any]) -> list[Array]:
    state = initial_state(graph)
    columns: list[list[Array]] = [[] for _ in range(len(_layers(graph)) + 1)]
    for row in inputs:
        done = step(graph, row, state)
        state = dict(done.state)
        for column, name in zip(columns, _outputs(graph), strict=False):
            column.append(done.tensors[name].ravel())
        columns[-1].append(done.outputs)
    return [np.array(column) for column in columns]


def _compare(column: _Column, found: Array, expected: Array) -> LayerError:
    errors = np.abs(found - expected)
    rounded = expected.astype(np.float32)
    if column.dtype == FLOAT32:
        spacing = np.spacing(np.abs(rounded)).astype(np.float64)
        tolerance = max(RELATIVE_TOLERANCE * max(1.0, float(np.abs(expected).max(initial=0.0))), column.margin)
    else:
        spacing = np.ones_like(errors)
        tolerance = INTEGER_TOLERANCE
    by_step = errors.max(axis=1)
    return LayerError(
        name=column.name,
        op=column.op,
        max_error=float(by_step.max()),
        max_ulp=float((errors / spacing).max()),
        equal=float(np.mean(found == rounded)),
        tolerance=tolerance,
        worst_step=int(by_step.argmax()),
    )
