"""Where the weights of each layer lie in a Keras file.

In a ``.keras`` file every layer has a group that lists its variables by number. In a legacy file the layers of the
outermost model have groups, and each group lists all variables below it: first all that are trained, then the others.
That order is the only thing that ties them to nested layers, as in Keras itself; the last part of each name must agree.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import h5py
import numpy as np

from nn4mc.errors import ModelError
from nn4mc.importers import hdf5
from nn4mc.importers.keras_archive import KerasFile
from nn4mc.importers.keras_config import MODELS, LayerConfig
from nn4mc.importers.limits import Limits, cap
from nn4mc.ir import Float32Array

_NAME_CHUNKS = 1000
_WITH_CELL = ("SimpleRNN", "GRU", "LSTM")


@dataclass(frozen=True)
class Variable:
    """A weight of a layer, by the names that Keras' versions give it."""

    names: tuple[str, ...]
    trained: bool = True


@dataclass(frozen=True)
class Place:
    """A dataset: the group it is searched from and the parts of its name."""

    group: h5py.Group
    parts: tuple[str, ...]
    where: str


VariablesOf = Callable[[LayerConfig], tuple[Variable, ...]]
"""Tells which weights a layer without children has, in the order Keras creates them."""


class Weights:
    """The weights of a model; ``read`` takes one out."""

    def __init__(self, file: KerasFile, root: LayerConfig, variables_of: VariablesOf, limits: Limits) -> None:
        """Work out the place of every weight; ModelError when names and numbers do not fit the configuration."""
        self._limits = limits
        self._places: dict[tuple[tuple[str, ...], str], Place] = {}
        find = _legacy_places if file.legacy else _archive_places
        for config, variables, places in find(file, root, variables_of):
            for variable, place in zip(variables, places, strict=True):
                self._places[config.path, variable.names[0]] = place

    def read(self, config: LayerConfig, name: str, shape: tuple[int | None, ...]) -> Float32Array:
        """Return a weight by its name in today's Keras; ``None`` in ``shape`` accepts any size.

        Raises ModelError when it is missing, no plain float32, or of another shape.
        """
        place = self._places.get((config.path, name))
        if place is None:
            raise config.error(f"its weight '{name}' is missing")
        group = place.group
        for part in place.parts[:-1]:
            group = _step(group, part, place.where)
        _check_link(group, place.parts[-1], place.where)
        data = hdf5.floats(group, place.parts[-1], self._limits, place.where)
        same_rank = len(data.shape) == len(shape)
        if not same_rank or any(want not in {None, n} for want, n in zip(shape, data.shape, strict=True)):
            wanted = tuple("any" if n is None else n for n in shape)
            raise config.error(f"its weight '{name}' has shape {data.shape}, expected {wanted}")
        return data


_Found = Iterator[tuple[LayerConfig, tuple[Variable, ...], list[Place]]]


def _archive_places(file: KerasFile, root: LayerConfig, variables_of: VariablesOf) -> _Found:
    leaves = [(config, variables_of(config)) for config in root.tree() if not config.children]
    groups = {config.path: _archive_group(file, config) for config, variables in leaves if variables}
    for config, variables in leaves:
        if not variables:
            continue
        group = groups[config.path]
        if group is None:  # a layer used in two models is stored once: with the model that comes first
            same = [one for one, _ in leaves if _is_same(one, config) and groups.get(one.path) is not None]
            group = groups[same[0].path] if len(same) == 1 else None
        if group is None:
            raise config.error("its weights are missing from the file")
        where = f"{file.path}: {config.label}"
        if len(group) != len(variables):
            raise config.error(f"the file holds {len(group)} weights for it, expected {len(variables)}")
        yield config, variables, [Place(group, (str(i),), where) for i in range(len(variables))]


def _archive_group(file: KerasFile, config: LayerConfig) -> h5py.Group | None:
    """Return the group of a layer's numbered weights, if it is there and not empty."""
    where = f"{file.path}: {config.label}"
    group = file.weights
    parts = [*config.archive.strip("/").split("/"), "vars"]
    if config.kind in _WITH_CELL:
        parts.insert(-1, "cell")
    for part in parts:
        if not hdf5.guarded(where, lambda group=group, part=part: part in group):  # type: ignore[misc]
            return None
        group = _step(group, part, where)
    _check_name(group, config, where)
    return group if hdf5.guarded(where, lambda: len(group)) else None


def _check_name(group: h5py.Group, config: LayerConfig, where: str) -> None:
    """Newer versions of Keras note whose weights a group holds; a recurrent layer's belong to its cell."""
    if config.kind not in _WITH_CELL and hdf5.guarded(where, lambda: "name" in group.attrs):
        name = hdf5.text_attribute(group, "name", where)
        if name != config.name:
            raise config.error(f"its place in the file holds the weights of '{name[:80]}'")


def _is_same(one: LayerConfig, other: LayerConfig) -> bool:
    if one.path == other.path or one.kind != other.kind:
        return False
    return _without_ids(one.values) == _without_ids(other.values)


def _without_ids(value: object) -> object:
    """Return a configuration without the numbers that Keras gives to objects it meets twice."""
    if isinstance(value, Mapping):
        return {key: _without_ids(one) for key, one in value.items() if key != "shared_object_id"}
    return [_without_ids(one) for one in value] if isinstance(value, list) else value


def _legacy_places(file: KerasFile, root: LayerConfig, variables_of: VariablesOf) -> _Found:
    top = _step(file.weights, "model_weights", str(file.path))
    for layer in root.children:
        wanted = _in_legacy_order(layer, variables_of)
        if not wanted:
            continue
        where = f"{file.path}: model_weights/{layer.name[:80]}"
        group = _step(top, layer.name, where)
        names = _weight_names(group, where)
        if len(names) != len(wanted):
            raise layer.error(f"the file holds {len(names)} weights for it, expected {len(wanted)}")
        for (config, variable), name in zip(wanted, names, strict=True):
            last = name.rsplit("/", 1)[-1].split(":")[0]
            if last not in variable.names:
                raise config.error(f"weight '{name[-80:]}' stands where '{variable.names[0]}' was expected")
            yield config, (variable,), [Place(group, tuple(name.split("/")), where)]


def _in_legacy_order(layer: LayerConfig, variables_of: VariablesOf) -> list[tuple[LayerConfig, Variable]]:
    """Return all variables of a layer and those below it: the trained ones first."""
    trained: list[tuple[LayerConfig, Variable]] = []
    others: list[tuple[LayerConfig, Variable]] = []
    _collect(layer, variables_of, True, trained, others)
    return trained + others


def _collect(
    layer: LayerConfig,
    variables_of: VariablesOf,
    trainable: bool,
    trained: list[tuple[LayerConfig, Variable]],
    others: list[tuple[LayerConfig, Variable]],
) -> None:
    trainable = trainable and layer.flag("trainable", True)
    if layer.children or layer.kind in MODELS:
        for child in layer.children:
            _collect(child, variables_of, trainable, trained, others)
        return
    for variable in variables_of(layer):
        (trained if trainable and variable.trained else others).append((layer, variable))


def _weight_names(group: h5py.Group, where: str) -> list[str]:
    """Return the attribute ``weight_names``, which Keras splits into numbered parts when it is long."""
    if hdf5.guarded(where, lambda: "weight_names" in group.attrs):
        return _texts(group, "weight_names", where)
    names: list[str] = []
    for i in range(_NAME_CHUNKS):
        key = f"weight_names{i}"
        if not hdf5.guarded(where, lambda key=key: key in group.attrs):  # type: ignore[misc]
            break
        names.extend(_texts(group, key, where))
    return names


def _texts(group: h5py.Group, name: str, where: str) -> list[str]:
    size = hdf5.guarded(where, lambda: group.attrs.get_id(name).get_storage_size())
    cap(size, 1 << 20, f"the size in bytes of attribute '{name}'", where)
    values = np.ravel(hdf5.guarded(where, lambda: group.attrs[name])).tolist()
    return [one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in values]


def _step(group: h5py.Group, name: str, where: str) -> h5py.Group:
    _check_link(group, name, where)
    return hdf5.subgroup(group, name, where)


def _check_link(group: h5py.Group, name: str, where: str) -> None:
    """Refuse whatever leads out of the file, or round in it."""
    if name in {"", ".", ".."} or "/" in name:
        raise ModelError(f"{where}: '{name[:80]}' is no name of an entry")
    link = hdf5.guarded(where, lambda: group.get(name, getlink=True))
    if link is not None and not isinstance(link, h5py.HardLink):
        raise ModelError(f"{where}/{name[:80]}: soft and external links are refused")
