"""The argument and the options that every verb which reads a model shares."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--stateful", is_flag=True, help="Recurrent layers take one time step and carry their state."),
    click.option(
        "--normalize",
        "scaling_file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="JSON with mean and scale of input and output, to bake in.",
    ),
    click.option("--max-parameters", type=click.IntRange(1), help="Accept a model of more values than the default."),
    click.option("--max-nodes", type=click.IntRange(1), help="Accept a model of more nodes than the default."),
    click.option("--max-file-bytes", type=click.IntRange(1), help="Accept a larger file than the default."),
)


def model_options(command: _Command) -> _Command:
    """Add the MODEL argument and the options of reading it to a command."""
    return click.argument("model")(reading_options(command))


def reading_options(command: _Command) -> _Command:
    """Add the options of reading a model to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def import_options(
    stateful: bool,
    scaling_file: Path | None,
    max_parameters: int | None,
    max_nodes: int | None,
    max_file_bytes: int | None,
) -> Any:
    """Return the importer's options for what the command line said; ConfigError for a damaged scaling file."""
    from nn4mc.importers.limits import DEFAULT_LIMITS  # noqa: PLC0415 - keeps --help fast
    from nn4mc.importers.options import ImportOptions  # noqa: PLC0415
    from nn4mc.importers.scaling import read_scaling  # noqa: PLC0415

    raised = {"parameters": max_parameters, "nodes": max_nodes, "file_bytes": max_file_bytes}
    limits = replace(DEFAULT_LIMITS, **{name: value for name, value in raised.items() if value is not None})
    scaling = None if scaling_file is None else read_scaling(scaling_file)
    return ImportOptions(limits, stateful, scaling)


def policy_of_file(path: Path, rig: str | None, options: Any) -> Any:
    """Return the policy of a controller's file for a rig by name, or with its own layout.

    Raises ConfigError for options of reading a model, which the file says itself, and as `read_policy`.
    """
    from nn4mc.errors import ConfigError  # noqa: PLC0415 - keeps --help fast
    from nn4mc.hil.policy_file import read_policy  # noqa: PLC0415 - needs the hil extra
    from nn4mc.hil.rig import load_rig  # noqa: PLC0415
    from nn4mc.importers.options import DEFAULT_OPTIONS  # noqa: PLC0415

    if options != DEFAULT_OPTIONS:
        raise ConfigError("--stateful, --normalize and --max-... are for a model's own file. Leave them out.")
    return read_policy(path, None if rig is None else load_rig(rig))
