"""Quantisation as it is asked for: a scheme, and the inputs to calibrate with."""

from dataclasses import dataclass

from nn4mc.errors import ConfigError
from nn4mc.ir import Float32Array, Graph
from nn4mc.quantize.calibrate import calibrate
from nn4mc.quantize.rewrite import quantize
from nn4mc.quantize.scheme import Quantized, Scheme


@dataclass(frozen=True)
class Quantizing:
    """``sequences`` (steps, in) each start from the initial state; without any, the model's own examples serve."""

    scheme: Scheme = Scheme()
    sequences: tuple[Float32Array, ...] = ()


def quantize_calibrated(graph: Graph, asked: Quantizing) -> Quantized:
    """Return a lowered float graph quantised as asked; ConfigError when there is nothing to calibrate with."""
    return quantize(graph, calibrate(graph, calibration_sequences(graph, asked)), asked.scheme)


def calibration_sequences(graph: Graph, asked: Quantizing) -> tuple[Float32Array, ...]:
    """Return the sequences that were given, or the model's own examples."""
    if asked.sequences:
        return asked.sequences
    if graph.source.examples is None:
        raise ConfigError(
            f"model '{graph.name}' brings no example inputs to calibrate with.\n"
            "Give some that the network will meet: --calibrate FILE (.npy, .csv, or the .mcap log of a flight)."
        )
    return (graph.source.examples,)
