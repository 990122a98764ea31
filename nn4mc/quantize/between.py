"""What lies between two integer layers: elements that are moved, pooled, or looked up in a table."""

from nn4mc.ir import INT8, Node
from nn4mc.ops import OPERATORS, operator
from nn4mc.quantize.scales import affine
from nn4mc.quantize.tables import fixed_table
from nn4mc.quantize.work import MOVES, Work

_UNARY = tuple(op.name for op in OPERATORS.values() if op.pointwise and op.arity == (1, 1))
BETWEEN = ("pool", *MOVES, *_UNARY)


def move(work: Work, node: Node) -> None:
    """Put the integer form of a node into the graph; its input is held in integers and so will be its output."""
    steps = work.held[node.inputs[0]]
    if node.op == "pool":
        full = {"minimum": -128, "maximum": 127}
        names = ("kind", "kernel", "strides", "dilations", "pads")
        work.hold(node.outputs[0], steps)
        work.add("q_pool", node, node.inputs, {**{name: node.attributes[name] for name in names}, **full})
    elif node.op in MOVES:
        work.hold(node.outputs[0], steps)
        work.nodes.append(node)
    else:
        after = affine(work.calibration.tensors[node.outputs[0]])
        assert steps.dtype == after.dtype == INT8
        table = fixed_table(lambda x: operator(node.op).reference(node, [x])[0], steps, after)
        work.hold(node.outputs[0], after)
        work.add("q_table", node, (node.inputs[0], work.constant(f"{node.name}_table", table)), {})
