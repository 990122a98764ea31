"""nn4mc verify: does the C compute what the model does?"""

import sys
from dataclasses import asdict
from pathlib import Path

import click

from nn4mc.cli.console import out, print_json, table


@click.command("verify")
@click.argument("model")
@click.option(
    "--inputs", type=click.Path(exists=True, dir_okay=False, path_type=Path), help=".npy of shape (steps, inputs)."
)
@click.option("--steps", type=click.IntRange(1, 100_000), default=500, show_default=True, help="Without --inputs.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def verify_command(model: str, inputs: Path | None, steps: int, as_json: bool) -> None:
    """Build the C of MODEL for this machine and compare every layer with float64.

    Inputs are the model's own examples, then random numbers in -1..1, or those of --inputs. Exit status 1 if a layer
    is off by more than its tolerance.
    """
    from nn4mc.api import compile_model  # noqa: PLC0415 - keeps --help fast
    from nn4mc.verify import read_inputs, verify  # noqa: PLC0415

    network = compile_model(model)
    rows = None if inputs is None else read_inputs(inputs, network.plan.in_len)
    found = verify(network, rows, steps)
    if as_json:
        layers = [{**asdict(layer), "passed": layer.passed} for layer in found.layers]
        print_json({"model_id": network.model_id, "steps": found.steps, "passed": found.passed, "layers": layers})
    else:
        lines = [
            (
                *(layer.name, layer.op, f"{layer.max_error:.2e}", f"{layer.tolerance:.0e}"),
                *(str(layer.worst_step), "pass" if layer.passed else "FAIL"),
            )
            for layer in found.layers
        ]
        columns = ("layer", "operator", "largest error", "tolerance", "at step", "")
        title = f"{network.name}: C against float64, {found.steps} steps"
        out.print(table(title, columns, lines, ("largest error", "tolerance", "at step")))
    sys.exit(0 if found.passed else 1)
