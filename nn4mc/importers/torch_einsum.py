"""aten.einsum of one or two tensors: sums, one matrix product over what both share, and transposes around it."""

from math import prod

from nn4mc.errors import ModelError
from nn4mc.importers.torch_call import Call, Refused, Value, shape_of
from nn4mc.importers.torch_network import Network, Reader


def _letters(equation: str, operands: list[Value]) -> tuple[list[str], str]:
    """Return the letters of each operand and of the result; without an arrow, those that occur once, in order."""
    left, arrow, result = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if not arrow:
        result = "".join(sorted(letter for letter in set("".join(terms)) if "".join(terms).count(letter) == 1))
    plain = all(term.isalpha() and len(set(term)) == len(term) for term in terms) and len(set(result)) == len(result)
    if len(terms) not in (1, 2) or not plain or (result and not result.isalpha()):
        raise Refused(f"equation '{equation[:40]}'. Supported: one or two tensors, each letter once in each")
    if len(terms) != len(operands) or any(len(t) != len(shape_of(o)) for t, o in zip(terms, operands, strict=False)):
        raise Refused(f"equation '{equation[:40]}' for operands of other shapes")
    return terms, result


def _summed(net: Network, x: Value, term: str, wanted: str) -> tuple[Value, str]:
    """Sum over the axes whose letters are not wanted elsewhere."""
    axes = tuple(axis for axis, letter in enumerate(term) if letter not in wanted)
    kept = "".join(letter for letter in term if letter in wanted)
    return (net.reduce("sum", x, axes, keepdims=False) if axes else x), kept


def _ordered(net: Network, x: Value, term: str, order: str) -> Value:
    return net.transpose(x, [term.index(letter) for letter in order])


def _einsum(net: Network, call: Call) -> Value:
    operands = call.tensors("tensors")
    terms, result = _letters(call.text("equation", ""), operands)
    if len(operands) == 1:
        x, term = _summed(net, operands[0], terms[0], result)
        if set(term) != set(result):
            raise Refused("a letter of the result that no tensor has")
        return _ordered(net, x, term, result)
    a, first = _summed(net, operands[0], terms[0], result + terms[1])
    b, second = _summed(net, operands[1], terms[1], result + terms[0])
    both = [letter for letter in first if letter in second]
    batch, shared = ("".join(one for one in both if (one in result) == kept) for kept in (True, False))
    left, right = ("".join(one for one in term if one not in both) for term in (first, second))
    sizes = {**dict(zip(first, shape_of(a), strict=True)), **dict(zip(second, shape_of(b), strict=True))}
    if any(shape_of(a)[first.index(one)] != shape_of(b)[second.index(one)] for one in both):
        raise ModelError(f"{call.where}: shapes {shape_of(a)} and {shape_of(b)} do not fit one another")
    if set(result) != set(batch + left + right):
        raise Refused("a letter of the result that no tensor has")
    lead, inner = tuple(sizes[one] for one in batch), prod(sizes[one] for one in shared)
    rows, columns = (tuple(sizes[one] for one in side) for side in (left, right))
    a = net.reshape(_ordered(net, a, first, batch + left + shared), (*lead, prod(rows), inner))
    b = net.reshape(_ordered(net, b, second, batch + shared + right), (*lead, inner, prod(columns)))
    y = net.reshape(net.op("matmul", [a, b]), (*lead, *rows, *columns))
    return _ordered(net, y, batch + left + right, result)


READERS: dict[str, Reader] = {"einsum": _einsum}
