"""nn4mc profile: what a step of a network costs, before a board is on the table."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nn4mc.cli.code import code_options, take_code_options
from nn4mc.cli.console import err, out, print_json, table
from nn4mc.cli.model import import_options, policy_of_file, reading_options
from nn4mc.target import TARGETS

if TYPE_CHECKING:
    from nn4mc.profile.budget import Budget
    from nn4mc.profile.result import Profile

_LIMITS = {
    "max_cycles": "modelled cycles, zero wait states",
    "max_instructions": "instructions",
    "max_flash": "bytes of code and constants",
    "max_ram": "bytes of the network's struct and variables",
    "max_stack": "bytes of stack, by the call graph",
}


def _limits(command: Any) -> Any:
    for name, about in reversed(_LIMITS.items()):
        option = f"--{name.replace('_', '-')}"
        command = click.option(option, name, type=click.IntRange(1), metavar="N", help=f"At most N {about}.")(command)
    return command


@click.command("profile")
@click.argument("model", required=False)
@click.option("--target", type=click.Choice(list(TARGETS)), default="cortex-m4f", show_default=True)
@click.option("--clock", "clock_hz", type=float, default=168e6, show_default=True, metavar="HZ", help="Core clock.")
@click.option("--wait-states", type=click.IntRange(0, 15), default=5, show_default=True, help="Of flash, at the clock.")
@click.option("--model-variant", "variant", default="headline", show_default=True, help="Of the cycle model.")
@click.option(
    "--inputs", type=click.Path(exists=True, dir_okay=False, path_type=Path), help=".npy of shape (steps, inputs)."
)
@click.option("--compare", nargs=2, metavar="A B", help="Print the difference of two: saved profiles, folders, models.")
@click.option("--save", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write the profile.")
@click.option("--functions", is_flag=True, help="Show each function too.")
@click.option(
    "--rig", metavar="RIG", help="Hold the profile against the [budget] of a rig; for a policy's file, its rig."
)
@_limits
@code_options
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@reading_options
def profile_command(
    model: str | None,
    target: str,
    clock_hz: float,
    wait_states: int,
    variant: str,
    inputs: Path | None,
    compare: tuple[str, str] | None,
    save: Path | None,
    functions: bool,
    rig: str | None,
    as_json: bool,
    **others: Any,
) -> None:
    """Build MODEL for its target, run the program in an emulated core, and print what one step costs.

    MODEL is a model file, `raptor`, a policy's file policy.toml (its network), a folder that `nn4mc compile` wrote, or
    a saved profile. Instructions are counted, cycles are those of a stated model. Exit status 1 when a limit is broken.
    """
    from nn4mc.profile.budget import Budget  # noqa: PLC0415 - keeps --help fast
    from nn4mc.profile.network import conditions  # noqa: PLC0415
    from nn4mc.profile.obtain import obtain_profile, read_rows  # noqa: PLC0415
    from nn4mc.profile.result import compare as differences  # noqa: PLC0415

    if (model is None) == (compare is None):
        raise click.UsageError("name one MODEL, or two with --compare")
    budget = Budget(**{name: others.pop(name) for name in _LIMITS})
    if rig is not None:
        budget = _rig_budget(rig).tightened(budget)
    asked = conditions(target, clock_hz, wait_states, variant)
    rows = None if inputs is None else read_rows(inputs)
    code = take_code_options(others)
    options = import_options(**others)
    names = compare or (str(model),)
    found = [obtain_profile(one, rows, asked, its, code) for one, its in (_model(name, rig, options) for name in names)]
    if save is not None:
        found[-1].save(save)
    if compare is not None:
        _print_comparison(names, differences(*found), as_json)
    elif as_json:
        print_json(found[0].as_dict())
    else:
        _print(found[0])
        if functions:
            _print_functions(found[0])
    sys.exit(_verdict(found[-1], budget))


def _model(name: str, rig: str | None, options: Any) -> tuple[str, Any]:
    """Return what to profile and how to read it; of a policy's file it is the network."""
    if Path(name).suffix != ".toml":
        return name, options
    from nn4mc.api import import_options as options_of  # noqa: PLC0415 - needs the hil extra

    policy = policy_of_file(Path(name), rig, options)
    return policy.model, options_of(policy)


def _rig_budget(rig: str) -> "Budget":
    from nn4mc.hil.rig import load_rig  # noqa: PLC0415

    return load_rig(rig).budget


def _verdict(found: "Profile", budget: "Budget") -> int:
    broken = found.broken(budget)
    for line in broken:
        err.print(f"over budget: {line}", highlight=False)
    return 1 if broken else 0


def _print(found: "Profile") -> None:
    columns = ("layer", "instructions", "cycles", "waits", "us", "share")
    rows = [
        (
            *(layer.name, f"{layer.instructions:,}", f"{layer.cycles:,}", f"{layer.wait_cycles:,}"),
            *(f"{layer.microseconds:.1f}", f"{layer.share:.1%}"),
        )
        for layer in found.layers
    ]
    total = (f"{found.instructions:,}", f"{found.cycles:,}", f"{found.wait_cycles:,}", f"{found.microseconds:.1f}", "")
    title = f"{found.name} for {found.target}, one step"
    out.print(table(title, columns, [*rows, ("one step", *total)], columns[1:]))
    for what, text in found.lines():
        out.print(f"{what:<9} {text}", highlight=False, soft_wrap=True)


def _print_functions(found: "Profile") -> None:
    rows = [
        (name, f"{instructions:,}", f"{cycles:,}", f"{cycles / found.cycles:.1%}")
        for name, (instructions, cycles) in found.functions.items()
    ]
    columns = ("function", "instructions", "cycles", "share")
    out.print(table("functions, without what they call", columns, rows, columns[1:]))


def _print_comparison(names: tuple[str, ...], rows: tuple[tuple[str, float, float], ...], as_json: bool) -> None:
    if as_json:
        figures = [{"what": what, "a": a, "b": b} for what, a, b in rows]
        print_json({"a": names[0], "b": names[1], "figures": figures})
        return
    lines = [(what, *(_figure(value) for value in (a, b, b - a)), _percent(a, b)) for what, a, b in rows]
    columns = ("", "A", "B", "difference", "%")
    out.print(table(f"A {names[0]}, B {names[1]}", columns, lines, columns[1:]))


def _figure(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def _percent(a: float, b: float) -> str:
    return f"{(b - a) / a:+.1%}" if a else ""
