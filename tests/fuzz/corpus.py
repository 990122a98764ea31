"""The seed files of the fuzzers, by format; ``corpus/README.md`` says how each was made."""

import gzip
from collections.abc import Mapping
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "corpus"
SUFFIXES: Mapping[str, str] = {
    "keras": ".keras",
    "keras_h5": ".h5",
    "rltools_h5": ".h5",
    "rltools_tar": ".tar",
    "tflite": ".tflite",
    "pt2": ".pt2",
    "onnx": ".onnx",
}
"""Every format that is fuzzed, with the suffix of its files."""


@cache
def seeds(kind: str) -> Mapping[str, bytes]:
    """Return the seed files of a format by name."""
    found = {path.name.removesuffix(".gz"): path for path in sorted(FOLDER.glob(f"*{SUFFIXES[kind]}.gz"))}
    if SUFFIXES[kind] == ".h5":
        found = {name: path for name, path in found.items() if name.startswith("rltools") == (kind == "rltools_h5")}
    return {name: gzip.decompress(path.read_bytes()) for name, path in found.items()}
