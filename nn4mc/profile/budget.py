"""What a network may cost at most, and whether it does."""

from typing import Annotated, Any

import msgspec

_Limit = Annotated[int, msgspec.Meta(gt=0)] | None


class Budget(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits of one step; None where there is none. Bytes, modelled cycles without wait states, instructions."""

    max_cycles: _Limit = None
    max_instructions: _Limit = None
    max_flash: _Limit = None
    max_ram: _Limit = None
    max_stack: _Limit = None

    def broken(self, **found: float | None) -> list[str]:
        """Return a line for each limit that a figure exceeds; figures by the limit's name without ``max_``.

        >>> Budget(max_flash=100).broken(flash=120, ram=7)
        ['flash 120, at most 100 allowed']
        """
        limits: dict[str, Any] = {name: getattr(self, f"max_{name}") for name in found}
        return [
            f"{name} {figure:,.0f}, at most {limits[name]:,} allowed"
            for name, figure in found.items()
            if figure is not None and limits[name] is not None and figure > limits[name]
        ]

    def tightened(self, other: "Budget") -> "Budget":
        """Return this budget with the limits that ``other`` sets in place of its own."""
        mine = {name: getattr(self, name) for name in self.__struct_fields__}
        theirs = {name: getattr(other, name) for name in self.__struct_fields__}
        return Budget(**{name: mine[name] if theirs[name] is None else theirs[name] for name in mine})
