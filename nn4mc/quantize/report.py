"""What quantisation costs, measured: the quantised reference against the float one, layer by layer, on given inputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from nn4mc.ir import Array, Graph, Tensor
from nn4mc.quantize.calibrate import Recording
from nn4mc.quantize.rewrite import quantize
from nn4mc.quantize.scales import Steps
from nn4mc.quantize.scheme import LayerScheme, Quantized, Scheme
from nn4mc.reference import initial_state, step

HELD_OUT = 0.2
"""The last part of each recording, which is measured and not calibrated with."""


@dataclass(frozen=True)
class Error:
    """A difference: the largest, the root mean square, and 10 log10 of signal to error power (inf where there is none).

    ``relative`` is the root mean square over that of the signal.
    """

    largest: float
    rms: float
    sqnr_db: float
    relative: float


@dataclass(frozen=True)
class LayerReport:
    """One quantised layer.

    ``weight_error`` is the largest error of a weight over the largest weight; ``output`` compares its output with the
    float network's, errors of the layers before it included; ``saturated`` is the share of its inputs, and of its
    outputs where they are integers, that lie beyond their range.
    """

    name: str
    op: str
    kernel: str
    x_type: str
    x_scale: float
    y_type: str
    y_scale: float | None
    weight_error: float
    output: Error
    saturated: float


@dataclass(frozen=True)
class Report:
    """Layers in order, the outputs together, the steps measured, and layers that stayed float with the reason."""

    layers: tuple[LayerReport, ...]
    output: Error
    steps: int
    kept: Mapping[str, str]


@dataclass(frozen=True)
class Sensitivity:
    """One layer at a time: the output's root mean square error with it alone quantised, and with it alone float."""

    name: str
    alone: float
    all_but_it: float


def split(recordings: Sequence[Recording], share: float = HELD_OUT) -> tuple[tuple[Recording, ...], tuple[int, ...]]:
    """Return recordings without their last part, and for each the step at which that part begins."""
    starts = tuple(max(1, round(len(one.rows) * (1.0 - share))) for one in recordings)
    return tuple(replace(one, rows=one.rows[:at]) for one, at in zip(recordings, starts, strict=True)), starts


def measure(quantized: Quantized, recordings: Sequence[Recording], starts: Sequence[int]) -> Report:
    """Compare both graphs over recordings, each from its step in ``starts`` on; states run from the beginning."""
    real = _tensors(quantized.original, recordings, starts)
    found = _tensors(quantized.graph, recordings, starts)
    layers = tuple(_layer(one, real, found) for one in quantized.layers.values())
    steps = sum(len(one.rows) - at for one, at in zip(recordings, starts, strict=True))
    outputs = quantized.original.outputs
    return Report(layers, _compare(_joined(found, outputs), _joined(real, outputs)), steps, quantized.kept)


def sensitivities(
    quantized: Quantized, scheme: Scheme, recordings: Sequence[Recording], starts: Sequence[int]
) -> tuple[Sensitivity, ...]:
    """Return what each layer costs on its own, and what keeping it float would leave."""
    graph, names = quantized.original, set(quantized.layers)
    expected = _outputs(graph, recordings, starts)

    def error(keep: set[str]) -> float:
        if names <= keep:
            return 0.0
        asked = replace(scheme, keep_float=scheme.keep_float | keep)
        made = quantize(graph, quantized.calibration, asked).graph
        return _rms(_outputs(made, recordings, starts) - expected)

    return tuple(Sensitivity(name, error(names - {name}), error({name})) for name in quantized.layers)


def _layer(one: LayerScheme, real: Mapping[str, Array], found: Mapping[str, Array]) -> LayerReport:
    worst = max(
        float(np.abs(after - before).max(initial=0.0)) / (float(np.abs(before).max(initial=0.0)) or 1.0)
        for before, after in zip(one.weights, one.restored, strict=True)
    )
    beyond = [_beyond(real[one.reads], one.x), *([_beyond(real[one.makes], one.y)] if one.y else [])]
    return LayerReport(
        name=one.name,
        op=one.op,
        kernel=one.kernel,
        x_type=one.x.dtype,
        x_scale=one.x.scale,
        y_type=one.y.dtype if one.y else "float32",
        y_scale=one.y.scale if one.y else None,
        weight_error=worst,
        output=_compare(found[one.makes], real[one.makes]),
        saturated=float(np.mean(np.concatenate(beyond))),
    )


def _beyond(values: Array, steps: Steps) -> npt.NDArray[np.bool_]:
    """Return which values have no step within half of one."""
    low, high = steps.real_range
    half = steps.scale / 2
    return np.asarray((values < low - half) | (values > high + half)).ravel()


def _compare(found: Array, expected: Array) -> Error:
    rms, signal = _rms(found - expected), _rms(expected)
    ratio = 20.0 * np.log10(signal / rms) if rms > 0.0 and signal > 0.0 else (np.inf if rms == 0.0 else -np.inf)
    return Error(float(np.abs(found - expected).max()), rms, float(ratio), rms / signal if signal > 0.0 else np.nan)


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(values**2)))


def _joined(tensors: Mapping[str, Array], names: Sequence[str]) -> Array:
    return np.concatenate([tensors[name] for name in names], axis=1)


def _outputs(graph: Graph, recordings: Sequence[Recording], starts: Sequence[int]) -> Array:
    return _joined(_tensors(graph, recordings, starts), graph.outputs)


def _tensors(graph: Graph, recordings: Sequence[Recording], starts: Sequence[int]) -> Mapping[str, Array]:
    """Return what every variable tensor held, (steps, elements), in real units."""
    variable = [tensor for tensor in graph.tensors.values() if tensor.data is None]
    rows: dict[str, list[Array]] = {tensor.name: [] for tensor in variable}
    for one, start in zip(recordings, starts, strict=True):
        state: Mapping[str, Array] = initial_state(graph)
        for at, row in enumerate(one.rows):
            done = step(graph, row, state)
            state = done.state
            if at >= start:
                for tensor in variable:
                    rows[tensor.name].append(_real(tensor, done.tensors[tensor.name]).ravel())
    return {name: np.array(values) for name, values in rows.items()}


def _real(tensor: Tensor, values: Array) -> Array:
    meaning = tensor.quantization
    return values if meaning is None else meaning.scale[0] * (values - meaning.zero_point[0])
