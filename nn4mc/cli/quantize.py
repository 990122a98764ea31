"""nn4mc quantize: what quantisation costs, by layer, at the output, in bytes, and in the loop."""

from pathlib import Path
from typing import Any

import click

from nn4mc.cli.console import out, print_json
from nn4mc.cli.model import import_options, model_options
from nn4mc.cli.quantizing import quantizing, quantizing_options, read_inputs

_HELD_OUT = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("quantize")
@model_options
@click.option("--to", type=click.Choice(["int8", "int16"]), default="int8", show_default=True, help="Of the weights.")
@quantizing_options
@click.option(
    "--held-out",
    type=_HELD_OUT,
    metavar="FILE",
    help="Inputs to measure on; by default the last fifth of every recording, which is then not calibrated with.",
)
@click.option("--sensitivity", is_flag=True, help="Quantise one layer at a time: which are worth keeping float.")
@click.option("--rig", help="Fly it too: a rig's name or folder, with the float and with the quantised network.")
@click.option("--board", default="host://", show_default=True, metavar="URI", help="Where to fly.")
@click.option("--vehicle", "vehicles", multiple=True, help="Repeatable; by default the rig's first.")
@click.option("--reference", "references", multiple=True, help="Repeatable; by default lissajous.")
@click.option("--period", "period_s", type=float, metavar="T", help="Period of the reference in s.")
@click.option("--seeds", type=click.IntRange(1, 1000), default=1, show_default=True, help="Flights of each.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def quantize_command(
    model: str,
    to: str,
    calibrate_files: tuple[Path, ...],
    activations: str | None,
    keep_float: tuple[str, ...],
    held_out: Path | None,
    sensitivity: bool,
    rig: str | None,
    board: str,
    vehicles: tuple[str, ...],
    references: tuple[str, ...],
    period_s: float | None,
    seeds: int,
    as_json: bool,
    **reading: Any,
) -> None:
    """Say what quantising MODEL, a file or `raptor`, costs: error by layer, output error, bytes.

    With --rig the task is the judge: it flies the float and the quantised network on the same seeds and compares
    their tracking errors. Nothing is written; `nn4mc compile --quantize` and `nn4mc hil --quantize` use the result.
    """
    from nn4mc.cli.quantize_text import print_closed_loop, print_report, print_sensitivity  # noqa: PLC0415
    from nn4mc.costs import quantization_costs  # noqa: PLC0415 - keeps --help fast

    asked = quantizing(to, calibrate_files, activations, keep_float, rig)
    others = None if held_out is None else read_inputs(held_out, rig)
    found = quantization_costs(model, asked, others, sensitivity, import_options(**reading))
    flights: Any = ()
    if rig is not None:
        flights = _fly(model, rig, board, (vehicles, references, period_s, seeds), asked)
    if as_json:
        print_json({**found.as_json(), "closed_loop": [_plain(one) for one in flights]})
        return
    print_report(out, found)
    if found.sensitivities:
        print_sensitivity(out, found)
    if flights:
        print_closed_loop(out, flights)


def _fly(model: str, rig: str, board: str, plan: tuple[Any, ...], asked: Any) -> Any:
    from nn4mc.cli.console import err  # noqa: PLC0415
    from nn4mc.hil.closed_loop import compare, policy_table  # noqa: PLC0415 - needs the hil extra
    from nn4mc.hil.controller_file import with_model  # noqa: PLC0415
    from nn4mc.hil.flights import plan_flights  # noqa: PLC0415
    from nn4mc.hil.progress import FlightProgress  # noqa: PLC0415
    from nn4mc.hil.rig import load_rig  # noqa: PLC0415

    loaded = load_rig(rig)
    policy_table(loaded)
    flown = with_model(loaded, model)
    vehicles, references, period_s, seeds = plan
    plans = plan_flights(flown, vehicles, references, period_s, 0)
    return compare(flown, board, plans, seeds, asked, FlightProgress(err).stage)


def _plain(flight: Any) -> Any:
    from msgspec import to_builtins  # noqa: PLC0415

    return to_builtins(flight)
