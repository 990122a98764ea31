"""Checkpoints in tar archives laid out field by field from RLtools' header struct, without any other writer."""

import struct
from collections.abc import Mapping

import numpy as np

from nn4mc.ir import Float32Array
from tests.importers.checkpoints import HIDDEN, IN, OUT, STEPS, draw

Entries = dict[str, bytes]

# name, mode, uid, gid, size, mtime, chksum, typeflag, linkname, magic, version, uname, gname, devmajor, devminor,
# prefix, padding: `struct header` of rl_tools/persist/backends/tar/tar.h.
_HEADER = struct.Struct("100s8s8s8s12s12s8sc100s6s2s32s32s8s8s155s12s")


def header(name: bytes, length: int, **changed: bytes) -> bytes:
    """Return a header with fields changed; its checksum is right unless that is changed too."""
    fields = {"name": name, "mode": b"0000644", "uid": b"0001750", "gid": b"0001750", "size": b"%011o" % length}
    fields |= {"mtime": b"0" * 11, "chksum": b" " * 8, "typeflag": b"0", "linkname": b"", "magic": b"ustar"}
    fields |= {"version": b"00", "uname": b"user", "gname": b"group", "devmajor": b"", "devminor": b""}
    fields |= {"prefix": b"", "padding": b""} | {key: one for key, one in changed.items() if key != "chksum"}
    fields["chksum"] = changed.get("chksum", b"%07o" % sum(_HEADER.pack(*fields.values())))
    return _HEADER.pack(*fields.values())


def entry(name: str, content: bytes) -> bytes:
    """Return one entry, filled up to 512 bytes."""
    return header(name.encode(), len(content)) + content + bytes(-len(content) % 512)


def archive(entries: Mapping[str, bytes], end: bytes = bytes(1024)) -> bytes:
    return b"".join(entry(name, content) for name, content in entries.items()) + end


def tensor(path: str, values: Float32Array) -> Entries:
    dims = "".join(f"dim_{i}: {length}\n" for i, length in enumerate(values.shape))
    meta = f"type: tensor\ndtype: float32\nnum_dims: {values.ndim}\n{dims}"
    return {f"{path}/meta": meta.encode(), f"{path}/data": struct.pack(f"<{values.size}f", *values.ravel().tolist())}


def matrix(path: str, values: Float32Array) -> Entries:
    """Return a matrix as older versions of RLtools write it."""
    rows, columns = values.shape
    meta = f"type: matrix\ndtype: float32\nrows: {rows}\ncols: {columns}\n"
    return {**tensor(path, values), f"{path}/meta": meta.encode()}


def small(two_dimensional=tensor) -> Entries:  # type: ignore[no-untyped-def]
    """Return the entries of the checkpoint that `checkpoints.write_checkpoint` writes as HDF5."""
    layers = "actor/layers"
    return {
        "actor/meta": b"checkpoint_name: small\ntype: sequential\n",
        **two_dimensional(f"{layers}/0/weights/parameters", draw(HIDDEN, IN)),
        **two_dimensional(f"{layers}/0/biases/parameters", draw(1, HIDDEN)),
        f"{layers}/0/meta": b"activation_function: RELU\ntype: dense\n",
        **tensor(f"{layers}/1/weights_input/parameters", draw(3 * HIDDEN, HIDDEN, seed=1)),
        **tensor(f"{layers}/1/biases_input/parameters", draw(1, 3 * HIDDEN, seed=3)),
        **tensor(f"{layers}/1/weights_hidden/parameters", draw(3 * HIDDEN, HIDDEN, seed=2)),
        **tensor(f"{layers}/1/biases_hidden/parameters", draw(1, 3 * HIDDEN, seed=4)),
        **tensor(f"{layers}/1/initial_hidden_state/parameters", draw(1, HIDDEN, seed=5)),
        f"{layers}/1/meta": b"type: gru\n",
        **two_dimensional(f"{layers}/2/weights/parameters", draw(OUT, HIDDEN)),
        **two_dimensional(f"{layers}/2/biases/parameters", draw(1, OUT)),
        f"{layers}/2/meta": b"activation_function: IDENTITY\ntype: dense\n",
        **tensor("example/input", draw(STEPS, 2, IN)),
        **tensor("example/output", draw(STEPS, 2, OUT)),
    }


def values(*numbers: float) -> bytes:
    return np.array(numbers, "<f4").tobytes()
