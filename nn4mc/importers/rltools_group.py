"""What a checkpoint of RLtools is made of, in whichever container: named groups with attributes and arrays."""

from collections.abc import Collection
from typing import Protocol

from nn4mc.ir import Float32Array


class Group(Protocol):
    """A group of a checkpoint; each method raises ModelError, opening with `where`, for a damaged or hostile file."""

    @property
    def where(self) -> str:
        """The file and the path of the group in it, for messages."""

    def count(self) -> int:
        """Return the number of groups and arrays in this one."""

    def members(self, allowed: Collection[str]) -> list[str]:
        """Return the names of the groups and arrays in this one, all of which must be ``allowed``."""

    def attributes(self, allowed: Collection[str]) -> list[str]:
        """Return the names of the attributes, all of which must be ``allowed``."""

    def group(self, name: str) -> "Group":
        """Return a group in this one."""

    def text(self, name: str) -> str:
        """Return an attribute."""

    def array(self, name: str) -> Float32Array:
        """Return an array in this group: float32, finite, no larger than the limits allow."""
