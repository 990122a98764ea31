"""What a user asks of quantisation, and what each layer got."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nn4mc.errors import ConfigError
from nn4mc.ir import INT8, INT16, Graph
from nn4mc.quantize.calibrate import Calibration
from nn4mc.quantize.scales import Steps

TYPES = (INT8, INT16)


@dataclass(frozen=True)
class Scheme:
    """``weights`` and ``activations`` are int8 or int16; layers named in ``keep_float`` stay as they are.

    Weights have one scale an output channel and no zero point. Activations are those that go from one quantised layer
    to the next: int8 has a scale and a zero point a tensor, int16 a scale. A float32 tensor that a quantised layer
    reads becomes int16 inside it whatever ``activations`` says. Raises ConfigError for int16 weights with int8
    activations.
    """

    weights: str = INT8
    activations: str = INT8
    keep_float: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Refuse what there is no kernel for."""
        for what, value in (("weights", self.weights), ("activations", self.activations)):
            if value not in TYPES:
                raise ConfigError(f"{what} '{value}': expected {' or '.join(TYPES)}")
        if self.weights == INT16 and self.activations == INT8:
            raise ConfigError("int16 weights with int8 activations lose what they cost; use --activations int16")


@dataclass(frozen=True)
class LayerScheme:
    """One quantised layer: its float weights and what they became (by the same index), and its activations.

    ``x`` says how the tensor ``reads`` is brought to steps or already is, ``y`` how ``makes`` is stored, None for
    float32; ``kernel`` is the integer kernel.
    """

    name: str
    op: str
    weights: tuple[npt.NDArray[np.float32], ...]
    restored: tuple[npt.NDArray[np.float32], ...]
    weight_type: str
    reads: str
    makes: str
    x: Steps
    y: Steps | None
    kernel: str


@dataclass(frozen=True)
class Quantized:
    """A quantised graph, the float one it was made of and its calibration.

    ``layers`` are by name; ``kept`` says why layers that could be quantised were not.
    """

    graph: Graph
    original: Graph
    calibration: Calibration
    layers: Mapping[str, LayerScheme]
    kept: Mapping[str, str]
