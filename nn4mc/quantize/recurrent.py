"""Recurrent layers with integer products: W x and U h in integers, gates and states in float32."""

import numpy as np

from nn4mc.ir import Array, Float32Array, Node
from nn4mc.ops.activation import ACTIVATION
from nn4mc.quantize.feedforward import HEADROOM, Attributes
from nn4mc.quantize.scales import Matrix, Steps, fitting
from nn4mc.quantize.scheme import LayerScheme
from nn4mc.quantize.work import Work

_STATES = {"rnn": 1, "gru": 1, "lstm": 2}
_WITHIN_ONE = ("tanh", "softsign", "sigmoid", "hard_sigmoid", "hard_sigmoid6")
"""Activations that keep a state within -1..1 if it starts there."""


def quantize_recurrent(work: Work, node: Node) -> None:
    """Put the integer form of a recurrent layer into the graph."""
    states = _STATES[node.op]
    weights, recurrent, bias = (work.data(node, 1 + states + index) for index in range(3))
    rows = len(weights)
    candidate = len(bias) - rows  # of a GRU: rows that have a bias on either side
    x, dtype = work.calibration.tensors[node.inputs[0]], work.scheme.weights
    met = x.vectors.reshape(-1, weights.shape[1])
    h_met, h_largest = _states_met(work, node), _largest_state(work, node)
    # U has no bias of its own but the candidate's: what its rounding lacks on average is added with W's.
    plain = np.concatenate([np.zeros(rows - candidate), bias[rows:]])
    lacking = fitting(recurrent, plain, dtype, h_largest, h_met, correct=False)[1].lacking
    own = np.arange(rows) >= rows - candidate
    h_steps, of_h = fitting(recurrent, plain + own * lacking, dtype, h_largest, h_met, correct=False)
    steps, of_x = fitting(weights, bias[:rows] + ~own * lacking, dtype, HEADROOM * x.largest, met)
    attributes: Attributes = {
        **node.attributes,
        "per_unit": steps.per_unit,
        "limit": steps.limit,
        "sum_shift": of_x.shift,
        "h_per_unit": h_steps.per_unit,
        "h_limit": h_steps.limit,
        "h_sum_shift": of_h.shift,
    }
    work.add(f"q_{node.op}", node, (*node.inputs[: 1 + states], *_constants(work, node, of_x, of_h)), attributes)
    work.layers[node.name] = _layer(work, node, (weights, recurrent), steps, of_x, of_h)


def _constants(work: Work, node: Node, of_x: Matrix, of_h: Matrix) -> tuple[str, ...]:
    names = [
        work.constant(f"{node.name}_steps", of_x.weights),
        work.constant(f"{node.name}_recurrent_steps", of_h.weights),
        work.constant(f"{node.name}_bias_steps", of_x.bias),
        work.constant(f"{node.name}_scale", of_x.scales.astype(np.float32)),
        work.constant(f"{node.name}_recurrent_scale", of_h.scales.astype(np.float32)),
    ]
    if node.op == "gru":
        hidden = of_h.weights.shape[1]
        names.append(work.constant(f"{node.name}_candidate_bias_steps", of_h.bias[2 * hidden :].copy()))
    return tuple(names)


def _largest_state(work: Work, node: Node) -> float:
    """Return the largest |h|: 1 where the activation keeps it there, else what was seen and some room."""
    names = [node.inputs[1], *(name for name in node.outputs[:2] if name in work.calibration.tensors)]
    seen = max(work.calibration.tensors[name].largest if name in work.calibration.tensors
               else float(np.abs(work.data(node, 1)).max(initial=0.0)) for name in names)  # fmt: skip
    bounded = node.attributes.get(ACTIVATION, "tanh") in _WITHIN_ONE
    return max(1.0, seen) if bounded else HEADROOM * seen


def _states_met(work: Work, node: Node) -> Array:
    """Return the values of h that U meets, (n, hidden): those given, and those made on the way through a window."""
    hidden = work.graph.tensors[node.inputs[1]].shape[1]
    names = [name for name in (node.inputs[1], node.outputs[0]) if name in work.calibration.tensors]
    return np.concatenate([work.calibration.tensors[name].vectors.reshape(-1, hidden) for name in names])


def _layer(
    work: Work, node: Node, weights: tuple[Float32Array, ...], steps: Steps, of_x: Matrix, of_h: Matrix
) -> LayerScheme:
    return LayerScheme(
        name=node.name,
        op=node.op,
        weights=weights,
        restored=(of_x.restored, of_h.restored),
        weight_type=work.scheme.weights,
        reads=node.inputs[0],
        makes=next(name for name in node.outputs if name in work.calibration.tensors),
        x=steps,
        y=None,
        kernel=of_x.walk.kernel,
    )
