"""Where the atoms of a tape live in C: each a jet of some columns in one arena, or in the predicted outputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nn4mc.control.tape import Affine, Line, Tape, Unary
from nn4mc.control.trace import reads


@dataclass(frozen=True)
class Place:
    """A jet in the arena: its offset, and the floats from column to column."""

    at: int
    step: int


@dataclass(frozen=True)
class TapeMemory:
    """Places of atoms and of the members of groups, the arena's length in floats, and what writes over what it reads.

    ``in_place`` maps an atom to the one that it replaces: the argument of a unary line, or one term of a sum.
    """

    places: Mapping[str, Place]
    windows: Mapping[str, Place]
    length: int
    in_place: Mapping[str, str]


def place_atoms(tape: Tape, columns: int, groups: Sequence[Sequence[str]], nowhere: frozenset[str]) -> TapeMemory:
    """Return the memory of all atoms that lines make, but for the output and those that are ``nowhere``.

    The atoms of a group are neighbours: rows of one jet, which is made where the first of them is.
    """
    arena = _Arena(tape, columns)
    group_of = {members[0]: members for members in groups}
    for i, line in enumerate(tape.lines):
        if line.out in group_of:
            arena.make_group(group_of[line.out], i)
        if line.out == tape.output or line.out in nowhere:
            continue
        replaced = _replaced(line, arena, i)
        if replaced is not None:
            arena.replace(line.out, replaced)
        elif line.out in arena.windows:
            arena.places[line.out] = arena.windows[line.out]
        else:
            arena.make(line.out, i)
    return TapeMemory(arena.places, arena.windows, arena.length, arena.in_place)


def _replaced(line: Line, arena: "_Arena", i: int) -> str | None:
    """Return the atom whose memory a line may take over, since nobody reads it any more."""
    if isinstance(line, Unary):
        sources = [line.x]
    elif isinstance(line, Affine):
        sources = [term.atom for term in line.terms if term.matrix is None and term.sign > 0]
    else:
        sources = []
    return next((x for x in sources if x in arena.places and arena.last[x] == i), None)


class _Arena:
    """What is placed so far; ``owner`` is the atom or the group's first one that holds an atom's memory."""

    def __init__(self, tape: Tape, columns: int) -> None:
        self._lengths, self._columns = tape.lengths, columns
        self._lines = {line.out: i for i, line in enumerate(tape.lines)}
        self.last = {name: i for i, line in enumerate(tape.lines) for name in reads(line)}
        self.last |= dict.fromkeys(tape.states.values(), len(tape.lines))
        self.places: dict[str, Place] = {}
        self.windows: dict[str, Place] = {}
        self.in_place: dict[str, str] = {}
        self.length = 0
        self._owner: dict[str, str] = {}
        self._alive: dict[str, tuple[int, int, int]] = {}  # by owner: offset, end, last line that reads it

    def make_group(self, members: Sequence[str], i: int) -> None:
        """Place rows of one jet."""
        at, step = self._take(members, i)
        for name in members:
            self.windows[name] = Place(at, step)
            self._owner[name] = members[0]
            at += self._lengths[name]

    def make(self, name: str, i: int) -> None:
        """Place one atom."""
        self.places[name] = Place(*self._take((name,), i))
        self._owner[name] = name

    def replace(self, name: str, replaced: str) -> None:
        """Let an atom take over another one's memory."""
        owner = self._owner[replaced]
        at, end, last = self._alive[owner]
        self._alive[owner] = (at, end, max(last, self.last.get(name, self._lines[name])))
        self.places[name], self._owner[name], self.in_place[name] = self.places[replaced], owner, replaced

    def _take(self, names: Sequence[str], i: int) -> tuple[int, int]:
        self._alive = {name: place for name, place in self._alive.items() if place[2] >= i}
        rows = sum(self._lengths[name] for name in names)
        at = _first_fit(sorted(place[:2] for place in self._alive.values()), self._columns * rows)
        last = max(max(self._lines[name], self.last.get(name, i)) for name in names)
        self._alive[names[0]] = (at, at + self._columns * rows, last)
        self.length = max(self.length, at + self._columns * rows)
        return at, rows


def _first_fit(taken: list[tuple[int, int]], size: int) -> int:
    at = 0
    for start, end in taken:
        if start - at >= size:
            return at
        at = max(at, end)
    return at
