"""The identity of what generated code computes: equal for equal networks, other for any changed weight."""

import hashlib
import json

import numpy as np

from nn4mc.ir import Graph

ID_DIGITS = 16


def model_id(graph: Graph) -> str:
    """Return 16 hex digits of the sha256 over a lowered graph: its operators, wiring, shapes and every constant."""
    structure = {
        "nodes": [[node.op, node.inputs, node.outputs, sorted(node.attributes.items())] for node in graph.nodes],
        "shapes": sorted((name, tensor.shape, tensor.dtype) for name, tensor in graph.tensors.items()),
        "quantization": sorted(
            (name, repr(tensor.quantization)) for name, tensor in graph.tensors.items() if tensor.quantization
        ),
        "inputs": graph.inputs,
        "outputs": graph.outputs,
        "states": [[state.before, state.after] for state in graph.states],
    }
    digest = hashlib.sha256(json.dumps(structure, sort_keys=True).encode())
    for name in sorted(graph.tensors):
        data = graph.tensors[name].data
        if data is not None:
            digest.update(np.ascontiguousarray(data, dtype=data.dtype.newbyteorder("<")).tobytes())
    for state in graph.states:
        digest.update(np.ascontiguousarray(state.initial, dtype="<f4").tobytes())
    return digest.hexdigest()[:ID_DIGITS]
