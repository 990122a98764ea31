"""Golden vectors: a few inputs with the float64 reference's answers, carried by the generated code itself."""

from dataclasses import dataclass

import numpy as np

from nn4mc.ir import Float32Array, Graph
from nn4mc.ops.base import size
from nn4mc.reference import run

_MAX_BYTES = 512
_MAX_STEPS = 4
_RELATIVE_LIMIT = 1e-5


@dataclass(frozen=True)
class Golden:
    """Inputs (steps, in) and outputs (steps, out) from the initial state; ``limit`` is the largest error accepted."""

    inputs: Float32Array
    outputs: Float32Array
    limit: float


def make_golden(graph: Graph) -> Golden:
    """Return up to four steps in about 512 bytes: the model's own examples, or seeded random inputs."""
    in_len = sum(size(graph.tensors[name].shape) for name in graph.inputs)
    out_len = sum(size(graph.tensors[name].shape) for name in graph.outputs)
    steps = int(np.clip(_MAX_BYTES // (4 * (in_len + out_len)), 1, _MAX_STEPS))
    inputs = trial_inputs(graph, steps)
    outputs = run(graph, inputs)
    limit = _RELATIVE_LIMIT * max(1.0, float(np.abs(outputs).max()))
    return Golden(inputs, outputs.astype(np.float32), limit)


def trial_inputs(graph: Graph, steps: int, seed: int = 0) -> Float32Array:
    """Return inputs (steps, in) worth trying: the model's examples first, then uniform random numbers in -1..1."""
    in_len = sum(size(graph.tensors[name].shape) for name in graph.inputs)
    examples = graph.source.examples
    stored = np.zeros((0, in_len), np.float32) if examples is None else examples[:steps]
    rng = np.random.default_rng(seed)
    drawn = rng.uniform(-1.0, 1.0, (steps - len(stored), in_len)).astype(np.float32)
    return np.concatenate([stored, drawn])
