"""Where the atoms of a tape live in C: each a jet of some columns in one arena, or in the predicted outputs."""

from collections.abc import Mapping
from dataclasses import dataclass

from nn4mc.control.tape import Tape, Unary
from nn4mc.control.trace import reads


@dataclass(frozen=True)
class TapeMemory:
    """Offsets in floats of atoms in the arena, its length, and unary lines that write over their argument."""

    offsets: Mapping[str, int]
    length: int
    in_place: frozenset[str]


def place_atoms(tape: Tape, columns: int) -> TapeMemory:
    """Return the memory of all atoms that lines make, but for the output; each is ``columns`` times its length."""
    last = {name: i for i, line in enumerate(tape.lines) for name in reads(line)}
    last |= dict.fromkeys(tape.states.values(), len(tape.lines))
    offsets: dict[str, int] = {}
    in_place: set[str] = set()
    alive: dict[
        str, tuple[int, int, int]
    ] = {}  # by the atom that owns the memory: offset, end, last line that reads it
    owner: dict[str, str] = {}
    length = 0
    for i, line in enumerate(tape.lines):
        if line.out == tape.output:
            continue
        end_of_life = last.get(line.out, i)
        if isinstance(line, Unary) and line.x in owner and last[line.x] == i:
            one = owner[line.x]
            at, end, _ = alive[one]
            alive[one] = (at, end, end_of_life)
            offsets[line.out], owner[line.out] = at, one
            in_place.add(line.out)
            continue
        alive = {name: place for name, place in alive.items() if place[2] >= i}
        size = columns * tape.lengths[line.out]
        at = _first_fit(sorted(place[:2] for place in alive.values()), size)
        alive[line.out] = (at, at + size, end_of_life)
        offsets[line.out], owner[line.out] = at, line.out
        length = max(length, at + size)
    return TapeMemory(offsets, length, frozenset(in_place))


def _first_fit(taken: list[tuple[int, int]], size: int) -> int:
    at = 0
    for start, end in taken:
        if start - at >= size:
            return at
        at = max(at, end)
    return at
