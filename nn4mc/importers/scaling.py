"""Input and output scaling baked into a network: `nn4mc compile --normalize scaling.json`.

The network was trained on (x - mean) / scale and its outputs stand for y * scale + mean. The file names both:

    {"input": {"mean": [..], "scale": [..]}, "output": {"mean": [..], "scale": [..]}}

Each list has one number, one for every element, or one for every place on the last axis (the features of a window).
Either part may be left out.
"""

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np

from nn4mc.errors import ConfigError
from nn4mc.ir import FLOAT32, Graph, Node, Tensor
from nn4mc.ops.base import size


class Affine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Mean and scale of one side; one number for all elements, or one each."""

    mean: tuple[float, ...] = (0.0,)
    scale: tuple[float, ...] = (1.0,)


class Scaling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands before and behind the network."""

    input: Affine | None = None
    output: Affine | None = None


def read_scaling(path: Path) -> Scaling:
    """Read a scaling file; ConfigError with the place in it when it is damaged or does not fit the schema."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Scaling)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not a scaling file: {error}") from error
    for side, affine in (("input", found.input), ("output", found.output)):
        if affine is not None and not all(np.isfinite(affine.mean)):
            raise ConfigError(f"{path}, {side}: a mean is not finite")
        if affine is not None and not all(np.isfinite(one) and one != 0.0 for one in affine.scale):
            raise ConfigError(f"{path}, {side}: every scale must be finite and not 0")
    return found


def apply_scaling(graph: Graph, scaling: Scaling) -> Graph:
    """Return the graph with scaling around it; ConfigError unless it has one float input and one float output."""
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        raise ConfigError("--normalize needs a network with one input and one output")
    if any(graph.tensors[name].dtype != FLOAT32 for name in (*graph.inputs, *graph.outputs)):
        raise ConfigError("--normalize needs float inputs and outputs; an integer network carries its own scale")
    if scaling.input is not None:
        graph = _before(graph, scaling.input)
    return graph if scaling.output is None else _behind(graph, scaling.output)


def _before(graph: Graph, affine: Affine) -> Graph:
    """x' = x * (1 / scale) - mean / scale: the network's old input becomes what a mul and an add make."""
    old = graph.inputs[0]
    shape = graph.tensors[old].shape
    new, scaled = _free(graph, f"{old}_raw"), _free(graph, f"{old}_scaled")
    mean, scale = _values(affine.mean, shape, "input mean"), _values(affine.scale, shape, "input scale")
    tensors = {name: Tensor(name, shape) for name in (new, scaled)}
    factor, offset = _constants(graph, old, 1.0 / scale, -mean / scale)
    tensors |= {one.name: one for one in (factor, offset)}
    nodes = (
        Node(_free_node(graph, f"{old}_scale"), "mul", (new, factor.name), (scaled,)),
        Node(_free_node(graph, f"{old}_shift"), "add", (scaled, offset.name), (old,)),
    )
    return replace(graph, tensors={**graph.tensors, **tensors}, nodes=(*nodes, *graph.nodes), inputs=(new,))


def _behind(graph: Graph, affine: Affine) -> Graph:
    """y' = y * scale + mean."""
    old = graph.outputs[0]
    shape = graph.tensors[old].shape
    scaled, new = _free(graph, f"{old}_scaled"), _free(graph, f"{old}_raw")
    mean, scale = _values(affine.mean, shape, "output mean"), _values(affine.scale, shape, "output scale")
    tensors = {name: Tensor(name, shape) for name in (new, scaled)}
    factor, offset = _constants(graph, old, scale, mean)
    tensors |= {one.name: one for one in (factor, offset)}
    nodes = (
        Node(_free_node(graph, f"{old}_scale"), "mul", (old, factor.name), (scaled,)),
        Node(_free_node(graph, f"{old}_shift"), "add", (scaled, offset.name), (new,)),
    )
    return replace(graph, tensors={**graph.tensors, **tensors}, nodes=(*graph.nodes, *nodes), outputs=(new,))


def _values(
    given: tuple[float, ...], shape: tuple[int, ...], what: str
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return numbers that broadcast to ``shape``: a scalar, one for each place on the last axis, or one each."""
    values = np.array(given, np.float64)
    if values.size == 1:
        return values.reshape(())
    if shape and values.size == shape[-1]:
        return values
    if values.size == size(shape):
        return values.reshape(shape)
    raise ConfigError(f"--normalize: the {what} has {values.size} numbers, expected 1, {shape[-1:]} or {size(shape)}")


def _constants(graph: Graph, stem: str, factor: object, offset: object) -> tuple[Tensor, Tensor]:
    made = []
    for name, values in ((f"{stem}_factor", factor), (f"{stem}_offset", offset)):
        data = np.asarray(values, np.float32)
        if not np.isfinite(data).all():
            raise ConfigError("--normalize: a scale is too small or too large for float32")
        made.append(Tensor(_free(graph, name), data.shape, data))
    return made[0], made[1]


def _free(graph: Graph, name: str) -> str:
    while name in graph.tensors:
        name += "_"
    return name


def _free_node(graph: Graph, name: str) -> str:
    while any(node.name == name for node in graph.nodes):
        name += "_"
    return name
