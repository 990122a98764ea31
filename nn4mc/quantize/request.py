"""Quantisation as it is asked for: a scheme, and the recordings to calibrate with."""

from dataclasses import dataclass, field

from nn4mc.errors import ConfigError
from nn4mc.ir import Graph
from nn4mc.quantize.calibrate import Recording, calibrate
from nn4mc.quantize.rewrite import quantize
from nn4mc.quantize.scheme import Quantized, Scheme


@dataclass(frozen=True)
class Quantizing:
    """A scheme and the recordings to calibrate with; without any, the model's own examples serve."""

    scheme: Scheme = field(default_factory=Scheme)
    recordings: tuple[Recording, ...] = ()


def quantize_calibrated(graph: Graph, asked: Quantizing) -> Quantized:
    """Return a lowered float graph quantised as asked; ConfigError when there is nothing to calibrate with."""
    return quantize(graph, calibrate(graph, recordings_of(graph, asked)), asked.scheme)


def recordings_of(graph: Graph, asked: Quantizing) -> tuple[Recording, ...]:
    """Return the recordings that were given, or the model's own examples as one."""
    if asked.recordings:
        return asked.recordings
    if graph.source.examples is None:
        raise ConfigError(
            f"model '{graph.name}' brings no example inputs to calibrate with.\n"
            "Give inputs that the network will meet: --calibrate FILE (.npy, .csv, or the .mcap log of a flight)."
        )
    return (Recording("the model's own examples", graph.source.examples),)
