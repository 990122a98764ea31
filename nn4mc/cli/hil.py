"""``nn4mc hil``: fly a rig on a board."""

import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from nn4mc.build.sizes import firmware_sizes
from nn4mc.cli.code import code_options, take_code_options
from nn4mc.cli.console import err, out, table
from nn4mc.cli.quantizing import QUANTIZE, quantizing, quantizing_options
from nn4mc.errors import ConfigError
from nn4mc.hil.bench import open_bench, write_firmware
from nn4mc.hil.boards import DEFAULT_BOARD
from nn4mc.hil.budget import broken_budgets
from nn4mc.hil.controller_file import choose_controllers
from nn4mc.hil.faults import FAULTS, parse_faults
from nn4mc.hil.flights import fly_logged, plan_flights
from nn4mc.hil.mismatch import parse_mismatch
from nn4mc.hil.progress import FlightProgress
from nn4mc.hil.record import FlightRecord
from nn4mc.hil.report import write_report
from nn4mc.hil.report_text import NOT_COUNTED, SUMMARY_HEADINGS, summary_row, verdict
from nn4mc.hil.result import FlightResult
from nn4mc.hil.rig import Rig, load_rig, with_rate
from nn4mc.target import CodeOptions

_WHAT = ("Vehicle", "Reference", "Controller")
"""Columns that say what flew."""


@click.command("hil")
@click.argument("rig")
@click.option(
    "--board",
    envvar="NN4MC_BOARD",
    default=DEFAULT_BOARD,
    show_default=True,
    show_envvar=True,
    metavar="URI",
    help="sim://cortex-m4, qemu://netduinoplus2, host://, socket://HOST:PORT, serial:///dev/ttyACM0[?baud=N], serial://",
)
@click.option("--vehicle", "vehicles", multiple=True, help="Repeatable; by default the rig's first.")
@click.option("--reference", "references", multiple=True, help="Repeatable; by default the rig's own.")
@click.option(
    "--controller",
    "controllers",
    multiple=True,
    metavar="NAME|FILE.toml",
    help="One that the rig lists, or a file of your own. Repeatable, or all (both); by default the rig's first.",
)
@click.option(
    "--model",
    metavar="PATH",
    help="In place of the controller's own: a folder that `nn4mc train` wrote; for a policy, a model file.",
)
@click.option(
    "--mismatch",
    metavar="SPEC",
    help="What the plant differs in, such as mass=1.2,noise=2; force_n=0:0:1 for a vector; or @FILE.toml.",
)
@click.option("--period", "period_s", type=float, metavar="T", help="Period of the Lissajous figure in s.")
@click.option(
    "--rate",
    "rate_hz",
    type=click.FloatRange(min=1, max=20_000),
    metavar="HZ",
    help="Call the policy so often, through its executor; by default at the rate it was trained at.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Draws random starts.")
@click.option(
    "--faults",
    metavar="SPEC",
    help=f"Probabilities a frame, such as damage=0.01,seed=3. Known: {', '.join(FAULTS)}; delay_ms, seed.",
)
@click.option(
    "--report",
    "report_folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write a page with plots, PNGs, JSON and MCAP logs.",
)
@click.option(
    "--firmware",
    "firmware_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.elf",
    help="Write the firmware to flash on a real board with, and fly nothing.",
)
@QUANTIZE
@quantizing_options
@code_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a flight, one a line.")
def hil_command(
    rig: str,
    board: str,
    vehicles: tuple[str, ...],
    references: tuple[str, ...],
    controllers: tuple[str, ...],
    model: str | None,
    mismatch: str | None,
    period_s: float | None,
    rate_hz: float | None,
    seed: int,
    faults: str | None,
    report_folder: Path | None,
    firmware_file: Path | None,
    quantize: str | None,
    calibrate_files: tuple[Path, ...],
    activations: str | None,
    keep_float: tuple[str, ...],
    as_json: bool,
    **code: Any,
) -> None:
    """Fly RIG, a name or a folder, on a board: every vehicle along every reference, with every controller named.

    Exit status: 0 when no vehicle got lost, every command word equals that of the host build and the rig's [budget]
    is kept, else 1; 2 for a wrong option or rig, 3 model, 4 missing program, 5 build, 6 link, 7 refused by the board.
    """
    loaded = load_rig(rig)
    plans = plan_flights(loaded, vehicles, references, period_s, seed, parse_mismatch(mismatch))
    chosen = choose_controllers(loaded, controllers, model)
    if rate_hz is not None:
        chosen = tuple(with_rate(one, rate_hz) for one in chosen)
    checked_faults, chosen_code = parse_faults(faults), take_code_options(code)
    asked = [quantizing(quantize, calibrate_files, activations, keep_float, one) for one in chosen]
    progress = FlightProgress(err)
    if firmware_file is not None:
        _write_firmware(chosen, board, firmware_file, (asked[0], chosen_code), progress)
        return
    flights: list[tuple[FlightResult, FlightRecord]] = []
    for one, how in zip(chosen, asked, strict=True):
        with open_bench(one, board, checked_faults, progress.stage, how, chosen_code) as bench:
            for plan in plans:
                with progress.flight(f"{plan.vehicle}, {plan.reference}, {one.controller_name}") as on_step:
                    flights.append(fly_logged(bench, plan, report_folder, on_step))
                if as_json:
                    click.echo(msgspec.json.encode(flights[-1][0]).decode())
    if report_folder is not None:
        with progress.stage("writing the report"):
            page = write_report(report_folder, chosen[0], flights)
        err.print(f"report: {page}")
    results = [result for result, _ in flights]
    if not as_json:
        _print_table(results)
    broken = broken_budgets(loaded.budget, results)
    for line in broken:
        err.print(f"over the rig's budget: {line}", highlight=False)
    flown = all(not result.lost and result.mismatched_words == 0 for result in results)
    sys.exit(0 if flown and not broken else 1)


def _write_firmware(
    chosen: tuple[Rig, ...], board: str, path: Path, how: tuple[Any, CodeOptions], progress: FlightProgress
) -> None:
    if len(chosen) != 1:
        raise ConfigError(f"--firmware {path}: a firmware has one controller. Name one with --controller.")
    firmware = write_firmware(chosen[0], board, path, progress.stage, *how)
    sizes = firmware_sizes(firmware)
    out.print(
        f"{path}: build {firmware.build_id}, {sizes.flash_bytes:,} bytes of flash, {sizes.ram_bytes:,} of RAM. "
        "Flash it, then fly with --board serial:///dev/...",
        highlight=False,
    )


def _print_table(results: list[FlightResult]) -> None:
    """Print a line a flight; what is the same in all goes into the title, what says nothing on this board is left out.

    So that the line fits into a terminal of 80 columns.
    """
    rows = [[cell.text for cell in summary_row(result)] for result in results]
    columns = dict(zip(SUMMARY_HEADINGS, zip(*rows, strict=True), strict=True))
    first = results[0]
    shared = [columns.pop(name)[0] for name in _WHAT if len({*columns[name]}) == 1]
    if not any(result.mismatched_words for result in results):
        columns.pop("Words that differ")  # the last line says so
    kept = {name: cells for name, cells in columns.items() if any(cell != NOT_COUNTED for cell in cells)}
    title = ", ".join(filter(None, (f"{first.rig} on {first.board}", *shared)))
    lines = [list(line) for line in zip(*kept.values(), strict=True)]
    out.print(
        table(title, [*kept], lines, numbers=[name for name in kept if name not in (*_WHAT, "Outcome")], whole=[*kept])
    )
    for controller in dict.fromkeys(result.controller for result in results):
        one = next(result for result in results if result.controller == controller)
        which = f"{controller}: " if "Controller" in kept else ""
        options = f", {one.code}" if one.code else ""
        out.print(f"{which}model {one.model_id}, firmware {one.build_id}{options}", highlight=False)
    out.print(verdict(results)[1], highlight=False)
