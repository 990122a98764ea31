"""Whatever is wrong with a tar archive, reading it ends in a ModelError that says where."""

import bz2
import gzip
import lzma
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nn4mc.errors import ModelError, UnsupportedError
from nn4mc.importers import load
from nn4mc.importers.limits import Limits
from nn4mc.importers.options import ImportOptions
from tests.importers.tar_by_hand import Entries, archive, entry, header, small, tensor, values

WEIGHTS = "actor/layers/0/weights/parameters"
FLIPS = 2000


def refused(tmp_path: Path, content: bytes, kind: type[ModelError] = ModelError) -> str:
    """Return the message with which a file is refused."""
    path = tmp_path / "small.tar"
    path.write_bytes(content)
    with pytest.raises(kind) as error:
        load(path)
    message = str(error.value)
    assert str(path) in message and len(message) < 1000 and message.replace("\n", "").isprintable()
    return message


HEADERS: dict[str, tuple[dict[str, bytes], str]] = {
    "hard link": ({"typeflag": b"1", "linkname": b"/etc/passwd"}, "is a hard link"),
    "symbolic link": ({"typeflag": b"2", "linkname": b"/etc/passwd"}, "is a symbolic link"),
    "device": ({"typeflag": b"3"}, "is a device"),
    "block device": ({"typeflag": b"4"}, "is a device"),
    "folder": ({"typeflag": b"5"}, "is a folder"),
    "pipe": ({"typeflag": b"6"}, "is a pipe"),
    "pax": ({"typeflag": b"x"}, "is a pax record"),
    "global pax": ({"typeflag": b"g"}, "is a pax record"),
    "long name": ({"typeflag": b"L"}, "is a long name"),
    "sparse": ({"typeflag": b"S"}, "is a sparse file"),
    "unknown type": ({"typeflag": b"\x1b"}, r"of type b'\x1b'"),
    "absolute name": ({"name": b"/etc/passwd"}, "expected a short path"),
    "parent name": ({"name": b"../escaped"}, "expected a short path"),
    "parent inside": ({"name": b"actor/../meta"}, "expected a short path"),
    "empty segment": ({"name": b"actor//meta"}, "expected a short path"),
    "no name": ({"name": b""}, "expected a short path"),
    "control letters": ({"name": b"a\x1b[2J"}, r"\x1b[2J"),
    "text after the name": ({"name": b"actor\0hidden"}, "expected a short path"),
    "prefix": ({"prefix": b"long"}, "expected a short path"),
    "unended name": ({"name": b"a" * 100, "prefix": b"b"}, "expected a short path"),
    "wrong checksum": ({"chksum": b"0000001"}, "checksum is wrong"),
    "no checksum": ({"chksum": b"zzz"}, "no octal number"),
    "no size": ({"size": b"-1"}, "no octal number"),
    "binary size": ({"size": b"\x80" + bytes(10) + b"\x01"}, "no octal number"),
    "huge size": ({"size": b"77777777777"}, "is cut: 8589934591 bytes declared"),
    "size over the end": ({"size": b"%011o" % 1_000_000}, "is cut"),
    "GNU format": ({"magic": b"ustar ", "version": b" \0"}, "not of the POSIX format"),
    "V7 format": ({"magic": b"", "version": b""}, "not of the POSIX format"),
}


@pytest.mark.parametrize("case", HEADERS)
def test_a_header_beyond_plain_files_is_refused(tmp_path: Path, case: str):
    changed, message = HEADERS[case]
    fields = {"name": b"extra", **changed}
    assert message in refused(tmp_path, header(fields.pop("name"), 0, **fields) + archive(small()))


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, lambda data: b"\x28\xb5\x2f\xfd" + data])
def test_a_packed_archive_is_refused(tmp_path: Path, pack: Callable[[bytes], bytes]):
    assert "unpack it" in refused(tmp_path, pack(archive(small())))


def without(name: str) -> Entries:
    return {key: one for key, one in small().items() if key != name}


ARCHIVES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "group 'actor' is missing"),
    "only an end": (bytes(1024), "group 'actor' is missing"),
    "not a tar": (b"x" * 2000, "not of the POSIX format"),
    "half a header": (archive(small(), b"") + b"x" * 100, "is cut: 100 bytes left"),
    "entries after the end": (archive(small()) + entry("more", b""), "data after the archive's end"),
    "no padding": (archive(small(), b"")[:-1], "is cut"),
    "the same entry twice": (entry("actor/meta", b"type: gru\n") + archive(small()), "'actor/meta' is there twice"),
    "entry and group": (archive({**small(), "actor/layers": b""}), "both an entry and a group"),
    "group in an entry": (archive({"actor": b"", **small()}), "lies in an entry"),
    "deep": (archive({**small(), "a/" * 20 + "a": b""}), "the depth of groups is 20"),
    "many entries": (b"".join(entry(f"x{i}", b"") for i in range(20_001)), "number of entries is 20,001"),
    "another root": (archive({**small(), "critic/meta": b""}), "unexpected entry 'critic'"),
    "root attributes": (archive({**without("actor/meta"), "actor/data": b""}), "unexpected entry 'data'"),
    "no meta": (archive(without("actor/meta")), "actor: entry 'meta' is missing"),
    "no layer meta": (archive(without("actor/layers/1/meta")), "layers/1: entry 'meta' is missing"),
    "no array meta": (archive(without(f"{WEIGHTS}/meta")), "entry 'meta' is missing"),
    "no data": (archive(without(f"{WEIGHTS}/data")), "parameters: entry 'data' is missing"),
    "group for data": (archive({**without(f"{WEIGHTS}/data"), f"{WEIGHTS}/data/x": b""}), "entry 'data' is missing"),
    "group for meta": (archive({**without(f"{WEIGHTS}/meta"), f"{WEIGHTS}/meta/x": b""}), "entry 'meta' is missing"),
    "more in an array": (archive({**small(), f"{WEIGHTS}/gradient": b""}), "unexpected entry 'gradient'"),
    "a parameter more": (
        archive({**small(), **tensor("actor/layers/0/scale", np.zeros(1))}),
        "unexpected entry 'scale'",
    ),
    "layer 4 of 3": (archive({**small(), "actor/layers/4/meta": b"type: gru\n"}), "unexpected entry '4'"),
}


@pytest.mark.parametrize("case", ARCHIVES)
def test_a_wrong_archive_is_refused(tmp_path: Path, case: str):
    content, message = ARCHIVES[case]
    assert message in refused(tmp_path, content)


def described(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


SOUND = ("type: tensor", "dtype: float32", "num_dims: 2", "dim_0: 4", "dim_1: 3")
METAS: dict[str, tuple[bytes, str]] = {
    "key missing": (described(*SOUND[:-1]), "key 'dim_1' is missing"),
    "key too many": (described(*SOUND, "stride: 2"), "unexpected attribute 'stride'"),
    "dimension too many": (described(*SOUND, "dim_2: 1"), "unexpected attribute 'dim_2'"),
    "key twice": (described(*SOUND, "dim_1: 3"), "key 'dim_1' is there twice"),
    "no type": (described(*SOUND[1:]), "key 'type' is missing"),
    "no dtype": (described(SOUND[0], *SOUND[2:]), "key 'dtype' is missing"),
    "other type": (described("type: sparse", *SOUND[1:]), "'sparse', expected 'tensor' or 'matrix'"),
    "float64": (described(SOUND[0], "dtype: float64", *SOUND[2:]), "'float64', expected 'float32'"),
    "matrix as tensor": (described("type: matrix", *SOUND[1:]), "unexpected attribute 'num_dims'"),
    "no number": (described(*SOUND[:-1], "dim_1: 3x"), "'3x', expected a number"),
    "negative": (described(*SOUND[:-1], "dim_1: -3"), "'-3', expected a number"),
    "leading zero": (described(*SOUND[:-1], "dim_1: 03"), "'03', expected a number"),
    "other digits": (described(*SOUND[:-1], "dim_1: \u0663"), "expected a number"),
    "long number": (described(*SOUND[:-1], "dim_1: " + "9" * 1000), "expected a number"),
    "too large": (described(*SOUND[:-1], "dim_1: 999999999"), "number of values of shape (4, 999999999)"),
    "many dimensions": (described(*SOUND[:2], "num_dims: 9"), "number of dimensions is 9"),
    "other shape": (described(*SOUND[:-1], "dim_1: 4"), "48 bytes, expected 64"),
    "nothing": (described(*SOUND[:-1], "dim_1: 0"), "48 bytes, expected 0"),
    "scalar": (described(*SOUND[:2], "num_dims: 0"), "48 bytes, expected 4"),
    "turned": (described(*SOUND[:3], "dim_0: 2", "dim_1: 6"), "4 values, expected 2"),
    "no colon": (described("type tensor", *SOUND[1:]), "'type tensor' is no line"),
    "empty line": (described(*SOUND, ""), "'' is no line"),
    "windows lines": (b"type: tensor\r\n", "is no line"),
    "control letters": (described("type: \x1b[2J", *SOUND[1:]), "is no line"),
    "no end": (described(*SOUND) + b"x: 1", "the last line, 'x: 1', has no end"),
    "not text": (b"\xff\xfe\n", "is not text"),
    "long": (described(*SOUND) + b"x: " + b"y" * 5000 + b"\n", "size in bytes is"),
}


@pytest.mark.parametrize("case", METAS)
def test_a_wrong_description_is_refused(tmp_path: Path, case: str):
    content, message = METAS[case]
    assert message in refused(tmp_path, archive({**small(), f"{WEIGHTS}/meta": content}))


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_values_are_finite(tmp_path: Path, bad: float):
    content = archive({**small(), f"{WEIGHTS}/data": values(*[0.5] * 11, bad)})
    assert "parameters: holds NaN or Inf" in refused(tmp_path, content)


@pytest.mark.parametrize(("size", "found"), [(47, 47), (52, 52), (0, 0)])
def test_data_fills_its_shape(tmp_path: Path, size: int, found: int):
    content = archive({**small(), f"{WEIGHTS}/data": bytes(size)})
    assert f"{found} bytes, expected 48" in refused(tmp_path, content)


def test_a_layer_with_an_attribute_that_is_not_known_is_refused(tmp_path: Path):
    entries = {**small(), "actor/layers/1/meta": b"type: gru\nfast_tanh: 1\n"}
    assert "layers/1: unexpected attribute 'fast_tanh', expected only type" in refused(tmp_path, archive(entries))


def test_all_layers_without_a_kernel_are_named(tmp_path: Path):
    entries = {**small(), "actor/layers/1/meta": b"type: lstm\n"}
    entries["actor/layers/2/meta"] = b"activation_function: GELU\ntype: dense\n"
    message = refused(tmp_path, archive(entries), UnsupportedError)
    assert "layer type 'lstm'" in message and "activation 'GELU'" in message


@pytest.mark.parametrize(
    ("limits", "what"),
    [
        (Limits(file_bytes=100), "size in bytes"),
        (Limits(parameters=10), "values of shape"),
        (Limits(nodes=2), "layers"),
    ],
)
def test_limits_are_checked(tmp_path: Path, limits: Limits, what: str):
    path = tmp_path / "small.tar"
    path.write_bytes(archive(small()))
    with pytest.raises(ModelError, match=f"{what}.*more than the limit"):
        load(path, ImportOptions(limits=limits))


def test_bytes_changed_anywhere_give_a_network_or_an_error(tmp_path: Path):
    original, path = archive(small()), tmp_path / "small.tar"
    rng = random.Random(3)
    read = 0
    for _ in range(FLIPS):
        data = bytearray(original)
        for _ in range(rng.choice((1, 1, 2, 8))):
            data[rng.randrange(len(data))] = rng.randrange(256)
        path.write_bytes(data)
        try:
            graph = load(path)
        except ModelError as error:
            assert str(error).startswith(str(path)) or str(path) in str(error)
            continue
        assert all(np.isfinite(one.data).all() for one in graph.tensors.values() if one.data is not None)
        read += 1
    assert 0 < read < FLIPS
