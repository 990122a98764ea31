"""Reads a trained folder back as a forward model."""

import hashlib
from dataclasses import replace
from pathlib import Path

from nn4mc.errors import ModelError
from nn4mc.forward_model import ForwardModel
from nn4mc.importers import load
from nn4mc.importers.options import DEFAULT_OPTIONS
from nn4mc.ir import Graph
from nn4mc.ops.base import size
from nn4mc.train.metadata import METADATA, read_metadata


def load_trained(folder: str | Path) -> ForwardModel:
    """Return the model of a folder that `nn4mc train` wrote, or of a model.toml written by hand beside any model file.

    Raises ModelError when model.toml or the model is missing or damaged, is not the one that was trained, or takes and
    gives other numbers of words than nd, dd and the signals say.
    """
    folder = Path(folder)
    metadata = read_metadata(folder)
    path = folder / metadata.file
    if metadata.sha256:
        _check_hash(path, metadata.sha256)
    graph = load(path, replace(DEFAULT_OPTIONS, stateful=metadata.stateful))
    model = ForwardModel(
        graph=replace(graph, name=metadata.name),
        nd=metadata.nd,
        dd=metadata.dd,
        inputs=tuple(one.signal() for one in metadata.inputs),
        outputs=tuple(one.signal() for one in metadata.outputs),
        sensors=tuple(one.signal() for one in metadata.sensors),
        sample_time_s=metadata.sample_time_s,
    )
    _check_sizes(model, path)
    return model


def _check_hash(path: Path, expected: str) -> None:
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error
    if found != expected:
        raise ModelError(
            f"{path}: sha256 {found[:16]}.., {METADATA} says {expected[:16]}..\nTrain again, or correct {METADATA}."
        )


def _check_sizes(model: ForwardModel, path: Path) -> None:
    found = (_words(model.graph, model.graph.inputs), _words(model.graph, model.graph.outputs))
    expected = (model.window_len, model.p)
    if found != expected:
        raise ModelError(
            f"{path}: takes {found[0]} words and gives {found[1]}; {METADATA} says {expected[0]} "
            f"(nd {model.nd} x {model.m} + dd {model.dd} x {model.p} + {model.q}) and {expected[1]}"
        )


def _words(graph: Graph, names: tuple[str, ...]) -> int:
    return sum(size(graph.tensors[name].shape) for name in names)
