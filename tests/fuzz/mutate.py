"""From a format and a number to one damaged file, the same wherever the corpus is the same (but for times in HDF5)."""

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from random import Random

from tests.fuzz.bytes_edits import edit_bytes
from tests.fuzz.corpus import seeds
from tests.fuzz.flatbuffer_edits import edit_flatbuffer
from tests.fuzz.hdf5_edits import edit_hdf5
from tests.fuzz.onnx_edits import edit_onnx
from tests.fuzz.tar_edits import edit_tar
from tests.fuzz.zip_edits import edit_zip

_EDITS: Mapping[str, Callable[[bytes, Random], bytes]] = {
    "keras": edit_zip,
    "keras_h5": edit_hdf5,
    "rltools_h5": edit_hdf5,
    "rltools_tar": edit_tar,
    "tflite": edit_flatbuffer,
    "pt2": edit_zip,
    "onnx": edit_onnx,
}
_STRUCTURED = 0.6


def available(kind: str) -> bool:
    """Return whether a format can be fuzzed here: ONNX files are read by the package onnx."""
    return kind != "onnx" or find_spec("onnx") is not None


def mutant(kind: str, number: int) -> bytes:
    """Return the damaged file of a format with this number; one in five hundred is whole."""
    rng = Random(f"{kind}:{number}")
    content = seeds(kind)[rng.choice(sorted(seeds(kind)))]
    if rng.random() < 0.002:
        return content
    structured = rng.random()
    if structured < _STRUCTURED:
        content = _EDITS[kind](content, rng)
    if structured >= _STRUCTURED * 0.9:
        content = edit_bytes(content, rng)
    return content
