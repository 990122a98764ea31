"""Builds the C for this machine, runs it, and compares it layer by layer with the float64 reference."""

import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from zipfile import BadZipFile

import numpy as np

from nn4mc.api import Network
from nn4mc.build.host import SANITIZERS, build_program
from nn4mc.codegen.golden import trial_inputs
from nn4mc.codegen.render import render
from nn4mc.codegen.write import write_files
from nn4mc.errors import CheckFailed, ModelError
from nn4mc.ir import Array, Float32Array, Graph
from nn4mc.ops.base import size
from nn4mc.reference import initial_state, step

RELATIVE_TOLERANCE = 1e-5
"""Of a layer's largest value, at least 1: room for some hundred float32 roundings (6e-8 each) in a row."""

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
_TRACE_HEADER = """void nn4mc_trace(const float *values, unsigned long count);
#define NN4MC_TRACE(layer, values, count) nn4mc_trace(values, count)
"""


@dataclass(frozen=True)
class LayerError:
    """How far one layer of the C is from float64: largest absolute error over all steps, and the step it is at."""

    name: str
    op: str
    max_error: float
    tolerance: float
    worst_step: int

    @property
    def passed(self) -> bool:
        """Whether the error is within the tolerance; NaN is not."""
        return self.max_error <= self.tolerance


@dataclass(frozen=True)
class Verification:
    """The layers in the order they run, then the outputs as the layer ``outputs``."""

    layers: tuple[LayerError, ...]
    steps: int

    @property
    def passed(self) -> bool:
        """Whether every layer passed."""
        return all(layer.passed for layer in self.layers)


def read_inputs(path: Path, in_len: int) -> Float32Array:
    """Return inputs (steps, in) of a .npy file; ModelError when it is damaged, of another width, or not finite."""
    try:
        values = np.load(path, allow_pickle=False)
    except _NPY_ERRORS as error:
        raise ModelError(f"{path}: cannot be read as .npy ({str(error)[:200]!a})") from error
    if not isinstance(values, np.ndarray) or values.size == 0 or values.ndim == 0 or values.dtype.kind not in "fiu":
        raise ModelError(f"{path}: expected an array of numbers (steps, {in_len})")
    flat = values.reshape(values.shape[0], -1)
    if flat.shape[1] != in_len:
        raise ModelError(f"{path}: shape {values.shape}, expected (steps, {in_len})")
    inputs = flat.astype(np.float32)
    if not np.isfinite(inputs).all():
        raise ModelError(f"{path}: holds NaN or Inf")
    return inputs


def verify(network: Network, inputs: Float32Array | None = None, steps: int = 500) -> Verification:
    """Run ``inputs`` (steps, in), or the model's examples and random numbers, through C and float64 alike.

    The C is built with address and undefined-behaviour sanitizers. Raises ToolMissingError without a C compiler,
    BuildError when it fails, CheckFailed when the program itself does.
    """
    rows = trial_inputs(network.graph, steps) if inputs is None else inputs
    found = _split(network.graph, _run(network, rows), len(rows))
    expected = _reference(network.graph, rows)
    layers = tuple(
        _compare(name, op, found_values, expected_values)
        for (name, op), found_values, expected_values in zip(_columns(network.graph), found, expected, strict=True)
    )
    return Verification(layers, len(rows))


def _columns(graph: Graph) -> list[tuple[str, str]]:
    return [*((node.name, node.op) for node in graph.nodes), ("outputs", "")]


def _run(network: Network, inputs: Float32Array) -> Float32Array:
    with tempfile.TemporaryDirectory(prefix="nn4mc-verify-") as name:
        folder = Path(name)
        write_files(folder, network.emitted.files)
        (folder / "trace.h").write_text(_TRACE_HEADER)
        (folder / "trace_main.c").write_text(
            render("trace_main.c.j2", {"name": network.name, "NAME": network.name.upper()})
        )
        flags = (*SANITIZERS, "-include", str(folder / "trace.h"))
        program = build_program(sorted(folder.glob("*.c")), folder / "trace", flags)
        return _stream(program, inputs)


def _stream(program: Path, inputs: Float32Array) -> Float32Array:
    try:
        done = subprocess.run(
            [program], input=inputs.astype("<f4").tobytes(), capture_output=True, timeout=_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise CheckFailed(f"the generated code did not end within {_TIMEOUT_S:.0f} s") from error
    if done.returncode != 0:
        reason = done.stderr.decode(errors="replace").strip()[-2000:] or "an input or an output is not finite"
        raise CheckFailed(f"the generated code ended with status {done.returncode}: {reason}")
    return np.frombuffer(done.stdout, dtype="<f4")


def _split(graph: Graph, words: Float32Array, steps: int) -> Iterator[Array]:
    """Cut the program's words into one array (steps, words) a column."""
    widths = [size(graph.tensors[node.outputs[0]].shape) for node in graph.nodes]
    widths.append(sum(size(graph.tensors[name].shape) for name in graph.outputs))
    table = words.astype(np.float64).reshape(steps, sum(widths))
    return iter(np.split(table, np.cumsum(widths)[:-1], axis=1))


def _reference(graph: Graph, inputs: Float32Array) -> list[Array]:
    state = initial_state(graph)
    columns: list[list[Array]] = [[] for _ in _columns(graph)]
    for row in inputs:
        done = step(graph, row, state)
        state = dict(done.state)
        for column, node in zip(columns, graph.nodes, strict=False):
            column.append(done.tensors[node.outputs[0]].ravel())
        columns[-1].append(done.outputs)
    return [np.array(column) for column in columns]


def _compare(name: str, op: str, found: Array, expected: Array) -> LayerError:
    errors = np.abs(found - expected).max(axis=1)
    tolerance = RELATIVE_TOLERANCE * max(1.0, float(np.abs(expected).max()))
    return LayerError(name, op, float(errors.max()), tolerance, int(errors.argmax()))
