"""Keras models: ``.keras`` archives, and the legacy HDF5 format of Keras 2 and 3. Keras itself is never imported."""

import hashlib
from pathlib import Path

from nn4mc.importers.builder import GraphBuilder
from nn4mc.importers.keras_archive import open_keras
from nn4mc.importers.keras_config import LayerConfig, parse_config
from nn4mc.importers.keras_inputs import model_inputs, runs_stateful
from nn4mc.importers.keras_kinds import refusals, variables_of
from nn4mc.importers.keras_layer import Context
from nn4mc.importers.keras_walk import Walker
from nn4mc.importers.keras_weights import Weights
from nn4mc.importers.options import ImportOptions
from nn4mc.ir import Graph, Source


def load(path: Path, name: str, options: ImportOptions) -> Graph:
    """Read a Keras model into a graph whose shapes have no batch axis.

    Raises ModelError for a damaged or hostile file and for a window of open length without ``options.stateful``;
    UnsupportedError naming all layers without a C kernel.
    """
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    builder = GraphBuilder(name, str(path))
    with open_keras(path, options.limits) as file:
        root = parse_config(file.config, str(path), options.limits)
        for refusal in refusals(root, file.version):
            builder.refuse(refusal)
        builder.raise_refusals()
        weights = Weights(file, root, variables_of, options.limits)
        stateful = runs_stateful(root, options.stateful)
        context = Context(builder, weights, options.limits, file.version, stateful)
        outputs = _build(root, context)
    return builder.finish(outputs, Source("keras", digest))


def _build(root: LayerConfig, context: Context) -> tuple[str, ...]:
    """Declare the inputs, walk the model, and return its outputs; () when something was refused."""
    tensors = []
    for one in model_inputs(root, context.stateful, context.limits):
        tensors.append(context.graph.input(one.name, one.shape))
        if one.timed:
            context.timed.add(tensors[-1])
    return Walker(context).model(root, tuple(tensors)) or ()
