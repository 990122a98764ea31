"""The pass: products become integer products, and what lies between two of them stays in integers.

A tensor is held in integers when a quantised layer makes it and all that read it can take integers; everything else
stays float32, and a quantised layer that reads float32 brings it to int16 steps by itself.
"""

from dataclasses import replace

from nn4mc.errors import ConfigError, ModelError
from nn4mc.gate import check
from nn4mc.ir import Graph, Node
from nn4mc.passes.drop_unused import drop_unused
from nn4mc.quantize.between import BETWEEN, move
from nn4mc.quantize.calibrate import Calibration
from nn4mc.quantize.feedforward import FEEDFORWARD, quantize_product
from nn4mc.quantize.recurrent import quantize_recurrent
from nn4mc.quantize.scheme import Quantized, Scheme
from nn4mc.quantize.work import RECURRENT, Work

QUANTIZABLE = (*FEEDFORWARD, *RECURRENT)
"""The operators that hold weights and have integer kernels."""


def quantize(graph: Graph, calibration: Calibration, scheme: Scheme) -> Quantized:
    """Return a lowered float graph with its layers quantised by ``scheme``.

    Raises ConfigError for a layer name that is not there, ModelError when there is nothing to quantise.
    """
    able = [node.name for node in graph.nodes if node.op in QUANTIZABLE]
    unknown = sorted(scheme.keep_float - {node.name for node in graph.nodes})
    if unknown:
        raise ConfigError(f"no layer '{unknown[0]}' to keep float. Layers with weights: {', '.join(able)}")
    if not set(able) - scheme.keep_float:
        raise ModelError(f"model '{graph.name}' has no layer to quantise: found none of {', '.join(QUANTIZABLE)}")
    work = Work(graph, calibration, scheme)
    for node in graph.nodes:
        _one(work, node)
    made = drop_unused(replace(graph, tensors=work.tensors, nodes=tuple(work.nodes)))
    return Quantized(check(made, "quantising"), graph, calibration, work.layers, work.kept)


def _one(work: Work, node: Node) -> None:
    if node.name in work.scheme.keep_float:
        if node.op in QUANTIZABLE:
            work.kept[node.name] = "asked for"
        work.nodes.append(node)
    elif node.op in FEEDFORWARD and work.has_constants(node):
        quantize_product(work, node)
    elif node.op in RECURRENT and work.has_constants(node):
        quantize_recurrent(work, node)
    elif node.op in BETWEEN and node.inputs[0] in work.held:
        move(work, node)
    else:
        work.nodes.append(node)
