"""The intermediate representation: a graph of named tensors and nodes, all frozen, without behaviour."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Shape = tuple[int, ...]
Array = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]
Attribute = bool | int | float | str | tuple[int, ...]

FLOAT32 = "float32"
INT8 = "int8"
INT16 = "int16"
INT32 = "int32"


@dataclass(frozen=True)
class Quantization:
    """real = scale * (integer - zero_point); one of each, or one an index of ``axis``."""

    scale: tuple[float, ...]
    zero_point: tuple[int, ...]
    axis: int | None = None


@dataclass(frozen=True)
class Tensor:
    """A named array; ``data`` (of ``shape`` and ``dtype``) makes it a constant.

    ``dtype`` is float32, int8, int16 or int32; ``quantization`` says what integers stand for.
    """

    name: str
    shape: Shape
    data: npt.NDArray[Any] | None = None
    dtype: str = FLOAT32
    quantization: Quantization | None = None


@dataclass(frozen=True)
class Node:
    """One operator at work: ``inputs`` and ``outputs`` name tensors, constants included."""

    name: str
    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Attribute] = field(default_factory=dict)


@dataclass(frozen=True)
class State:
    """A value carried from step to step: read as tensor ``before``, replaced by tensor ``after``."""

    before: str
    after: str
    initial: Float32Array


@dataclass(frozen=True)
class Source:
    """Where a graph came from: format, sha256 of the file (hex), and inputs worth trying, (steps, in) float32."""

    format: str
    sha256: str
    examples: Float32Array | None = None


@dataclass(frozen=True)
class Graph:
    """A network for one step: nodes in the order they run, tensors by name."""

    name: str
    tensors: Mapping[str, Tensor]
    nodes: tuple[Node, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    states: tuple[State, ...]
    source: Source
