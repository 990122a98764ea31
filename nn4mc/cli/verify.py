"""nn4mc verify: does the C compute what the model does?"""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from nn4mc.cli.code import code_options, take_code_options
from nn4mc.cli.console import out, print_json, table
from nn4mc.cli.model import import_options, model_options, policy_of_file
from nn4mc.errors import ConfigError

_AGAINST = ("reference", "keras", "torch", "onnxruntime", "litert")
_COLUMNS = ("layer", "operator", "largest error", "ULP", "tolerance", "at step", "")


@click.command("verify")
@model_options
@click.option(
    "--inputs", type=click.Path(exists=True, dir_okay=False, path_type=Path), help=".npy of shape (steps, inputs)."
)
@click.option("--steps", type=click.IntRange(1, 100_000), default=500, show_default=True, help="Without --inputs.")
@click.option(
    "--against",
    type=click.Choice(_AGAINST),
    default="reference",
    show_default=True,
    help="What the outputs are compared with; a framework loads the file in its own way, so trust it first.",
)
@click.option("--rig", metavar="RIG", help="For a policy's file: the rig that says what its sensors and commands are.")
@code_options
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def verify_command(
    model: str, inputs: Path | None, steps: int, against: str, rig: str | None, as_json: bool, **others: Any
) -> None:
    """Build the C of MODEL for this machine and compare every layer with float64.

    Inputs are the model's own examples, then random numbers in -1..1, or those of --inputs. MODEL may be a policy's
    file, policy.toml: then they are observations of a wandering vehicle, and its commands are compared too. Exit status
    1 if a layer is off by more than its tolerance.
    """
    from nn4mc.api import compile_model  # noqa: PLC0415 - keeps --help fast
    from nn4mc.verify import read_inputs, verify  # noqa: PLC0415

    code, options = take_code_options(others), import_options(**others)
    if Path(model).suffix == ".toml":
        policy = policy_of_file(Path(model), rig, options)
        if inputs is not None or against != "reference":
            raise ConfigError(f"{model}: --inputs and --against are for models; verify the policy's model with them.")
        sys.exit(_verify_policy(Path(model).stem, policy, steps, code, as_json))
    if rig is not None:
        raise ConfigError(f"--rig {rig}: goes with a policy's file, and {model} is none (it does not end in .toml)")
    network = compile_model(model, options=options, code=code)
    rows = None if inputs is None else read_inputs(inputs, network)
    found = verify(network, rows, steps, None if against == "reference" else (against, Path(model)))
    if as_json:
        print_json(_plain(network.model_id, found))
    else:
        _print(network.name, found)
    sys.exit(0 if found.passed else 1)


def _verify_policy(name: str, policy: Any, steps: int, code: Any, as_json: bool) -> int:
    """Verify a policy: its network on observations, then its commands; return the exit status."""
    from nn4mc.hil.policy_check import verify_policy  # noqa: PLC0415 - needs the hil extra

    found = verify_policy(policy, steps, code)
    command = {**asdict(found.command), "passed": found.command.passed}
    if as_json:
        print_json({**_plain(found.model_id, found.network), "passed": found.passed, "command": command})
        return 0 if found.passed else 1
    _print(name, found.network)
    verdict = "pass" if found.command.passed else "FAIL"
    click.echo(
        f"Commands, from sensors to guard: largest error {found.command.max_error:.2e}, at step "
        f"{found.command.worst_step}, tolerance {found.command.tolerance:.0e}: {verdict}."
    )
    return 0 if found.passed else 1


def _plain(model_id: str, found: Any) -> dict[str, Any]:
    return {
        "model_id": model_id,
        "steps": found.steps,
        "against": found.against,
        "passed": found.passed,
        "diverges_at": found.diverges_at.name if found.diverges_at else None,
        "layers": [{**asdict(layer), "passed": layer.passed} for layer in found.layers],
    }


def _print(name: str, found: Any) -> None:
    lines = [
        (
            *(layer.name, layer.op, f"{layer.max_error:.2e}", f"{layer.max_ulp:,.1f}", f"{layer.tolerance:.0e}"),
            *(str(layer.worst_step), "pass" if layer.passed else "FAIL"),
        )
        for layer in found.layers
    ]
    against = "" if found.against == "reference" else f", outputs against {found.against}"
    out.print(table(f"{name}: C against float64{against}, {found.steps} steps", _COLUMNS, lines, _COLUMNS[2:6]))
    click.echo(
        "Tolerance: 1e-5 of a layer's largest value, at least 1e-5: room for some hundred float32 roundings; one step\n"
        "for integers; more where --activation-error or rounding to steps costs more. ULP: spacings of float32 at the\n"
        "expected value, large where that is near 0."
    )
    if found.diverges_at is not None:
        where = found.diverges_at
        click.echo(
            f"First divergence: layer '{where.name}' ({where.op or 'outputs'}), worst at step {where.worst_step}."
        )
