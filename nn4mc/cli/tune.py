"""``nn4mc tune``: find the numbers of a controller on the simulated plant of a rig."""

from dataclasses import asdict
from pathlib import Path

import click

from nn4mc.cli.console import err, out, print_json, table
from nn4mc.errors import ConfigError
from nn4mc.hil.progress import FlightProgress
from nn4mc.hil.report_text import length
from nn4mc.hil.rig import Rig, load_rig, with_controller
from nn4mc.hil.rig_file import read_rig_file
from nn4mc.hil.tune import TunedRig, pid_toml, tune_rig


@click.group("tune")
def tune_command() -> None:
    """Find the numbers of a controller on a rig's simulated plant."""


@tune_command.command("pid")
@click.argument("rig")
@click.option("--vehicle", help="The plant to tune on; by default the rig's first.")
@click.option("--controller", default="pid", show_default=True, help="Which of the rig's controllers.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where to write the controller; by default the file that rig.toml lists.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def pid_command(rig: str, vehicle: str | None, controller: str, output: Path | None, as_json: bool) -> None:
    """Tune the PID of RIG, a name or a folder, on step responses of its plant, and write its file.

    The largest integral gain of each loop that keeps the sensitivities and the noise gain of the file's table `tuning`
    about every command listed there. Then the default reference is tried in float64, with 20 % of mismatch too.
    """
    loaded = with_controller(load_rig(rig), controller)
    tuned = tune_rig(loaded, vehicle or next(iter(loaded.vehicles)), FlightProgress(err).stage)
    path = output or _listed_file(loaded)
    try:
        path.write_text(pid_toml(loaded, tuned.table))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror}). Name another file with -o.") from error
    err.print(f"written: {path}", highlight=False)
    print_json(_summary(tuned)) if as_json else _print(loaded, tuned)


def _listed_file(rig: Rig) -> Path:
    """Return the file that rig.toml lists for the chosen controller."""
    return rig.folder / read_rig_file(rig.folder / "rig.toml").controllers[rig.controller_name]


def _summary(tuned: TunedRig) -> dict[str, object]:
    return {
        "variables": tuned.table.variables,
        "allocation": tuned.table.allocation,
        "loop_sensitivity": tuned.tuned.loop_sensitivity,
        "joint_sensitivity": tuned.tuned.joint_sensitivity,
        "nominal": asdict(tuned.nominal),
        "worst": asdict(tuned.worst),
        "worst_mismatch": tuned.worst_mismatch,
    }


def _print(rig: Rig, tuned: TunedRig) -> None:
    headings = ["Loop", "kp", "ki (1/s)", "kd (s)", "Largest sensitivity"]
    loops = zip(tuned.table.loops, tuned.tuned.gains, tuned.tuned.loop_sensitivity, strict=True)
    rows = [[name, f"{g.kp:g}", f"{g.ki:g}", f"{g.kd:g}", f"{s:.3f}" if s else "not used"] for name, g, s in loops]
    out.print(table(f"PID of {rig.name}", headings, rows, numbers=headings[1:], whole=headings[:4]))
    out.print(f"all loops together: sensitivity {tuned.tuned.joint_sensitivity:.3f}", highlight=False)
    unit = rig.length_unit
    mismatch = ", ".join(f"{name} {value:g}" for name, value in tuned.worst_mismatch.items())
    for what, trial in (("nominal", tuned.nominal), (f"worst of 20 % ({mismatch})", tuned.worst)):
        ending = " LOST" if trial.lost else ""
        errors = f"RMSE {length(trial.rmse_m, unit)}, largest {length(trial.max_error_m, unit)}{ending}"
        out.print(f"{rig.default_reference}, {what}: {errors}", highlight=False)
