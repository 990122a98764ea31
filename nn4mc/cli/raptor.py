"""``nn4mc raptor``: may a vehicle be flown with the RAPTOR policy, and how well would it."""

from dataclasses import asdict

import click
from rich.table import Table

from nn4mc.cli.console import err, out, print_json, table
from nn4mc.cli.raptor_bench import bench_command
from nn4mc.errors import CheckFailed
from nn4mc.hil.progress import FlightProgress
from nn4mc.hil.rig import Place, load_rig
from nn4mc.raptor.advice import Verdict
from nn4mc.raptor.check import Check, check_vehicle
from nn4mc.raptor.trials import FigureTrial, HoverTrial
from nn4mc.raptor.vehicle_file import read_candidate

_COLOURS = {Verdict.FLY: "green", Verdict.CARE: "yellow", Verdict.DO_NOT_FLY: "red"}


@click.group("raptor")
def raptor_command() -> None:
    """Ask whether a quadrotor may be flown with RAPTOR, and how well."""


raptor_command.add_command(bench_command)


@raptor_command.command("check")
@click.argument("vehicle")
@click.option(
    "--starts", type=click.IntRange(10, 10_000), default=100, show_default=True, help="Random starts a setting."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check_command(vehicle: str, starts: int, as_json: bool) -> None:
    """Check VEHICLE, a vehicle.toml or a vehicle of the quadrotor rig, before its first flight.

    Says where it stands in the distribution that the policy was trained on, flies it in simulation, and gives advice.
    Ends with 1 for a vehicle that should not be flown.
    """
    rig = load_rig("quadrotor")
    candidate = read_candidate(rig, vehicle)
    with FlightProgress(err).stage(f"flying {candidate.name} from {starts} starts and through figures"):
        check = check_vehicle(rig, candidate, starts)
    print_json({**asdict(check), "verdict": check.verdict.value}) if as_json else _print(check)
    if check.verdict is Verdict.DO_NOT_FLY:
        raise CheckFailed(f"{check.name}: do not fly.")


def _print(check: Check) -> None:
    out.print(_places(check.places))
    out.print(_hovers(check.hovers))
    out.print(_figures(check.figures))
    out.print(f"[bold {_COLOURS[check.verdict]}]{check.name}: {check.verdict.value}[/]", highlight=False)
    for sentence in check.advice:
        out.print(f"- {sentence}", highlight=False, markup=False)
    out.print("\nSimulated without drag, ground and neighbours: a pass is no promise.", highlight=False)


def _places(places: tuple[Place, ...]) -> Table:
    columns = ("number", "vehicle", "training", "")
    rows = [
        (
            f"{one.name} ({one.unit})" if one.unit else one.name,
            f"{one.value:.4g}",
            f"{one.low:.4g} to {one.high:.4g}",
            "inside" if one.inside else "OUTSIDE",
        )
        for one in places
    ]
    return table("In the training distribution", columns, rows, columns[1:3], columns)


def _hovers(hovers: tuple[HoverTrial, ...]) -> Table:
    columns = ("setting", "lost", "95 %", "RMSE", "worst", "offset", "settled")
    rows = [
        (
            one.setting,
            str(one.lost),
            f"{100 * one.lost_interval[0]:.0f}-{100 * one.lost_interval[1]:.0f} %",
            *(_number(value, 3) for value in (one.rmse_m, one.worst_m, one.offset_m)),
            _number(one.settling_s, 1),
        )
        for one in hovers
    ]
    return table(f"Hover from {hovers[0].starts} random starts (m, s)", columns, rows, columns[1:], columns)


def _figures(figures: tuple[FigureTrial, ...]) -> Table:
    settings = tuple(dict.fromkeys(one.setting for one in figures))
    periods = tuple(dict.fromkeys(one.period_s for one in figures))
    cells = {(one.setting, one.period_s): one for one in figures}
    rows = [(f"{period:g}", *(_figure(cells[name, period]) for name in settings)) for period in periods]
    columns = ("period (s)", *settings)
    return table("Figure of eight, RMSE (m)", columns, rows, columns, columns)


def _figure(trial: FigureTrial) -> str:
    return "lost" if trial.lost else _number(trial.rmse_m, 3)


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
