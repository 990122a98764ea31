"""Where the command line prints: results on stdout, progress and logs on stderr, JSON for machines."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from typing import Any

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

out = Console()
"""Results."""
err = Console(stderr=True)
"""Progress and logs."""


def print_json(result: Any) -> None:
    """Print a dataclass or a mapping as JSON on stdout; NaN and Inf, which JSON does not have, become null."""
    plain = asdict(result) if is_dataclass(result) and not isinstance(result, type) else result
    click.echo(json.dumps(_finite(plain), indent=2, allow_nan=False))


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def table(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    numbers: Sequence[str] = (),
    whole: Sequence[str] = (),
) -> Table:
    """Return a table; columns named in ``numbers`` are right-aligned, cells of those in ``whole`` never wrapped.

    In the others a word that is too long goes on in the next line: cut off, two rows might read the same.
    """
    made = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        made.add_column(
            column,
            justify="right" if column in numbers else "left",
            no_wrap=column in whole,
            overflow="ellipsis" if column in whole else "fold",
        )
    for row in rows:
        made.add_row(*row)
    return made
