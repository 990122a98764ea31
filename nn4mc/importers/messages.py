"""Text of a model file inside messages: short, in printable ASCII."""

from collections.abc import Collection

_QUOTED_LETTERS = 80
_LISTED = 8


def quoted(text: str) -> str:
    """Return text of a file in quotes, short and in printable ASCII: a message must not steer the terminal.

    >>> quoted("lstm"), quoted("\\x1b[2J")
    ("'lstm'", "'\\\\x1b[2J'")
    """
    return ascii(text[:_QUOTED_LETTERS])


def listed(names: Collection[str]) -> str:
    """Return the first of our own names in alphabetical order, and how many there are.

    >>> listed({"b", "a"})
    'a, b'
    """
    shown = sorted(names)[:_LISTED]
    return ", ".join(shown) + (f", ... ({len(names)} in all)" if len(names) > _LISTED else "")
