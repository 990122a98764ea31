"""What `nn4mc quantize` prints."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console

from nn4mc.cli.console import table
from nn4mc.costs import Costs

_LAYERS = ("layer", "in > out", "step", "weights", "largest", "RMS", "dB", "clipped")
_SHORT = {"float32": "f32", "int16": "i16", "int8": "i8"}
_WORTH = 0.7
"""Keeping a layer float is called worth it when it leaves less than this of the output error."""


def print_report(console: Console, costs: Costs) -> None:
    """Print the errors by layer and at the output, and the bytes."""
    report = costs.report
    rows = [
        (
            *(one.name, f"{_SHORT[one.x_type]} > {_SHORT[one.y_type]}", f"{one.x_scale:.1e}"),
            *(f"{one.weight_error:.2%}", f"{one.output.largest:.1e}", f"{one.output.rms:.1e}"),
            *(f"{one.output.sqnr_db:.1f}", f"{one.saturated:.2%}"),
        )
        for one in report.layers
    ]
    kind = f"{costs.scheme.weights} weights, {costs.scheme.activations} activations"
    console.print(table(f"{costs.name}: {kind}, {report.steps} steps", _LAYERS, rows, _LAYERS[2:], whole=_LAYERS))
    for name, why in report.kept.items():
        console.print(f"{name} stays float: {why}", highlight=False)
    out = report.output
    console.print(
        f"output    largest error {out.largest:.2e}, RMS {out.rms:.2e} ({out.relative:.2%} of the signal, "
        f"{out.sqnr_db:.1f} dB)\n"
        f"measured  on {costs.measured_on};\n"
        "          errors include those of the layers before; step is the input's\n"
        f"constants {costs.const_bytes_float:,} bytes as float, {costs.const_bytes:,} quantised\n"
        f"RAM       {costs.context_bytes_float:,} bytes as float, {costs.context_bytes:,} quantised",
        highlight=False,
    )


def print_sensitivity(console: Console, costs: Costs) -> None:
    """Print what each layer costs, and say which are worth keeping float."""
    whole = costs.report.output.rms
    rows = [(one.name, f"{one.alone:.2e}", f"{one.all_but_it:.2e}") for one in costs.sensitivities]
    columns = ("layer", "it alone quantised", "all but it quantised")
    console.print(table("Output RMS error, one layer at a time", columns, rows, columns[1:], whole=columns[:1]))
    worth = [one.name for one in costs.sensitivities if one.all_but_it < _WORTH * whole]
    if worth:
        console.print(
            f"Keeping one float leaves less than {_WORTH:.0%} of the error: "
            + ", ".join(f"--keep-float {name}" for name in worth),
            highlight=False,
        )
    else:
        console.print("No single layer dominates: keeping one float does not pay.", highlight=False)


def print_closed_loop(console: Console, flights: Sequence[Any]) -> None:
    """Print the tracking errors of both networks."""
    columns = ("vehicle", "reference", "flights", "float (m)", "quantised (m)", "ratio", "lost")
    rows = [
        (
            *(one.vehicle, one.reference, str(one.seeds), _meters(one.rmse_float_m), _meters(one.rmse_quantized_m)),
            *("-" if one.ratio is None else f"{one.ratio:.3f}", f"{one.lost_float} / {one.lost_quantized}"),
        )
        for one in flights
    ]
    console.print(table("Tracking RMSE in the loop, on the same seeds", columns, rows, columns[2:], whole=columns[:2]))
    console.print("lost: float / quantised. The RMSE is over flights that neither lost.", highlight=False)


def _meters(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
