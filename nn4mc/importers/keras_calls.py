"""How the layers of a Keras model call each other: the ``inbound_nodes`` of Keras 2 and of Keras 3."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nn4mc.errors import ModelError
from nn4mc.ir import Array

_DEPTH = 8
_CONSTANT = "_CONSTANT_VALUE"


@dataclass(frozen=True)
class Reference:
    """Output ``tensor`` of call ``node`` of the layer called ``layer``."""

    layer: str
    node: int
    tensor: int


@dataclass(frozen=True)
class Wire:
    """A tensor of the graph under construction, in the place of the `Reference` to it."""

    tensor: str


@dataclass(frozen=True)
class Call:
    """Positional and keyword arguments: nested lists of references (later wires), numbers, arrays, slices, text."""

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)

    def tensors(self) -> tuple[str, ...]:
        """Return the tensors among the positional arguments, in order."""
        return tuple(one.tensor for one in leaves(self.args) if isinstance(one, Wire))


def leaves(value: Any) -> Iterator[Any]:
    """Yield what is in nested lists and dictionaries; those in the order of their sorted keys, as Keras does."""
    if isinstance(value, (list, tuple)):
        for one in value:
            yield from leaves(one)
    elif isinstance(value, dict):
        for key in sorted(value, key=str):
            yield from leaves(value[key])
    else:
        yield value


def replaced(value: Any, change: Callable[[Reference], Wire]) -> Any:
    """Return nested arguments with every reference replaced."""
    if isinstance(value, (list, tuple)):
        return tuple(replaced(one, change) for one in value)
    if isinstance(value, dict):
        return {key: replaced(one, change) for key, one in value.items()}
    return change(value) if isinstance(value, Reference) else value


def calls_of(nodes: Any, where: str) -> tuple[Call, ...]:
    """Return a layer's calls from its ``inbound_nodes``; ModelError when they have an unknown form."""
    if nodes is None:
        return ()
    if not isinstance(nodes, list):
        raise ModelError(f"{where}: inbound_nodes is {type(nodes).__name__}, expected a list")
    return tuple(_call(node, where) for node in nodes)


def references(value: Any, where: str) -> tuple[Reference, ...]:
    """Return the tensors that ``input_layers`` or ``output_layers`` names: one, a list, or a dictionary of them."""
    found = tuple(leaves(_legacy(value, where, 0)))
    if not found or not all(isinstance(one, Reference) for one in found):
        raise ModelError(f"{where}: expected [layer, node, tensor] entries")
    return found


def _call(node: Any, where: str) -> Call:
    if isinstance(node, dict) and isinstance(node.get("args"), list) and isinstance(node.get("kwargs"), dict):
        return Call(tuple(_argument(one, where, 0) for one in node["args"]), _argument(node["kwargs"], where, 0))
    if isinstance(node, list):
        return _legacy_call(node, where)
    raise ModelError(f"{where}: a call of unknown form in inbound_nodes")


def _legacy_call(node: list[Any], where: str) -> Call:
    """Keras 2: one call is a list of [layer, node, tensor, keyword arguments]."""
    args, kwargs = [], {}
    entries = [node] if node and isinstance(node[0], str) else node
    for entry in entries:
        if not isinstance(entry, list) or len(entry) not in {3, 4}:
            raise ModelError(f"{where}: a call of unknown form in inbound_nodes")
        if entry[0] == _CONSTANT:
            args.append(_argument(entry[2], where, 0))
        else:
            args.append(_legacy(entry[:3], where, 0))
        if len(entry) == 4 and isinstance(entry[3], dict):
            kwargs.update({key: _legacy(value, where, 0) for key, value in entry[3].items()})
    return Call(tuple(args), kwargs)


def _legacy(value: Any, where: str, depth: int) -> Any:
    """Return nested Keras 2 arguments, where [text, integer, integer] is a reference."""
    _check_depth(depth, where)
    if isinstance(value, list):
        if len(value) in {3, 4} and isinstance(value[0], str):
            return _reference(value, where)
        return [_legacy(one, where, depth + 1) for one in value]
    if isinstance(value, dict) and "class_name" not in value:
        return {str(key): _legacy(one, where, depth + 1) for key, one in value.items()}
    return _argument(value, where, depth)


def _argument(value: Any, where: str, depth: int) -> Any:
    """Return nested Keras 3 arguments, where objects stand for tensors, arrays and slices."""
    _check_depth(depth, where)
    if isinstance(value, list):
        return [_argument(one, where, depth + 1) for one in value]
    if not isinstance(value, dict):
        return value
    kind, config = value.get("class_name"), value.get("config")
    if kind == "__keras_tensor__" and isinstance(config, dict):
        return _reference(config.get("keras_history"), where)
    if kind in ("__numpy__", "__tensor__") and isinstance(config, dict):
        return _array(config.get("value"), where)
    if kind == "__slice__" and isinstance(config, dict):
        return _slice(config, where)
    return {str(key): _argument(one, where, depth + 1) for key, one in value.items()}


def _reference(value: Any, where: str) -> Reference:
    good = isinstance(value, list) and len(value) >= 3 and isinstance(value[0], str)
    if not good or not all(type(one) is int and one >= 0 for one in value[1:3]):
        raise ModelError(f"{where}: {str(value)[:60]} is no [layer, node, tensor] entry")
    return Reference(value[0], value[1], value[2])


def _array(value: Any, where: str) -> Array:
    try:
        array = np.asarray(value, np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ModelError(f"{where}: a constant is no array of numbers") from error
    if not np.isfinite(array).all():
        raise ModelError(f"{where}: a constant holds NaN or Inf")
    return array


def _slice(config: Mapping[str, Any], where: str) -> slice:
    parts = [config.get(key) for key in ("start", "stop", "step")]
    if not all(one is None or type(one) is int for one in parts):
        raise ModelError(f"{where}: a slice is {parts}, expected integers")
    return slice(*parts)


def _check_depth(depth: int, where: str) -> None:
    if depth > _DEPTH:
        raise ModelError(f"{where}: arguments nested deeper than {_DEPTH}")
