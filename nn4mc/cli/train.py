"""nn4mc train: logs in, a forward model out."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nn4mc.cli.console import err, out, print_json, table

if TYPE_CHECKING:
    from nn4mc.train.pipeline import Trained

_COLUMNS = ("held-out run", "recommended", "error / persistence", "error / ARX", "holds")


@click.command("train")
@click.argument("logs", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path), metavar="LOGS.csv...")
@click.option(
    "--spec",
    "spec_path",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="TOML: columns, sample time, delays; docs/train.md has all keys.",
)
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder for model, card and plots."
)
@click.option(
    "--kinds", help="Comma-separated, instead of the specification's: arx, hammerstein, dense, gru, lstm; +sensors."
)
@click.option("--deliver", metavar="KIND", help="Write this kind, whichever is recommended.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="Instead of the specification's.")
@click.option("--json", "as_json", is_flag=True, help="Print the model card as JSON.")
def train_command(
    logs: tuple[Path, ...],
    spec_path: Path,
    output: Path,
    kinds: str | None,
    deliver: str | None,
    seed: int | None,
    as_json: bool,
) -> None:
    """Learn a forward model from LOGS, one CSV file a run, at least three.

    Every run is held out once; kind and settings are chosen without it, by the open-loop error several steps ahead.
    The folder holds the model as ONNX, model.toml, a card with scores and plots. It appears whole or not at all.
    """
    from nn4mc.train.pipeline import train_folder  # noqa: PLC0415 - keeps --help fast
    from nn4mc.train.progress import showing  # noqa: PLC0415
    from nn4mc.train.spec import override, read_spec  # noqa: PLC0415
    from nn4mc.train.study import work  # noqa: PLC0415

    spec = override(read_spec(spec_path), spec_path, kinds.split(",") if kinds else None, seed, deliver)
    with showing(err, work(len(logs), len(spec.tried))) as step:
        done = train_folder(logs, spec, spec_path.read_bytes(), output, step)
    if as_json:
        print_json(done.card)
        return
    _print(done, output)


def _print(done: "Trained", output: Path) -> None:
    rows = [
        (
            *(fold["held_out"], fold["kind"], f"{fold['to_persistence']:.2f}", f"{fold['to_arx']:.2f}"),
            "yes" if fold["held"] else "NO",
        )
        for fold in done.card["folds"]
    ]
    title = f"{done.card['horizon']} steps ahead in open loop, on runs that had no say"
    out.print(table(title, _COLUMNS, rows, _COLUMNS[2:4], _COLUMNS[:2]))
    for note in done.card["notes"]:
        click.echo(f"Note: {note}.", err=True)
    click.echo(f"Recommended: {done.card['recommended']}.")
    click.echo(f"Delivered: {done.card['delivered']}, {done.card['option']}, {done.card['parameters']} parameters.")
    if not done.card["holds_in_every_fold"]:
        click.echo("It is not at least as good as ARX and persistence in every fold: see README.md there.")
    file = f"{done.card['name']}.onnx"
    stateful = " --stateful" if done.card["stateful"] else ""
    click.echo(f"{output}/README.md is the model card. To C: nn4mc compile {output}/{file}{stateful} -o DIR")
    click.echo(f'To control with it: model = "{output}" in a controller.toml; docs/nmpc.md has its keys.')
