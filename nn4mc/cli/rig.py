"""``nn4mc rig``: record a rig's simulated plant, and begin a rig of one's own."""

from pathlib import Path

import click
import numpy as np

from nn4mc.cli.console import err, out, print_json, table
from nn4mc.errors import ConfigError
from nn4mc.hil.data_log import column_names, excite, record_run, write_csv
from nn4mc.hil.mismatch import parse_mismatch
from nn4mc.hil.progress import FlightProgress
from nn4mc.hil.rig import Rig, create_plant, load_rig
from nn4mc.hil.rig_copy import copy_rig


@click.group("rig")
def rig_command() -> None:
    """Record the simulated plant of a rig, or begin a rig of your own."""


@rig_command.command("record")
@click.argument("rig")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Where the logs go.",
)
@click.option("--vehicle", help="The plant to record; by default the rig's first.")
@click.option("--runs", type=click.IntRange(2, 99), default=6, show_default=True)
@click.option(
    "--held-out", type=click.IntRange(1, 98), default=2, show_default=True, help="How many of them to hold out."
)
@click.option("--seconds", type=click.FloatRange(1, 3600), default=60.0, show_default=True, help="Length of a run.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option(
    "--mismatch",
    metavar="SPEC",
    help="What the plant differs in, such as mass=1.2,noise=2; force_n=0:0:1 for a vector; or @FILE.toml.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def record_command(
    rig: str,
    output: Path,
    vehicle: str | None,
    runs: int,
    held_out: int,
    seconds: float,
    seed: int,
    mismatch: str | None,
    as_json: bool,
) -> None:
    """Record runs of the plant of RIG as CSV logs to train models with: train-N.csv and held-out-N.csv.

    Columns: t_s, the commands, the outputs, the other sensors. Every fourth run, and every held-out run but the first,
    is of sines alone; the others hold random levels with sines on top. The same seed writes the same bytes.
    """
    if held_out >= runs:
        raise ConfigError(f"--held-out {held_out}: leaves none of {runs} runs to train with.")
    loaded = load_rig(rig)
    names = [f"train-{k}" for k in range(runs - held_out)] + [f"held-out-{k}" for k in range(held_out)]
    chosen, knobs = vehicle or next(iter(loaded.vehicles)), parse_mismatch(mismatch)
    create_plant(loaded, chosen, knobs)  # refuses an unknown name before anything is written
    output.mkdir(parents=True, exist_ok=True)
    progress, files = FlightProgress(err), []
    for number, name in enumerate(names):
        with progress.stage(f"recording {name}"):
            sines = number % 4 == 3 or (name.startswith("held-out") and name != "held-out-0")
            rng = np.random.default_rng((seed, number))
            commands = excite(loaded, round(seconds / loaded.period_s), rng, sines, loaded.excitation)
            path = output / f"{name}.csv"
            write_csv(path, column_names(loaded), record_run(loaded, chosen, commands, number + 1000 * seed, knobs))
            files.append({"file": str(path), "steps": len(commands), "sines_only": sines})
    if as_json:
        print_json({"rig": loaded.name, "vehicle": chosen, "columns": column_names(loaded), "runs": files})
    else:
        _print(loaded, files)


@rig_command.command("new")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--like", required=True, metavar="RIG", help="The rig to begin with: a name, such as tendon, or a folder."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def new_command(folder: Path, like: str, as_json: bool) -> None:
    """Begin a rig of your own in FOLDER as a copy of one that works; `nn4mc hil FOLDER` flies it at once.

    rig.toml has the signals and the numbers, plant.py the equations.
    """
    files = [str(path) for path in copy_rig(like, folder)]
    if as_json:
        print_json({"rig": folder.resolve().name, "folder": str(folder), "files": files})
    else:
        click.echo(f"{', '.join(files)}\nFly it: nn4mc hil {folder}")


def _print(rig: Rig, files: list[dict[str, object]]) -> None:
    headings = ["Log", "Steps", "Excitation"]
    rows = [[str(f["file"]), f"{f['steps']:,}", "sines" if f["sines_only"] else "levels and sines"] for f in files]
    out.print(table(f"{rig.title}, a step every {rig.period_s * 1e3:g} ms", headings, rows, numbers=headings[1:2]))
    out.print("columns: " + ", ".join(column_names(rig)), highlight=False)
