"""The options of the generated C that every verb which compiles a model shares."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from nn4mc.target import ACTIVATION_ERRORS, DEFAULT_CODE, MACS, OPTIMIZE, WEIGHTS, CodeOptions

_Command = TypeVar("_Command", bound=Callable[..., Any])

_OPTIONS = {
    "mac": (MACS, "Round a product before it is added, or fuse the two (VFMA; slower by the manual's figures)."),
    "weights": (WEIGHTS, "Where constants are read from: RAM and CCM save flash wait states and cost RAM."),
    "activation_error": (ACTIVATION_ERRORS, "Largest absolute error of tanh and sigmoid: what is coarser is faster."),
    "optimize": (OPTIMIZE, "Unroll the kernels' loops, only where it pays (with --for the default), or nowhere."),
}


def code_options(command: _Command) -> _Command:
    """Add the options of the generated C to a command."""
    for name, (known, about) in reversed(_OPTIONS.items()):
        default = getattr(DEFAULT_CODE, name)
        option = f"--{name.replace('_', '-')}"
        command = click.option(option, name, type=click.Choice(known), default=default, show_default=True, help=about)(
            command
        )
    return command


def take_code_options(options: dict[str, Any]) -> CodeOptions:
    """Take the options of the generated C out of a command's ``options``."""
    return CodeOptions(**{name: options.pop(name) for name in _OPTIONS})
