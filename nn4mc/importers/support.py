"""What nn4mc reads and computes, told by the very tables it dispatches on: `nn4mc ops` and docs/operators.md."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from nn4mc.errors import ToolMissingError
from nn4mc.ops import OPERATORS

QUANTISED = frozenset({"q_conv_float", "q_dense_float", "q_gru", "q_lstm", "q_rnn", "to_steps"})
"""Operators that no file holds: quantising makes them."""
SOURCES = Path(__file__).with_name("operator_sources.json")
"""Which operators each name of a format becomes: recorded over the models of the tests, never written by hand."""


@dataclass(frozen=True)
class OperatorSupport:
    """An operator with C of its own: what it computes, the types it takes, the attributes it knows.

    ``sources`` are the names, by format, of what becomes this operator, alone or with others; those that become the
    fewest operators come first.
    """

    name: str
    about: str
    types: tuple[str, ...]
    attributes: tuple[str, ...]
    sources: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class FormatSupport:
    """What is read of a file format.

    ``read`` maps the format's own names of layers or operators to a note, often empty; ``becomes`` maps those of them
    that some model of the tests has to the operators they become; ``refused`` maps some that are not read to what to
    do about them; ``limits`` holds for the format as a whole.
    """

    title: str
    files: str
    limits: str
    read: Mapping[str, str]
    becomes: Mapping[str, tuple[str, ...]]
    refused: Mapping[str, str]


def operators() -> list[OperatorSupport]:
    """Return every operator that has C, by name."""
    return [
        OperatorSupport(one.name, one.about, one.types, one.attributes, _sources(one.name))
        for one in OPERATORS.values()
    ]


@cache
def _recorded() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    tables = json.loads(SOURCES.read_text())
    return {name: {one: tuple(ops) for one, ops in table.items()} for name, table in tables.items()}


def _becomes(name: str, nothing: Iterable[str] = ()) -> dict[str, tuple[str, ...]]:
    """Return what is recorded of a format; names of ``nothing`` are read without a reader that could add a node."""
    return {**dict.fromkeys(nothing, ()), **_recorded()[name]}


def _sources(op: str) -> dict[str, tuple[str, ...]]:
    found = {}
    for name, table in _recorded().items():
        makers = [one for one, ops in table.items() if op in ops]
        if makers:
            found[name] = tuple(sorted(makers, key=lambda one: (len(table[one]), one.lower(), one)))
    return found


def _keras() -> FormatSupport:
    from nn4mc.importers import keras_activations  # noqa: PLC0415 - only this format's readers
    from nn4mc.importers import keras_kinds as kinds  # noqa: PLC0415

    read = dict.fromkeys((*kinds.LAYERS, *kinds.STRUCTURE), "")
    read |= dict.fromkeys((f"ops.{name}" for name in kinds.OPERATIONS), "")
    read["TFOpLambda"] = "functions of TensorFlow that Keras 2 stores by name"
    read |= dict.fromkeys(kinds.STRUCTURE, "holds layers")
    read |= dict.fromkeys((f"activation={name}" for name in keras_activations.names()), "of any layer that takes one")
    limits = "float32; Sequential and Functional models, nested too; no code of the model's own, no masks."
    return FormatSupport(
        "Keras", ".keras .h5 .hdf5", limits, _sorted(read), _becomes("keras", kinds.STRUCTURE), _sorted(kinds.WHY_NOT)
    )


def _tflite() -> FormatSupport:
    from nn4mc.importers import tflite  # noqa: PLC0415 - only this format's readers

    tables = {"float32": tflite.FLOAT_READERS, "int8": tflite.INT8_READERS}
    names = {name for table in tables.values() for name in table}
    read = {name: " ".join(kind for kind, table in tables.items() if name in table) for name in names}
    limits = "float32, also with float16 or int8 weights, and int8 throughout; input shapes are fixed."
    return FormatSupport(
        "TensorFlow Lite", ".tflite", limits, _sorted(read), _becomes("tflite"), _sorted(tflite.ADVICE)
    )


def _torch() -> FormatSupport:
    from nn4mc.importers import torch_operators  # noqa: PLC0415 - only this format's readers

    read = dict.fromkeys(torch_operators.READERS, "")
    read |= dict.fromkeys(torch_operators.CHECKS, "makes nothing: a check of the program")
    refused = {".pt .pth .ckpt": "pickles are never loaded; save with torch.export.save"}
    becomes = _becomes("torch", torch_operators.CHECKS)
    limits = "torch.export programs and, in Python, live modules, in float32; ATen operators, in place or not."
    return FormatSupport("PyTorch", ".pt2", limits, _sorted(read), becomes, refused)


def _onnx() -> FormatSupport:
    from nn4mc.importers.onnx_constants import EVALUATORS  # noqa: PLC0415 - needs the package onnx
    from nn4mc.importers.onnx_file import OLDEST_OPSET  # noqa: PLC0415
    from nn4mc.importers.onnx_nodes import READERS  # noqa: PLC0415

    read = {name: "" if name in READERS else "of constants only" for name in (*READERS, *EVALUATORS)}
    refused = {"If Loop Scan": "export with fixed sizes and without branches"}
    becomes = _becomes("onnx", EVALUATORS.keys() - READERS.keys())
    limits = f"float32 in and out, opset {OLDEST_OPSET} and newer; what ONNX defines by these is read as these."
    return FormatSupport("ONNX", ".onnx", limits, _sorted(read), becomes, refused)


def _rltools() -> FormatSupport:
    from nn4mc.importers import rltools  # noqa: PLC0415 - only this format's readers

    limits = "float32; a sequential actor, compiled as one step that carries its state."
    return FormatSupport("RLtools", ".h5 .tar", limits, _sorted(rltools.supported()), _becomes("rltools"), {})


_FORMATS: Mapping[str, Callable[[], FormatSupport]] = {
    "keras": _keras,
    "tflite": _tflite,
    "torch": _torch,
    "onnx": _onnx,
    "rltools": _rltools,
}
FORMATS = tuple(_FORMATS)
"""The formats, by the name that `nn4mc ops --format` takes."""


def format_support(name: str) -> FormatSupport:
    """Return what is read of one of `FORMATS`; ToolMissingError when a package that reads it is not installed."""
    return _FORMATS[name]()


def formats() -> dict[str, FormatSupport | str]:
    """Return all formats by name; for one that cannot be read here, what is missing."""
    found: dict[str, FormatSupport | str] = {}
    for name in FORMATS:
        try:
            found[name] = format_support(name)
        except ToolMissingError as error:
            found[name] = str(error)
    return found


def _sorted(notes: Mapping[str, str]) -> dict[str, str]:
    return dict(sorted(notes.items(), key=lambda one: (one[0].lower(), one[0])))
