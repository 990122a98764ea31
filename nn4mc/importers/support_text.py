"""The support table in words, for the terminal and for docs/operators.md."""

from nn4mc.importers.support import QUANTISED, FormatSupport, OperatorSupport

_SHOWN = 3


def sources_text(support: OperatorSupport) -> str:
    """Return what becomes an operator: some names of each format, and how many more there are."""
    found = "; ".join(f"{name}: {_some(names)}" for name, names in support.sources.items())
    return found or ("--quantize" if support.name in QUANTISED else "")


def _some(names: tuple[str, ...]) -> str:
    more = f" +{len(names) - _SHOWN}" if len(names) > _SHOWN else ""
    return " ".join(names[:_SHOWN]) + more


def becomes_text(support: FormatSupport, name: str) -> str:
    """Return the operators that a name becomes; "-" for none, "?" where no model of the tests says."""
    if name not in support.becomes:
        return "?"
    return " ".join(support.becomes[name]) or "-"
