"""The kinds of model there are, from simple to rich; of equals, the earlier one is recommended."""

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
DEFAULT_KINDS = (ARX, HAMMERSTEIN, DENSE)


def plain(kind: str) -> str:
    """Return a kind without its ending.

    >>> plain("gru+sensors")
    'gru'
    """
    return kind.removesuffix(SENSORS)
