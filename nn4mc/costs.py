"""What quantising a model costs and saves, as one result: errors by layer and at the output, bytes, sensitivity."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from nn4mc.api import compile_graph
from nn4mc.importers import load
from nn4mc.importers.options import DEFAULT_OPTIONS, ImportOptions
from nn4mc.passes import lower
from nn4mc.quantize import Quantizing, Recording, quantize_calibrated, recordings_of
from nn4mc.quantize.calibrate import check_recording
from nn4mc.quantize.report import Report, Sensitivity, measure, sensitivities, split
from nn4mc.quantize.scheme import Scheme


@dataclass(frozen=True)
class Costs:
    """A model's quantisation: constants in flash and context in RAM of both networks, in bytes; errors in `report`.

    ``measured_on`` says which inputs the errors are from.
    """

    name: str
    scheme: Scheme
    measured_on: str
    report: Report
    sensitivities: tuple[Sensitivity, ...]
    const_bytes_float: int
    const_bytes: int
    context_bytes_float: int
    context_bytes: int

    def as_json(self) -> Mapping[str, Any]:
        """Return all of it as plain data."""
        return {**asdict(self), "scheme": {**asdict(self.scheme), "keep_float": sorted(self.scheme.keep_float)}}


def quantization_costs(
    model: str | Path,
    asked: Quantizing,
    held_out: Sequence[Recording] | None = None,
    with_sensitivity: bool = False,
    options: ImportOptions = DEFAULT_OPTIONS,
) -> Costs:
    """Return what quantising a model costs, measured on ``held_out`` or on the last fifth of every recording.

    Raises what loading, calibrating and quantising raise.
    """
    graph = load(model, options)
    lowered = lower(graph)
    recordings = recordings_of(lowered, asked)
    if held_out is None:
        calibrated, starts = split(recordings)
        measured, where = recordings, "the last fifth of every recording, which was not calibrated with"
    else:
        calibrated, measured, starts = recordings, tuple(held_out), (0,) * len(held_out)
        where = ", ".join(one.where for one in held_out)
    for one in measured:
        check_recording(lowered, one)
    quantized = quantize_calibrated(lowered, replace(asked, recordings=calibrated))
    exact, rounded = compile_graph(graph), compile_graph(graph, quantizing=asked)
    return Costs(
        name=exact.name,
        scheme=asked.scheme,
        measured_on=where,
        report=measure(quantized, measured, starts),
        sensitivities=sensitivities(quantized, asked.scheme, measured, starts) if with_sensitivity else (),
        const_bytes_float=exact.emitted.const_bytes,
        const_bytes=rounded.emitted.const_bytes,
        context_bytes_float=4 * (exact.plan.state_len + exact.plan.arena_len),
        context_bytes=4 * (rounded.plan.state_len + rounded.plan.arena_len),
    )
