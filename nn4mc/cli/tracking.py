"""``nn4mc bench tracking``: the soft rigs by their controllers on one board, beside what the paper reports."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec
from rich.console import Console

from nn4mc.cli.console import err, out, table
from nn4mc.errors import Nn4mcError
from nn4mc.hil.mismatch import Mismatch, parse_mismatch
from nn4mc.hil.progress import FlightProgress
from nn4mc.tracking.columns import FLIGHT_COLUMNS, FOOTNOTES, cost_lines, flight_lines
from nn4mc.tracking.cost import controller_costs
from nn4mc.tracking.fly import RIGS, Flown, fly_tasks, plan_tasks
from nn4mc.tracking.page import write_markdown, write_report
from nn4mc.tracking.row import TrackingRow

_FILE_WIDTH = 120
"""Where the output is no terminal, which has a width of its own."""


@click.command("tracking")
@click.option(
    "--board",
    envvar="NN4MC_BOARD",
    default="sim://cortex-m4",
    show_default=True,
    show_envvar=True,
    metavar="URI",
    help="sim://cortex-m4, qemu://netduinoplus2, host://, socket://HOST:PORT, serial:///dev/ttyACM0[?baud=N], serial://",
)
@click.option("--rig", "rigs", multiple=True, help=f"Repeatable, a name or a folder; by default {', '.join(RIGS)}.")
@click.option("--reference", "references", multiple=True, help="Repeatable; by default all of each rig.")
@click.option(
    "--controller",
    "controllers",
    multiple=True,
    help="Repeatable; by default all. A board that is not emulated runs one at a time.",
)
@click.option(
    "--mismatch",
    metavar="SPEC",
    help=f"What the plants differ in, such as mass=1.2,noise=2. Known: {', '.join(Mismatch.__struct_fields__)}.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Draws the noise.")
@click.option(
    "--report",
    "report_folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write a page with plots, PNGs and JSON.",
)
@click.option(
    "--markdown",
    "markdown_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the tables and what they mean, as in docs/tracking.md.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a flight, one a line, as it ends.")
def tracking_command(
    board: str,
    rigs: tuple[str, ...],
    references: tuple[str, ...],
    controllers: tuple[str, ...],
    mismatch: str | None,
    seed: int,
    report_folder: Path | None,
    markdown_file: Path | None,
    as_json: bool,
) -> None:
    """Fly the soft rigs with every controller: errors, bandwidth, effort, iterations, cycles, memory, modelled power.

    What is flown when a run is interrupted or a board falls silent is printed all the same; no file is written then.

    Exit status: 0 when no plant got lost and every command word equals that of the host build, else 1; 2 for a wrong
    option or rig, 3 model, 4 missing program, 5 build, 6 link, 7 refused by the board, 130 interrupted.
    """
    tasks = plan_tasks(rigs or RIGS, references, parse_mismatch(mismatch), seed, controllers)
    total = sum(len(task.plans) for task in tasks)
    progress = FlightProgress(err)
    flown: list[Flown] = []
    try:
        for one in fly_tasks(tasks, board, progress):
            flown.append(one)
            if as_json:
                click.echo(msgspec.json.encode(one.row).decode())
    except (Nn4mcError, KeyboardInterrupt):
        err.print(f"stopped after {len(flown)} of {total} flights", highlight=False)
        if not as_json:
            _print_tables([one.row for one in flown])
        raise
    if not as_json:
        _print_tables([one.row for one in flown])
    _write(flown, report_folder, markdown_file, progress)
    sound = all(not one.row.lost and one.row.mismatched_words == 0 for one in flown)
    sys.exit(0 if sound else 1)


def _write(flown: Sequence[Flown], folder: Path | None, page: Path | None, progress: FlightProgress) -> None:
    if folder is not None:
        with progress.stage("writing the report"):
            index = write_report(folder, flown)
        err.print(f"report: {index}", highlight=False)
    if page is not None:
        write_markdown(page, flown)
        err.print(f"written: {page}", highlight=False)


def _print_tables(rows: Sequence[TrackingRow]) -> None:
    """Print two tables a rig: its flights, then its controllers."""
    costs = controller_costs(rows)
    wide = out if out.is_terminal else Console(width=_FILE_WIDTH)
    shown = [i for i, column in enumerate(FLIGHT_COLUMNS) if column.terminal]
    headings = [FLIGHT_COLUMNS[i].heading for i in shown]
    for rig in dict.fromkeys(row.rig for row in rows):
        flights = [row for row in rows if row.rig == rig]
        title = f"{rig} at {flights[0].rate_hz:g} Hz on {flights[0].board}"
        cells = [[line[i] for i in shown] for line in flight_lines(rig, flights)]
        wide.print(table(title, headings, cells, headings[2:], headings[:2]))
        lines = cost_lines(rig, [cost for cost in costs if cost.rig == rig])
        wide.print(table("", lines[0], lines[1:], lines[0][1:]))
    if rows:
        for note in FOOTNOTES:
            wide.print(note, highlight=False)
