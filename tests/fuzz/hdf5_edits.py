"""Edits of HDF5 files through the library itself: shapes, types, storage, links and attributes, all well-formed."""

import io
from collections.abc import Callable
from random import Random
from typing import Any

import h5py
import numpy as np

from tests.fuzz.json_edits import edit_json

_TYPES = ("<f4", "<f8", ">f4", "<f2", "<i4", "S3", "<c8", "?")
_TEXTS: tuple[Any, ...] = (
    "",
    "gru",
    "dense",
    "TANH",
    "x" * 5000,
    "\u00e9\n*/",
    b"bytes",
    3,
    2.5,
    np.zeros((2, 2)),
    ["a", "b"],
)


def _objects(file: h5py.File) -> list[tuple[h5py.Group, str]]:
    """Return every (group, name) in the file."""
    found: list[tuple[h5py.Group, str]] = []
    file.visititems(lambda name, one: found.append((one.parent, name.rsplit("/", 1)[-1])))
    return found


def _datasets(file: h5py.File) -> list[tuple[h5py.Group, str]]:
    return [(group, name) for group, name in _objects(file) if isinstance(group[name], h5py.Dataset)]


def _values(file: h5py.File, rng: Random) -> None:
    group, name = rng.choice(_datasets(file))
    dataset = group[name]
    plain = not dataset.is_virtual and dataset.external is None
    if plain and dataset.dtype.kind == "f" and 0 < dataset.size < 1 << 20:
        data = dataset[()].reshape(-1)
        data[rng.randrange(data.size)] = rng.choice((np.nan, np.inf, 3e38, -3e38, 1e-45, 0.0))
        dataset[...] = data.reshape(dataset.shape)


def _rewrite(file: h5py.File, rng: Random) -> None:
    """Store a dataset in another shape, type or way."""
    group, name = rng.choice(_datasets(file))
    old = tuple(group[name].shape)
    old = old if group[name].size < 1 << 20 else (3,)
    shapes = [old, old[::-1], (*old, 1), old[1:], (0, *old), tuple(n + 1 for n in old), (3,), (1,) * 20]
    options: dict[str, Any] = rng.choice(({}, {}, {"chunks": True}, {"chunks": True, "compression": "gzip"}))
    shape = rng.choice(shapes)
    options = options if shape and 0 not in shape else {}
    del group[name]
    group.create_dataset(name, data=np.zeros(shape, rng.choice(("<f4", "<f4", *_TYPES))), **options)


def _declare_huge(file: h5py.File, rng: Random) -> None:
    """Declare a dataset that the file does not hold: chunked, it takes no space."""
    group, name = rng.choice(_datasets(file))
    del group[name]
    shape = rng.choice(((1 << 40,), (1 << 31, 1 << 20), (4096, 4096), (1 << 16, 1 << 16)))
    group.create_dataset(name, shape, "<f4", chunks=tuple(min(n, 64) for n in shape))


def _outside(file: h5py.File, rng: Random) -> None:
    group, name = rng.choice(_datasets(file))
    shape = group[name].shape if group[name].size < 1 << 18 else (3,)  # what the file declares may be huge by now
    del group[name]
    if rng.random() < 0.5:
        group.create_dataset(name, shape, "<f4", external=[("/etc/passwd", 0, 1 << 20)])
    else:
        layout = h5py.VirtualLayout(shape, "<f4")
        layout[...] = h5py.VirtualSource("other.h5", "data", shape)
        group.create_virtual_dataset(name, layout)


def _link(file: h5py.File, rng: Random) -> None:
    group, name = rng.choice(_objects(file))
    there = rng.choice(
        (h5py.SoftLink("/"), h5py.SoftLink("/nowhere"), h5py.ExternalLink("/etc/passwd", "/"), file["/"], group)
    )
    del group[name]
    group[name] = there


def _remove(file: h5py.File, rng: Random) -> None:
    group, name = rng.choice(_objects(file))
    del group[name]


def _replace(file: h5py.File, rng: Random) -> None:
    """Put a group where a dataset was, the other way round, or another of the file's objects."""
    group, name = rng.choice(_objects(file))
    other, there = rng.choice(_objects(file))
    swapped = other[there]
    is_dataset = isinstance(group[name], h5py.Dataset)
    del group[name]
    if rng.random() < 0.5:
        group[name] = swapped
    elif is_dataset:
        group.create_group(name)
    else:
        group[name] = np.zeros(3, "<f4")


def _add(file: h5py.File, rng: Random) -> None:
    group, name = rng.choice(_objects(file))
    for i in range(rng.choice((1, 1, 3, 300))):
        group.require_group(rng.choice(("x", "y" * 300, "\u00e9", name + "_2")) + f"_{i}")


def _attribute(file: h5py.File, rng: Random) -> None:
    holders = [file, *(group[name] for group, name in _objects(file))]
    holders = [one for one in holders if len(one.attrs)] or holders
    holder = rng.choice(holders)
    names = list(holder.attrs) or ["type"]
    name = rng.choice(names)
    value = holder.attrs.get(name)
    if name == "model_config" and isinstance(value, (str, bytes)) and rng.random() < 0.95:
        text = value.encode() if isinstance(value, str) else value
        changed = edit_json(text, rng)
        del holder.attrs[name]
        if len(changed) < 60_000:
            holder.attrs[name] = changed.decode()
    elif rng.random() < 0.2:
        del holder.attrs[name]
    elif rng.random() < 0.1:
        holder.attrs[name] = h5py.Empty("f")
    else:
        holder.attrs[name] = rng.choice(_TEXTS)


_EDITS: tuple[Callable[[h5py.File, Random], None], ...] = (
    *(_values, _values, _rewrite, _rewrite, _declare_huge, _outside, _link, _remove, _replace, _add),
    *((_attribute,) * 6),
)


def edit_hdf5(content: bytes, rng: Random) -> bytes:
    """Return an HDF5 file with one or two of its objects changed."""
    memory = io.BytesIO(content)
    with h5py.File(memory, "r+") as file:
        for _ in range(rng.choice((1, 1, 2))):
            if _datasets(file):
                rng.choice(_EDITS)(file, rng)
    return memory.getvalue()
