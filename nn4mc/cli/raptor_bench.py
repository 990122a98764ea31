"""``nn4mc raptor bench``: how RAPTOR flies in simulation, by vehicle, disturbance, delay, noise and call rate."""

from pathlib import Path

import click
from rich.console import Console

from nn4mc.cli.console import err, out, print_json, table
from nn4mc.cli.run_progress import run_progress
from nn4mc.errors import CheckFailed, ConfigError
from nn4mc.hil.rig import Rig, load_rig
from nn4mc.raptor.bench import Bench, run_bench, run_reference
from nn4mc.raptor.bench_flights import RIG
from nn4mc.raptor.bench_plan import Plan, ReferencePlan, quick_plan
from nn4mc.raptor.bench_run import OnFlights
from nn4mc.raptor.bench_text import NOTE, json_of, pages, verdict

QUICK_SAMPLED, SAMPLED, REFERENCE_SAMPLED = 20, 1000, 100
QUICK_STARTS = 20
_WIDEST = 200
"""Columns that a table may take: on a narrow terminal its lines wrap, but no number is cut."""


@click.command("bench")
@click.option("--quick", is_flag=True, help="Few starts, settings and vehicles: a look in well under a minute.")
@click.option(
    "--protocol",
    type=click.Choice(["paper", "reference"]),
    default="paper",
    show_default=True,
    help="The paper's and beyond, or that of the published reference table, compared with it.",
)
@click.option("--vehicle", "vehicles", multiple=True, metavar="NAME", help="Repeatable; by default all of the rig.")
@click.option(
    "--sampled",
    type=click.IntRange(0, 100_000),
    metavar="N",
    help=f"Vehicles of the training distribution; by default {SAMPLED:,}, with --quick {QUICK_SAMPLED}, "
    f"with --protocol reference {REFERENCE_SAMPLED}.",
)
@click.option("--report", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Write page and plots.")
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Processes; by default one a core.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def bench_command(
    quick: bool,
    protocol: str,
    vehicles: tuple[str, ...],
    sampled: int | None,
    report: Path | None,
    workers: int | None,
    as_json: bool,
) -> None:
    """Fly RAPTOR in simulation: figures, hover recovery, disturbances, delay, noise, call rates, float32 and int8.

    Some 50,000 flights: a few minutes on two cores. The same options give the same numbers. With --protocol reference
    it ends with 1 where a published figure is not reproduced.
    """
    rig = load_rig(RIG)
    names = _names(rig, vehicles)
    with run_progress("raptor bench", "flights") as on_flights:
        bench = _run(rig, protocol, quick, names, sampled, workers, on_flights)
    if report is not None:
        from nn4mc.raptor.bench_page import write_bench  # noqa: PLC0415 - matplotlib is slow to import

        err.print(f"report: {write_bench(report, bench, _command())}", highlight=False, soft_wrap=True)
    print_json(json_of(bench)) if as_json else _print(bench)
    if not all(one.reproduced for one in bench.comparisons):
        raise CheckFailed(verdict(bench))


def _names(rig: Rig, vehicles: tuple[str, ...]) -> tuple[str, ...]:
    for name in vehicles:
        if name not in rig.vehicles:
            raise ConfigError(f"rig '{rig.name}' has no vehicle '{name}'. It has: {', '.join(sorted(rig.vehicles))}")
    return tuple(dict.fromkeys(vehicles)) or tuple(rig.vehicles)


def _run(
    rig: Rig,
    protocol: str,
    quick: bool,
    names: tuple[str, ...],
    sampled: int | None,
    workers: int | None,
    on_flights: OnFlights,
) -> Bench:
    if protocol == "reference":
        count = REFERENCE_SAMPLED if sampled is None else sampled
        plan = ReferencePlan(names, QUICK_STARTS, count, 1) if quick else ReferencePlan(names, sampled=count)
        return run_reference(rig, plan, workers, on_flights)
    if quick:
        return run_bench(rig, quick_plan(names, QUICK_SAMPLED if sampled is None else sampled), workers, on_flights)
    return run_bench(rig, Plan(names, SAMPLED if sampled is None else sampled), workers, on_flights)


def _command() -> str:
    context = click.get_current_context()
    given = context.params
    words = ["nn4mc raptor bench"]
    words += ["--quick"] if given["quick"] else []
    words += ["--protocol reference"] if given["protocol"] == "reference" else []
    words += [f"--vehicle {name}" for name in given["vehicles"]]
    words += [f"--sampled {given['sampled']}"] if given["sampled"] is not None else []
    return " ".join(words)


def _print(bench: Bench) -> None:
    for page in pages(bench):
        made = table(page.title, page.columns, page.rows, page.columns[1:], page.columns)
        widest = out.measure(made, options=out.options.update(max_width=_WIDEST)).maximum
        Console(width=max(out.width, widest)).print(made)
    out.print(verdict(bench), highlight=False, soft_wrap=True)
    out.print(NOTE, highlight=False, soft_wrap=True)
