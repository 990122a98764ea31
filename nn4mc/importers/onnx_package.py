"""The package onnx, which is an optional extra; every module that reads ONNX takes it from here."""

from nn4mc.errors import ToolMissingError

try:
    import onnx
except ImportError as error:
    raise ToolMissingError("reading ONNX needs the package onnx. Install nn4mc with the extra: nn4mc[onnx]") from error

__all__ = ["onnx"]
