"""Dense layers and convolutions in integers: to int8 or int16 where integers are read, else straight to float32."""

from dataclasses import dataclass

import numpy as np

from nn4mc.fixed_point import INT8_MAX, INT8_MIN, shared_factors
from nn4mc.ir import INT8, INT16, Attribute, Node, Tensor
from nn4mc.ops.activation import ACTIVATION, IDENTITY, activation_of, fused_activation
from nn4mc.quantize.scales import Matrix, Steps, affine, fitting, make_matrix, symmetric
from nn4mc.quantize.scheme import LayerScheme
from nn4mc.quantize.tables import make_table
from nn4mc.quantize.work import PRODUCTS, Work

FEEDFORWARD = PRODUCTS
HEADROOM = 2.0
"""Room above the calibrated range where float32 becomes int16: a sensor may read more than it did in the log."""
_CLAMPED = {IDENTITY: (None, None), "relu": (0.0, None), "relu6": (0.0, 6.0)}
"""Activations that are no more than limits of the result."""
_WINDOW = ("strides", "dilations", "pads", "groups")

Attributes = dict[str, Attribute]


@dataclass(frozen=True)
class _Read:
    """A layer's x and its matrix: the tensor to read, how, and the attributes that say so."""

    x: str
    steps: Steps
    matrix: Matrix
    attributes: Attributes


def quantize_product(work: Work, node: Node) -> None:
    """Put the integer form of a dense layer or convolution into the graph, or the float one where none is sound."""
    try:
        read = _read(work, node)
    except ValueError as error:
        work.kept[node.name] = str(error)
        work.nodes.append(node)
        return
    kept = {name: node.attributes[name] for name in _WINDOW if name in node.attributes}
    attributes: Attributes = {**kept, **read.attributes, "sum_shift": read.matrix.shift}
    steps = _result(work, node)
    names = (
        read.x,
        work.constant(f"{node.name}_steps", read.matrix.weights),
        work.constant(f"{node.name}_bias_steps", read.matrix.bias),
    )
    if steps is None:
        scale = work.constant(f"{node.name}_scale", read.matrix.scales.astype(np.float32))
        attributes[ACTIVATION] = fused_activation(node)
        work.add(f"q_{node.op}_float", node, (*names, scale), attributes)
    else:
        _to_integers(work, node, read, names, attributes, steps)
    work.layers[node.name] = _layer(work, node, read, steps)


def _read(work: Work, node: Node) -> _Read:
    weights, bias = work.data(node, 1), work.data(node, 2)
    x, dtype = node.inputs[0], work.scheme.weights
    seen = work.calibration.tensors[x]
    met = seen.vectors.reshape(-1, weights.shape[1]) if node.op == "dense" else None
    if x in work.held:
        steps = work.held[x]
        attributes: Attributes = {"input_zero": steps.zero, "limit": steps.limit}
        return _Read(x, steps, make_matrix(weights, bias, dtype, steps, met), attributes)
    steps, matrix = fitting(weights, bias, dtype, HEADROOM * seen.largest, met)
    attributes = {"input_zero": 0, "limit": steps.limit}
    if node.op == "dense":
        return _Read(x, steps, matrix, {**attributes, "per_unit": steps.per_unit})
    return _Read(_in_steps(work, node, x, steps), steps, matrix, attributes)


def _in_steps(work: Work, node: Node, x: str, steps: Steps) -> str:
    """Bring a float tensor to int16 before a convolution, which reads each element several times."""
    made = work.free(f"{x}_steps")
    work.tensors[made] = Tensor(made, work.graph.tensors[x].shape, None, INT16)
    attributes: Attributes = {"per_unit": steps.per_unit, "limit": steps.limit}
    work.nodes.append(Node(work.free(f"{node.name}_to_steps"), "to_steps", (x,), (made,), attributes))
    return made


def _result(work: Work, node: Node) -> Steps | None:
    """Return the steps of an integer result, None for float32."""
    activation, y = fused_activation(node), node.outputs[0]
    dtype = work.scheme.activations
    if not work.all_read_integers(y, dtype) or (dtype == INT16 and activation not in _CLAMPED):
        return None
    seen = work.calibration.tensors[y]
    return affine(seen) if dtype == INT8 else symmetric(HEADROOM * seen.largest)


def _to_integers(
    work: Work, node: Node, read: _Read, names: tuple[str, ...], attributes: Attributes, after: Steps
) -> None:
    activation = fused_activation(node)
    table: tuple[str, ...] = ()
    scaled = after
    low, high = _range(after)
    if activation in _CLAMPED:
        bounds = _CLAMPED[activation]
        low = low if bounds[0] is None else max(low, after.zero + round(bounds[0] / after.scale))
        high = high if bounds[1] is None else min(high, after.zero + round(bounds[1] / after.scale))
    else:
        made = make_table(activation_of(node), work.calibration.before[node.name], after)
        scaled, table = made.before, (work.constant(f"{node.name}_table", made.values),)
    multipliers, one_shift = shared_factors(read.matrix.scales / scaled.scale)
    multiplier = work.constant(f"{node.name}_multiplier", multipliers)
    shift = work.constant(f"{node.name}_shift", np.full_like(multipliers, one_shift))
    attributes |= {"output_zero": scaled.zero, "minimum": low, "maximum": high}
    if node.op == "conv":
        attributes["rounds_once"] = True
    work.hold(node.outputs[0], after)
    work.add(f"q_{node.op}", node, (*names, multiplier, shift, *table), attributes)


def _range(steps: Steps) -> tuple[int, int]:
    return (INT8_MIN, INT8_MAX) if steps.dtype == INT8 else (-steps.limit, steps.limit)


def _layer(work: Work, node: Node, read: _Read, steps: Steps | None) -> LayerScheme:
    return LayerScheme(
        name=node.name,
        op=node.op,
        weights=(work.data(node, 1),),
        restored=(read.matrix.restored,),
        weight_type=work.scheme.weights,
        reads=node.inputs[0],
        makes=node.outputs[0],
        x=read.steps,
        y=steps,
        kernel=read.matrix.walk.kernel,
    )
