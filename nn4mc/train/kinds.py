"""The kinds of model there are, from simple to rich; of equals, the earlier one is recommended."""

from collections.abc import Iterable

ARX = "arx"
HAMMERSTEIN = "hammerstein"
DENSE, GRU, LSTM = "dense", "gru", "lstm"
SENSORS = "+sensors"
"""Ending of the kinds that also see the current sensors."""

_PLAIN = (ARX, HAMMERSTEIN, DENSE, GRU, LSTM)
NETWORKS = (DENSE, GRU, LSTM)
"""Kinds that are fitted with torch."""
KINDS = tuple(plain + ending for plain in _PLAIN for ending in ("", SENSORS))
"""Every name that a specification may list."""


def default_kinds(sensors: bool) -> tuple[str, ...]:
    """Return what is tried where a specification lists no kinds.

    >>> default_kinds(sensors=False)
    ('arx', 'hammerstein', 'dense')
    """
    seeing = (ARX + SENSORS, HAMMERSTEIN + SENSORS) if sensors else ()
    return (ARX, HAMMERSTEIN, DENSE, *seeing)


def in_order(kinds: Iterable[str]) -> tuple[str, ...]:
    """Return kinds from simple to rich, ARX among them: it is the baseline that others must beat.

    >>> in_order(["gru", "hammerstein"])
    ('arx', 'hammerstein', 'gru')
    """
    wanted = {ARX, *kinds}
    return tuple(kind for kind in KINDS if kind in wanted)


def plain(kind: str) -> str:
    """Return a kind without its ending.

    >>> plain("gru+sensors")
    'gru'
    """
    return kind.removesuffix(SENSORS)
