"""Caps on what a model file may declare, checked before anything of that size is read."""

from dataclasses import dataclass
from math import prod

from nn4mc.errors import ModelError


@dataclass(frozen=True)
class Limits:
    """Largest sizes an importer accepts; raise them for a model that is known and trusted.

    ``parameters`` counts the stored values, ``tensor_values`` those of one computed tensor, ``macs`` the
    multiply-accumulates of a run.
    """

    file_bytes: int = 256 << 20
    parameters: int = 4_000_000
    tensor_values: int = 1 << 18
    macs: int = 300_000_000
    nodes: int = 10_000
    depth: int = 16


DEFAULT_LIMITS = Limits()


def cap(found: int, limit: int, what: str, where: str) -> None:
    """Raise ModelError when ``found`` exceeds ``limit``; ``what`` and ``where`` go into the message."""
    if found > limit:
        raise ModelError(
            f"{where}: {what} is {found:,}, more than the limit of {limit:,}. Is this a model for a microcontroller?"
        )


def cap_elements(shape: tuple[int, ...], limits: Limits, where: str) -> None:
    """Raise ModelError when a declared shape holds more elements than the parameters allowed."""
    cap(prod(shape), limits.parameters, f"the number of values of shape {shape}", where)
