"""Orders of axes: t = transpose(s, perm) puts axis perm[i] of s where axis i of t is."""

from collections.abc import Mapping, Sequence

from nn4mc.ir import Attribute, Shape

Permutation = tuple[int, ...]

_AXIS = {"concat", "gather", "reverse", "softmax"}
_EACH_AXIS = {"slice": ("starts", "sizes", "steps"), "pad": ("before", "after"), "tile": ("repeats",)}
_REDUCTIONS = {"reduce_mean", "reduce_sum", "reduce_max", "reduce_min"}


def composed(first: Permutation, second: Permutation) -> Permutation:
    """Return the one permutation that does ``first``, then ``second``.

    >>> composed((0, 2, 3, 1), (0, 3, 1, 2))
    (0, 1, 2, 3)
    """
    return tuple(first[axis] for axis in second)


def inverse(perm: Permutation) -> Permutation:
    """Return the permutation that undoes ``perm``.

    >>> inverse((0, 2, 3, 1))
    (0, 3, 1, 2)
    """
    return tuple(perm.index(axis) for axis in range(len(perm)))


def is_identity(perm: Permutation) -> bool:
    """Tell whether every axis stays where it is."""
    return perm == tuple(range(len(perm)))


def moves_nothing(perm: Permutation, shape: Shape) -> bool:
    """Tell whether a transpose of an array of ``shape`` leaves its elements in their order in memory.

    >>> moves_nothing((0, 2, 1, 3), (1, 1, 7, 3)), moves_nothing((0, 2, 1), (1, 2, 3))
    (True, False)
    """
    moving = [axis for axis in perm if shape[axis] > 1]
    return moving == sorted(moving)


def before_transpose(
    op: str, attributes: Mapping[str, Attribute], perm: Permutation
) -> tuple[Mapping[str, Attribute], Permutation] | None:
    """Return how an operator behind a transpose by ``perm`` is done before it: its attributes and the transpose's.

    None when the operator is not one that names axes; the first input decides.
    """
    if op in _AXIS:
        axis = attributes["axis"]
        assert isinstance(axis, int)
        return {**attributes, "axis": perm[axis]}, perm
    if op in _EACH_AXIS:
        return {**attributes, **{name: _moved(attributes[name], perm) for name in _EACH_AXIS[op]}}, perm
    if op in _REDUCTIONS:
        axes = attributes["axes"]
        assert isinstance(axes, tuple)
        left = perm if attributes["keepdims"] else _without(perm, axes)
        return {**attributes, "axes": tuple(sorted(perm[axis] for axis in axes))}, left
    return None


def _moved(values: Attribute, perm: Permutation) -> tuple[int, ...]:
    """Return what belongs to each axis of the transposed array in the order of the array before it."""
    assert isinstance(values, tuple)
    return tuple(values[axis] for axis in inverse(perm))


def _without(perm: Permutation, dropped: Sequence[int]) -> Permutation:
    """Return the permutation of the axes that are left, numbered anew."""
    left = [axis for i, axis in enumerate(perm) if i not in dropped]
    return tuple(sorted(left).index(axis) for axis in left)
