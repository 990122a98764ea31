"""Golden vectors: a few inputs with the float64 reference's answers, carried by the generated code itself."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nn4mc.errors import ModelError
from nn4mc.ir import FLOAT32, INT8, Array, Graph
from nn4mc.margin import margins
from nn4mc.ops.base import size
from nn4mc.reference import run

_MAX_BYTES = 512
_MAX_STEPS = 4
_RELATIVE_LIMIT = 1e-5
_INTEGER_LIMIT = 1.0
_SHIFT = 1.5


@dataclass(frozen=True)
class Golden:
    """Inputs (steps, in) and outputs (steps, out), each in its own type; ``limit`` is the largest error accepted."""

    inputs: npt.NDArray[Any]
    outputs: npt.NDArray[Any]
    limit: float


def make_golden(graph: Graph, activation_error: float = 0.0) -> Golden:
    """Return up to four steps in about 512 bytes: the model's own examples, or seeded random inputs.

    ``activation_error`` is that of tanh and sigmoid in C. Raises ModelError when the reference answers NaN, Inf or
    values beyond float32 to all that is tried.
    """
    in_len, out_len = interface_len(graph, graph.inputs), interface_len(graph, graph.outputs)
    steps = int(np.clip(_MAX_BYTES // (4 * (in_len + out_len)), 1, _MAX_STEPS))
    inputs, outputs = _finite_trial(graph, steps)
    out_type = interface_type(graph, graph.outputs)
    largest = float(np.abs(outputs).max(initial=0.0))
    limit = _RELATIVE_LIMIT * max(1.0, largest) if out_type == FLOAT32 else _INTEGER_LIMIT
    found = margins(graph, inputs, activation_error)
    limit = max(limit, *(found.get(name, 0.0) for name in graph.outputs))
    return Golden(inputs, outputs.astype(out_type), limit)


def _finite_trial(graph: Graph, steps: int) -> tuple[npt.NDArray[Any], Array]:
    """Return inputs with finite answers: those worth trying, or the same made positive, for logarithms and roots."""
    inputs = trial_inputs(graph, steps)
    shifted = inputs if inputs.dtype == INT8 else inputs + inputs.dtype.type(_SHIFT)
    for tried in (inputs, shifted):
        with np.errstate(all="ignore"):
            outputs = run(graph, tried)
            within = np.isfinite(outputs.astype(np.float32)).all()
        if within:
            return tried, outputs
    raise ModelError(f"model '{graph.name}' answers NaN or Inf to inputs between -1 and {1 + _SHIFT:g}: is it damaged?")


def interface_len(graph: Graph, names: tuple[str, ...]) -> int:
    """Return the number of elements of the tensors ``names`` together."""
    return sum(size(graph.tensors[name].shape) for name in names)


def interface_type(graph: Graph, names: tuple[str, ...]) -> str:
    """Return the one type of a graph's inputs or outputs; the gate has checked that it is one."""
    return graph.tensors[names[0]].dtype


def trial_inputs(graph: Graph, steps: int, seed: int = 0) -> npt.NDArray[Any]:
    """Return inputs (steps, in) worth trying, in the graph's input type.

    They are the model's examples first, then uniform random numbers: -1..1, or every integer of the type.
    """
    in_len = interface_len(graph, graph.inputs)
    dtype = interface_type(graph, graph.inputs)
    examples = graph.source.examples
    stored = np.zeros((0, in_len), dtype) if examples is None else examples[:steps]
    rng = np.random.default_rng(seed)
    shape = (steps - len(stored), in_len)
    drawn = rng.integers(-128, 128, shape) if dtype == INT8 else rng.uniform(-1.0, 1.0, shape)
    return np.concatenate([stored, drawn.astype(dtype)])
