"""Names: of operators, of the nodes made for a call, and of the layer that a message is about."""

from nn4mc.importers.pt2_schema import Node

_LONGEST = 120


def operator_name(target: str) -> str:
    """Return an operator's name without its prefix.

    >>> operator_name("torch.ops.aten.add.Tensor")
    'aten.add.Tensor'
    """
    return target.removeprefix("torch.ops.")


def _module(node: Node) -> tuple[str, str]:
    """Return path and class of the innermost module around a call; ("", "") when the file does not say."""
    _, path, kind = (*node.metadata.nn_module_stack.rpartition(";")[2].split(",", 2), "", "", "")[:3]
    return path[:_LONGEST], kind.rpartition(".")[2][:_LONGEST]


def node_name(node: Node, outputs: list[str]) -> str:
    """Return the name of the nodes made for a call: the module's path and the call's own name."""
    own = (outputs[0] if outputs and outputs[0] else operator_name(node.target))[:_LONGEST]
    path = _module(node)[0].replace(".", "_")
    if path[:1].isdigit():
        path = f"layer_{path}"
    return f"{path}_{own}" if path else own


def layer_of(node: Node, outputs: list[str]) -> str:
    """Return how a message calls the place of a call: its module, or the call itself in the outermost one."""
    path, kind = _module(node)
    if path:
        return f"layer '{path}' ({kind})"
    return f"node '{(outputs[0] if outputs else '')[:_LONGEST]}'"
