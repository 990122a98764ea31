"""``nn4mc campaign``: many flights from one file, resumable, on this machine, a Dask cluster or boards."""

from pathlib import Path

import click
import msgspec

from nn4mc.campaign.run import Workers, prepare, run_campaign, status
from nn4mc.campaign.summary import SUMMARY_COLUMNS, summary_rows
from nn4mc.cli.console import err, out, table
from nn4mc.cli.run_progress import run_progress


@click.group("campaign")
def campaign_command() -> None:
    """Fly many runs from one campaign file (docs/campaigns.md)."""


@campaign_command.command("run")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where the results go; what is there already is not flown again.",
)
@click.option("--scheduler", metavar="tcp://HOST:PORT", help="Fly on the workers of this Dask scheduler.")
@click.option(
    "--workers", type=click.IntRange(min=1), metavar="N", help="Processes on this machine; by default one a core."
)
@click.option(
    "--board", "boards", multiple=True, metavar="URI", help="Fly on this board; repeatable, each in parallel."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def run_command(
    file: Path, output: Path, scheduler: str | None, workers: int | None, boards: tuple[str, ...], as_json: bool
) -> None:
    """Fly the campaign of FILE into DIR, or what is left of it.

    Stopped or killed at any point, the same command goes on. Exit status: 0 when all runs are done, lost vehicles
    included; 2 for a wrong file, another campaign in DIR, or a second runner; 6 when boards or the scheduler are gone.
    """
    campaign = prepare(file, boards)
    with run_progress(campaign.file.name) as on_runs:
        summary = run_campaign(campaign, output, Workers(workers, scheduler), on_runs)
    for name in summary.damaged:
        err.print(f"damaged, flown again: {name}", highlight=False)
    if as_json:
        click.echo(msgspec.json.encode(summary).decode())
        return
    title = f"{summary.campaign}: {summary.runs:,} runs, {summary.flown:,} of them now"
    rows, numbers = summary_rows(Path(summary.results)), SUMMARY_COLUMNS[3:]
    out.print(table(title, SUMMARY_COLUMNS, rows, numbers, numbers))
    out.print(f"results: {summary.results}", highlight=False, soft_wrap=True)


@campaign_command.command("status")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status_command(folder: Path, as_json: bool) -> None:
    """Tell how far the campaign in FOLDER is; every part is checked against the hash in its name."""
    now = status(folder)
    if as_json:
        click.echo(msgspec.json.encode(now).decode())
        return
    state = "running" if now.running else "done" if now.results and now.done == now.runs else "stopped"
    out.print(f"{now.campaign}: {now.done:,} of {now.runs:,} runs, {now.lost:,} lost, {state}", highlight=False)
    for name in now.damaged:
        out.print(f"damaged, will be flown again: {name}", highlight=False)
    if now.results:
        out.print(f"results: {now.results}", highlight=False, soft_wrap=True)
