"""The options that every verb which quantises shares, and what they ask for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])
_TYPES = click.Choice(["int8", "int16"])

_OPTIONS = (
    click.option(
        "--calibrate",
        "calibrate_files",
        multiple=True,
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Inputs that the network will meet: .npy (steps, inputs), .csv, or the .mcap log of a flight. Repeatable; "
        "by default the model's own examples.",
    ),
    click.option(
        "--activations",
        type=_TYPES,
        help="What goes from one integer layer to the next; by default as the weights. int16 is finer and takes twice "
        "the RAM.",
    ),
    click.option(
        "--keep-float",
        "keep_float",
        multiple=True,
        metavar="LAYER",
        help="A layer to leave in float32. Repeatable; `nn4mc quantize` says where it pays.",
    ),
)
QUANTIZE = click.option(
    "--quantize",
    type=_TYPES,
    help="Make weights int8 (a quarter of the flash) or int16 (half of it), and multiply in integers.",
)
"""Whether to quantise at all, for verbs that need not."""


def quantizing_options(command: _Command) -> _Command:
    """Add the options of how to quantise to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def quantizing(
    quantize: str | None,
    calibrate_files: tuple[Path, ...],
    activations: str | None,
    keep_float: tuple[str, ...],
    rig: Any = None,
) -> Any:
    """Return what the options ask for, None for no quantisation; ``rig``, a name or a Rig, is for logs of flights.

    Raises ConfigError where options need --quantize, and what reading the files raises.
    """
    from nn4mc.errors import ConfigError  # noqa: PLC0415 - keeps --help fast
    from nn4mc.quantize import Quantizing, Scheme  # noqa: PLC0415

    if quantize is None:
        if calibrate_files or activations or keep_float:
            raise ConfigError("--calibrate, --activations and --keep-float go with --quantize int8 or int16")
        return None
    scheme = Scheme(quantize, activations or quantize, frozenset(keep_float))
    return Quantizing(scheme, tuple(one for path in calibrate_files for one in read_inputs(path, rig)))


def take_quantizing(others: dict[str, Any], rig: Any = None) -> Any:
    """Take the options of this module out of a command's and return what they ask for; see `quantizing`."""
    names = ("quantize", "calibrate_files", "activations", "keep_float")
    return quantizing(rig=rig, **{name: others.pop(name) for name in names})


def read_inputs(path: Path, rig: Any = None) -> Any:
    """Return the recordings of a file, whichever kind it is; ``rig``, a name or a Rig, is the one of a flight's log."""
    if path.suffix == ".mcap":
        from nn4mc.hil.calibration import read_flight  # noqa: PLC0415 - needs the hil extra

        return (read_flight(path, rig),)
    from nn4mc.quantize.files import read_recordings  # noqa: PLC0415

    return read_recordings(path)
