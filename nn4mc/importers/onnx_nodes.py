"""The one table of ONNX operators that are read, by family."""

from collections.abc import Mapping

from nn4mc.importers import (
    onnx_convolution,
    onnx_elementwise,
    onnx_linear,
    onnx_normalization,
    onnx_pooling,
    onnx_recurrent,
    onnx_reduction,
    onnx_shaping,
)
from nn4mc.importers.onnx_elementwise import Reader

_FAMILIES = (
    onnx_elementwise,
    onnx_linear,
    onnx_convolution,
    onnx_pooling,
    onnx_recurrent,
    onnx_normalization,
    onnx_reduction,
    onnx_shaping,
)

READERS: Mapping[str, Reader] = {name: reader for family in _FAMILIES for name, reader in family.READERS.items()}
"""By ONNX operator."""
