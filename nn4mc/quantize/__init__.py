"""Post-training quantisation: calibrate a lowered float graph, then rewrite its products in integers."""

from nn4mc.quantize.calibrate import Calibration, Recording, calibrate
from nn4mc.quantize.request import Quantizing, quantize_calibrated, recordings_of
from nn4mc.quantize.rewrite import quantize
from nn4mc.quantize.scheme import Quantized, Scheme

__all__ = [
    "Calibration",
    "Quantized",
    "Quantizing",
    "Recording",
    "Scheme",
    "calibrate",
    "quantize",
    "quantize_calibrated",
    "recordings_of",
]
