"""A Keras configuration as frozen data: a tree of layers, each with the calls that connect it to the others.

The JSON is a stranger's: every value is checked where it is read, and nothing in it is ever run or looked up by name
outside of the tables of this package.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nn4mc.errors import ModelError
from nn4mc.importers.keras_calls import Call, Reference, calls_of, references
from nn4mc.importers.limits import Limits, cap

MODELS = ("Sequential", "Functional", "Model")
_WRAPPERS = {"Bidirectional": ("forward_layer", "backward_layer"), "TimeDistributed": ("layer",)}


@dataclass(frozen=True)
class LayerConfig:
    """One layer of a Keras model.

    ``kind`` is the class name, ``operation`` tells keras.ops functions from layers, ``path`` the names from the model
    down to here, ``archive`` its group in a ``.keras`` file. A model has ``children``, ``inputs`` and ``outputs``; a
    wrapper has the wrapped layers as children.
    """

    file: str
    name: str
    kind: str
    module: str | None
    registered: str | None
    operation: bool
    values: Mapping[str, Any]
    path: tuple[str, ...]
    archive: str
    calls: tuple[Call, ...] = ()
    children: tuple["LayerConfig", ...] = ()
    inputs: tuple[Reference, ...] = ()
    outputs: tuple[Reference, ...] = ()

    @property
    def label(self) -> str:
        """How messages name the layer."""
        return f"layer '{'/'.join(self.path[1:] or self.path)[:120]}' ({self.kind[:60]})"

    def error(self, what: str) -> ModelError:
        """Return the error that names file and layer."""
        return ModelError(f"{self.file}: {self.label}: {what}")

    def tree(self) -> Iterator["LayerConfig"]:
        """Yield this layer and all below it."""
        yield self
        for child in self.children:
            yield from child.tree()

    def flag(self, key: str, default: bool = False) -> bool:
        """Return a truth value."""
        value = self.values.get(key, default)
        if not isinstance(value, bool):
            raise self._wrong(key, value, "true or false")
        return value

    def text(self, key: str, default: str) -> str:
        """Return a string; null counts as the default."""
        value = self.values.get(key)
        value = default if value is None else value
        if not isinstance(value, str):
            raise self._wrong(key, value, "text")
        return value

    def number(self, key: str, default: float) -> float:
        """Return a finite number."""
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not _finite(value):
            raise self._wrong(key, value, "a number")
        return float(value)

    def whole(self, key: str, least: int = 1, default: int | None = None) -> int:
        """Return an integer of at least ``least``."""
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value < 1 << 31:
            raise self._wrong(key, value, f"an integer of at least {least}")
        return value

    def wholes(self, key: str, count: int | None = None, least: int = 1, default: object = None) -> tuple[int, ...]:
        """Return integers, ``count`` of them if it is given: a list, or one number that stands for all."""
        value: Any = self.values.get(key)
        value = default if value is None else value
        if isinstance(value, int) and not isinstance(value, bool):
            value = [value] * (count or 1)
        good = isinstance(value, (list, tuple)) and (count is None or len(value) == count)
        if not good or not all(type(one) is int and least <= one < 1 << 31 for one in value):
            raise self._wrong(key, value, f"{count or 'a list of'} integers of at least {least}")
        return tuple(value)

    def choice(self, key: str, allowed: Sequence[str], default: str) -> str:
        """Return one of some words."""
        value = self.text(key, default)
        if value not in allowed:
            raise self._wrong(key, value, " or ".join(allowed))
        return value

    def _wrong(self, key: str, value: object, expected: str) -> ModelError:
        return self.error(f"{key} is {_shown(value)}, expected {expected}")


def parse_config(config: Any, file: str, limits: Limits) -> LayerConfig:
    """Return the tree of a model's configuration; ModelError when it is damaged, too deep or too large."""
    parser = _Parser(file, limits)
    root = parser.layer(config, (), "", 0)
    if root.kind not in MODELS:
        raise ModelError(
            f"{file}: the model is a {root.kind[:60]}, expected Sequential or Functional. A subclassed model keeps its "
            "structure in Python code, which is never run: rebuild it with keras.Model(inputs, outputs)."
        )
    return root


def snake_case(name: str) -> str:
    """Return how Keras names a layer's group in a ``.keras`` file.

    >>> snake_case("BatchNormalization"), snake_case("PReLU"), snake_case("Conv1D")
    ('batch_normalization', 'p_re_lu', 'conv1d')
    """
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


class _Parser:
    """Counts layers while it builds the tree, so that the limits hold over the whole file."""

    def __init__(self, file: str, limits: Limits) -> None:
        self.file, self.limits, self.count = file, limits, 0

    def layer(self, entry: Any, parents: tuple[str, ...], archive: str, depth: int) -> LayerConfig:
        self.count += 1
        cap(self.count, self.limits.nodes, "the number of layers", self.file)
        cap(depth, self.limits.depth, "the depth of nested models", self.file)
        plain = self._plain(entry, parents, archive)
        if plain.kind in MODELS:
            return self._model(plain, depth)
        if plain.kind in _WRAPPERS and not plain.operation:
            return replace(plain, children=tuple(self._wrapped(plain, depth)))
        return plain

    def _plain(self, entry: Any, parents: tuple[str, ...], archive: str) -> LayerConfig:
        where = f"{self.file}: in '{'/'.join(parents)[:120]}'"
        if not isinstance(entry, dict) or not isinstance(entry.get("class_name"), str):
            raise ModelError(f"{where}: a layer's entry is {_shown(entry)}, expected an object with a class_name")
        values = entry.get("config")
        if isinstance(values, list) and entry["class_name"] == "Sequential":
            values = {"layers": values}  # Keras before 2.2.3
        if not isinstance(values, dict):
            raise ModelError(f"{where}: the config of a {entry['class_name'][:60]} is missing")
        name = values.get("name", entry.get("name", entry["class_name"].lower()))
        if not isinstance(name, str):
            raise ModelError(f"{where}: a layer's name is {_shown(name)}, expected text")
        module, registered = entry.get("module"), entry.get("registered_name")
        return LayerConfig(
            file=self.file,
            name=name,
            kind=entry["class_name"],
            module=module if isinstance(module, str) else None,
            registered=registered if isinstance(registered, str) else None,
            operation=_is_operation(entry, values),
            values=values,
            path=(*parents, name),
            archive=archive,
            calls=calls_of(entry.get("inbound_nodes"), f"{where}: layer '{name[:80]}'"),
        )

    def _model(self, plain: LayerConfig, depth: int) -> LayerConfig:
        entries = plain.values.get("layers")
        if not isinstance(entries, list) or not entries:
            raise plain.error("layers is missing or empty")
        used: dict[str, int] = {}
        children = []
        for entry in entries:
            group = _numbered(_group_name(entry), used)
            children.append(self.layer(entry, plain.path, f"{plain.archive}/layers/{group}", depth + 1))
        names = [child.name for child in children]
        if plain.kind == "Sequential":
            return replace(plain, children=tuple(children))
        if len(set(names)) != len(names):
            raise plain.error("two layers have the same name")
        where = f"{self.file}: {plain.label}"
        return replace(
            plain,
            children=tuple(children),
            inputs=references(plain.values.get("input_layers"), f"{where}: input_layers"),
            outputs=references(plain.values.get("output_layers"), f"{where}: output_layers"),
        )

    def _wrapped(self, plain: LayerConfig, depth: int) -> Iterator[LayerConfig]:
        groups = _WRAPPERS[plain.kind]
        first = plain.values.get("layer")
        yield self.layer(first, plain.path, f"{plain.archive}/{groups[0]}", depth + 1)
        if len(groups) == 2:
            if not isinstance(first, dict) or not isinstance(first["config"], dict):
                raise plain.error("layer is no recurrent layer")
            second = plain.values.get("backward_layer") or _turned_round(first)
            yield self.layer(second, plain.path, f"{plain.archive}/{groups[1]}", depth + 1)


def _turned_round(entry: Any) -> Any:
    """Return the backward layer that Bidirectional makes when it is not given one."""
    values = entry["config"]
    name = f"backward_{values.get('name')}"
    return {**entry, "config": {**values, "name": name, "go_backwards": not values.get("go_backwards", False)}}


def _is_operation(entry: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Tell a keras.ops function from a layer of the same name; legacy files do not say the module."""
    module = entry.get("module")
    if isinstance(module, str):
        return module.startswith(("keras.src.ops", "keras.ops"))
    return "inbound_nodes" in entry and not {"trainable", "dtype", "layers"} & set(values)


def _group_name(entry: Any) -> str:
    kind = entry.get("class_name") if isinstance(entry, dict) else None
    is_layer = isinstance(entry, dict) and isinstance(entry.get("config"), (dict, list))
    if not is_layer or _is_operation(entry, entry["config"] if isinstance(entry["config"], dict) else {"layers": 0}):
        return "operation"  # has no group, and takes no number from a layer of its name
    return snake_case(str(kind))


def _numbered(name: str, used: dict[str, int]) -> str:
    used[name] = used.get(name, -1) + 1
    return f"{name}_{used[name]}" if used[name] else name


def _finite(value: float) -> bool:
    return abs(value) < 3e38 and math.isfinite(value)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
