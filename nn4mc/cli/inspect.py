"""nn4mc inspect: what a model is and takes."""

from typing import Any

import click

from nn4mc.cli.code import code_options, take_code_options
from nn4mc.cli.console import out, print_json, table
from nn4mc.cli.model import import_options, model_options
from nn4mc.target import TARGETS


@click.command("inspect")
@model_options
@click.option("--target", type=click.Choice(list(TARGETS)), default="cortex-m4f", show_default=True)
@code_options
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def inspect_command(model: str, target: str, as_json: bool, **others: Any) -> None:
    """Show the layers of MODEL, a file or `raptor`, and its exact memory."""
    from nn4mc.api import compile_model  # noqa: PLC0415 - keeps --help fast
    from nn4mc.inspect import inspect  # noqa: PLC0415

    code = take_code_options(others)
    found = inspect(compile_model(model, None, target, import_options(**others), code), TARGETS[target])
    if as_json:
        print_json(found)
        return
    rows = [
        (
            *(layer.name, layer.op, layer.activation, str(layer.input_shape), str(layer.output_shape)),
            *(f"{layer.parameters:,}", f"{layer.macs:,}"),
        )
        for layer in found.layers
    ]
    columns = ("layer", "operator", "activation", "in", "out", "parameters", "MACs")
    out.print(table(f"{found.name} ({found.format})", columns, rows, ("parameters", "MACs")))
    out.print(f"model     {found.model_id}, sha256 {found.model_sha256}", highlight=False, soft_wrap=True)
    out.print(f"total     {found.parameters:,} parameters, {found.macs:,} MACs a step", highlight=False)
    out.print(
        f"RAM       {found.state_bytes + found.arena_bytes:,} bytes (state {found.state_bytes:,}, "
        f"arena {found.arena_bytes:,})",
        highlight=False,
    )
    out.print(f"constants {found.const_bytes:,} bytes (weights {found.weight_bytes:,})", highlight=False)
    if found.code is None:
        out.print("code      not measured: the cross compiler is missing, see `nn4mc doctor`", highlight=False)
    else:
        out.print(
            f"{target}: {found.code.flash:,} bytes of flash in all, at most {found.code.stack:,} bytes of stack",
            highlight=False,
        )
