"""nn4mc compile: a model in, a folder of C out."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from nn4mc.cli.code import code_options, take_code_options
from nn4mc.cli.console import print_json
from nn4mc.cli.model import import_options, model_options
from nn4mc.cli.quantizing import QUANTIZE, quantizing_options, take_quantizing
from nn4mc.errors import ConfigError
from nn4mc.target import TARGETS, CodeOptions


@click.command("compile")
@model_options
@click.option(
    "-o", "--output", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for the C."
)
@click.option("--name", help="Prefix of every C name; by default the model's own name.")
@click.option(
    "--rig", metavar="RIG", help="For a controller: the rig that says what its sensors, reference and commands are."
)
@click.option("--target", type=click.Choice(list(TARGETS)), default="cortex-m4f", show_default=True)
@QUANTIZE
@quantizing_options
@code_options
@click.option(
    "--for",
    "stack",
    metavar="STACK",
    help="Also write what goes between the policy and a flight stack: px4, betaflight, crazyflie or ardupilot.",
)
@click.option(
    "--props",
    type=click.Choice(["in", "out"]),
    default="in",
    show_default=True,
    help="With --for: how the propellers turn. `in` is the front right one counter-clockwise, `out` the other way.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def compile_command(
    model: str,
    output: Path,
    name: str | None,
    rig: str | None,
    target: str,
    stack: str | None,
    props: str,
    as_json: bool,
    **others: Any,
) -> None:
    """Compile MODEL, a file or `raptor`, to C; or a controller of any kind: a file that ends in .toml.

    A controller's file says in a table [layout] what its sensors, reference and commands are, unless --rig or a
    rig.toml beside it does.

    The folder holds NAME.h, NAME.c, the runtime, a PlatformIO library.json and an example. Files that nn4mc did not
    write are never replaced. With --for, MODEL is a policy that takes what RAPTOR takes, and the folder goes into a
    flight stack.
    """
    from nn4mc.api import compile_model  # noqa: PLC0415 - keeps --help fast

    code = take_code_options(others)
    if Path(model).suffix == ".toml":
        if stack is not None:
            raise ConfigError(f"--for {stack}: takes a model with RAPTOR's inputs, and {model} is a controller's file.")
        _compile_controller(Path(model), (rig, name), (output, target), code, others, as_json)
        return
    asked = take_quantizing(others)
    if rig is not None:
        raise ConfigError(f"--rig {rig}: goes with a controller's file, and {model} is none (it does not end in .toml)")
    if stack is not None:
        if click.get_current_context().get_parameter_source("optimize") is ParameterSource.DEFAULT:
            code = replace(code, optimize="balance")
        _compile_for_stack(model, stack, props, output, name, target, code, asked, others, as_json)
        return
    if props != "in":
        raise ConfigError(f"--props {props}: only with --for. Name the flight stack.")
    network = compile_model(model, name, target, import_options(**others), code, asked)
    network.write(output)
    result = {
        "name": network.name,
        "folder": str(output),
        "files": sorted(network.emitted.files),
        "model_id": network.model_id,
        "model_sha256": network.graph.source.sha256,
        "context_bytes": 4 * (network.plan.state_len + network.plan.arena_len),
        "const_bytes": network.emitted.const_bytes,
        "quantized": None if network.quantized is None else _schemes(network.quantized),
    }
    if as_json:
        print_json(result)
        return
    click.echo(
        f"{output}/{network.name}.h and {len(network.emitted.files) - 1} more files: model {network.model_id}, "
        f"{result['context_bytes']} bytes of RAM, {result['const_bytes']:,} bytes of constants."
    )
    if network.quantized is not None:
        click.echo(_summary(network.quantized))


def _schemes(quantized: Any) -> dict[str, Any]:
    layers = {
        name: {"weights": one.weight_type, "x": one.x.dtype, "y": one.y.dtype if one.y else "float32"}
        for name, one in quantized.layers.items()
    }
    return {"layers": layers, "kept_float": dict(quantized.kept), "calibration_steps": quantized.calibration.steps}


def _summary(quantized: Any) -> str:
    kept = "".join(f"\n{name} stays float: {why}" for name, why in quantized.kept.items())
    names = ", ".join(quantized.layers)
    return f"Quantised {names}, calibrated on {quantized.calibration.steps:,} steps.{kept}"


def _refuse_for_controllers(name: str | None, reading: dict[str, Any]) -> None:
    if name is not None:
        raise ConfigError(f"--name '{name}': a controller's C is called controller. Leave --name out.")
    if any(value not in (None, False) for value in reading.values()):
        raise ConfigError("--stateful, --normalize and --max-... are for a model's own file. Leave them out.")


def _compile_controller(
    path: Path,
    said: tuple[str | None, str | None],
    where: tuple[Path, str],
    code: CodeOptions,
    others: dict[str, Any],
    as_json: bool,
) -> None:
    from nn4mc.hil.controller_file import compile_controller_file, rig_of_file  # noqa: PLC0415 - keeps --help fast
    from nn4mc.hil.rig import load_rig  # noqa: PLC0415

    (rig, name), (output, target) = said, where
    flown = rig_of_file(path, load_rig(rig) if rig else None)
    asked = take_quantizing(others, flown)
    _refuse_for_controllers(name, others)
    made = compile_controller_file(path, flown, asked, code)
    files = made.write_library(output, target, code)
    if as_json:
        print_json({"name": "controller", "folder": str(output), "files": files, "sha256": made.sha256})
        return
    click.echo(f"{output}/controller.h and {len(files) - 1} more files.")


def _compile_for_stack(
    model: str,
    stack: str,
    props: str,
    output: Path,
    name: str | None,
    target: str,
    code: CodeOptions,
    asked: Any,
    others: dict[str, Any],
    as_json: bool,
) -> None:
    from nn4mc.flight_stack.folder import compile_for_stack  # noqa: PLC0415 - keeps --help fast

    unused = [f"--{key.replace('_', '-')}" for key, value in others.items() if value]
    if name is not None or unused:
        raise ConfigError(f"{', '.join(unused or ['--name'])}: not with --for {stack}. Leave it out.")
    made = compile_for_stack(model, stack, props, target, code, asked)
    files = made.write(output)
    if as_json:
        sha256 = made.controller.sha256
        print_json({"name": made.network.name, "folder": str(output), "stack": stack, "files": files, "sha256": sha256})
        return
    click.echo(f"{output}/{stack}_adapter.h and {len(files) - 1} more files. {output}/README.md says where they go.")
