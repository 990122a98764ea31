"""What a memory plan says: a place for every tensor, and what is copied at the end."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Region(Enum):
    """The memory a tensor lives in."""

    CONSTANT = "constant"
    INPUT = "input"
    OUTPUT = "output"
    STATE = "state"
    ARENA = "arena"


@dataclass(frozen=True)
class Location:
    """A place: ``offset`` elements or words into a region (0 for constants, which have their own array)."""

    region: Region
    offset: int


@dataclass(frozen=True)
class Copy:
    """Elements of ``tensor`` to move after the last node ran."""

    tensor: str
    source: Location
    target: Location
    count: int
    dtype: str


@dataclass(frozen=True)
class Plan:
    """The memory of one network. ``scratch`` is each node's working memory in the arena, by node name."""

    locations: Mapping[str, Location]
    scratch: Mapping[str, Location]
    copies: tuple[Copy, ...]
    in_len: int
    out_len: int
    state_len: int
    arena_len: int
