"""Writes an RLtools checkpoint as the tar archive that RLtools, and PX4's mc_raptor with it, loads as policy.tar.

Order of entries, header fields and ``meta`` texts are those of RLtools' own writer (persist/backends/tar), and nothing
else goes in: the same checkpoint gives the same bytes. Like its `finalize`, this ends the archive with two empty
blocks.
"""

from functools import partial
from pathlib import Path

import h5py
import numpy as np

from nn4mc.errors import ModelError
from nn4mc.importers import hdf5
from nn4mc.importers.isolated import isolated
from nn4mc.importers.limits import DEFAULT_LIMITS, Limits, cap
from nn4mc.importers.messages import quoted
from nn4mc.importers.options import ImportOptions
from nn4mc.importers.rltools import ATTRIBUTES, PARAMETERS
from nn4mc.importers.rltools_group import Group
from nn4mc.importers.rltools_hdf5 import load as check
from nn4mc.importers.rltools_hdf5 import root_group
from nn4mc.importers.ustar import BLOCK
from nn4mc.ir import Float32Array

_MOST_ACTOR_META_BYTES = 255
"""What PX4's mc_raptor has room for."""
_END = bytes(2 * BLOCK)


def policy_tar(checkpoint: Path, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Return the archive of a checkpoint in HDF5, with its first examples if it brings any.

    PX4 wants an attribute ``checkpoint_name`` of the actor; where the checkpoint has none, the file's name stands in.
    Raises ModelError for a damaged checkpoint, UnsupportedError for one that nn4mc does not read.
    """
    return isolated(partial(_archive, checkpoint, limits), str(checkpoint))


def _archive(checkpoint: Path, limits: Limits) -> bytes:
    check(checkpoint, checkpoint.stem, ImportOptions(limits=limits))
    with hdf5.guarded(str(checkpoint), lambda: h5py.File(checkpoint, "r")) as file:
        return b"".join(_entries(root_group(file, checkpoint, limits), checkpoint.stem)) + _END


def _entries(root: Group, stem: str) -> list[bytes]:
    actor = root.group("actor")
    named = "checkpoint_name" in actor.attributes(("checkpoint_name", "meta", "type"))
    name = actor.text("checkpoint_name") if named else stem
    text = _text(actor.where, {"checkpoint_name": name, "type": actor.text("type")})
    cap(len(text), _MOST_ACTOR_META_BYTES, "the size in bytes of all attributes", actor.where)
    entries = [_entry("actor/meta", text)]
    layers = actor.group("layers")
    for index in range(layers.count()):
        entries += _layer(layers.group(str(index)), f"actor/layers/{index}")
    if "example" in root.members(("actor", "example")):
        example = root.group("example")
        for part in ("input", "output"):
            entries += _array(f"example/{part}", example.array(part))
    return entries


def _layer(layer: Group, path: str) -> list[bytes]:
    kind = layer.text("type")
    entries: list[bytes] = []
    for name in PARAMETERS[kind]:
        entries += _array(f"{path}/{name}/parameters", layer.group(name).array("parameters"))
    attributes = _text(layer.where, {key: layer.text(key) for key in ATTRIBUTES[kind]})
    return [*entries, _entry(f"{path}/meta", attributes)]


def _array(path: str, values: Float32Array) -> list[bytes]:
    sizes = {f"dim_{i}": str(length) for i, length in enumerate(values.shape)}
    meta = {"type": "tensor", "dtype": "float32", "num_dims": str(values.ndim), **sizes}
    data = np.ascontiguousarray(values, "<f4").tobytes()
    return [_entry(f"{path}/meta", _text(path, meta)), _entry(f"{path}/data", data)]


def _text(where: str, values: dict[str, str]) -> bytes:
    for key, value in values.items():
        if not value.isprintable():
            raise ModelError(f"{where}: attribute '{key}' is {quoted(value)}, expected one line of text")
    return "".join(f"{key}: {value}\n" for key, value in values.items()).encode()


def _entry(name: str, content: bytes) -> bytes:
    """Return a header and the content, filled up to whole blocks."""
    fields = (
        name.encode().ljust(100, b"\0"),
        *(f"{number:0{digits}o}\0".encode() for number, digits in ((0o644, 7), (1000, 7), (1000, 7))),
        *(f"{number:011o}\0".encode() for number in (len(content), 0)),
        b" " * 8,
        b"0".ljust(101, b"\0"),
        b"ustar\x0000",
        b"user".ljust(32, b"\0") + b"group".ljust(32, b"\0"),
    )
    header = b"".join(fields).ljust(BLOCK, b"\0")
    checksum = f"{sum(header):07o}\0".encode()
    return header[:148] + checksum + header[156:] + content + bytes(-len(content) % BLOCK)
