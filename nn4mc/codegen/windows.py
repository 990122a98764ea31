"""The part of a tape's lines that the moves and the past make: groups of lines, what is fixed, and tables of moves."""

from dataclasses import dataclass, field

import numpy as np

from nn4mc.control.horizon import COMMAND, OUTPUT, SENSOR, Model
from nn4mc.control.tape import Affine, Product, Tape
from nn4mc.control.trace import reads
from nn4mc.ir import Array

WINDOW = (COMMAND, OUTPUT, SENSOR)


@dataclass(frozen=True)
class Plan:
    """N2 and Nu: a horizon of one step carries no state on. ``newton``: jets hold second derivatives."""

    horizon: int
    moves: int
    newton: bool = False


@dataclass(frozen=True)
class Group:
    """Lines that read the same of the window, as rows of one matrix; most often there is one."""

    lines: tuple[Affine, ...]

    @property
    def name(self) -> str:
        """That of the first line."""
        return self.lines[0].out

    @property
    def members(self) -> tuple[str, ...]:
        """The atoms."""
        return tuple(line.out for line in self.lines)

    @property
    def bias(self) -> Array:
        """All biases."""
        return np.concatenate([line.bias for line in self.lines])

    @property
    def rows(self) -> int:
        """Of all lines."""
        return sum(len(line.bias) for line in self.lines)

    def reads(self, atom: str) -> bool:
        """Whether the lines read an atom of the window."""
        return any(term.atom == atom for term in self.lines[0].terms)

    def matrix(self, atom: str) -> Array:
        """Return the matrix (rows, words) of an atom of the window."""
        return np.vstack([values_of(line, atom) for line in self.lines])


@dataclass
class Fixed:
    """Where lines find what no decision changes, in floats of one step, and how many there are."""

    places: dict[str, int] = field(default_factory=dict)
    length: int = 0


def values_of(line: Affine, atom: str) -> Array:
    """Return the matrix (rows, words) of an atom in a line, also where it is the identity."""
    term = next(term for term in line.terms if term.atom == atom)
    return term.sign * np.eye(len(line.bias)) if term.matrix is None else term.matrix


def find_groups(tape: Tape) -> tuple[Group, ...]:
    """Return the lines that read commands, those together that read the same of the window; the output stays alone."""
    found: dict[tuple[frozenset[str], bool], list[Affine]] = {}
    for line in tape.lines:
        if isinstance(line, Affine):
            atoms = frozenset(term.atom for term in line.terms) & set(WINDOW)
            if COMMAND in atoms:
                found.setdefault((atoms, line.out == tape.output), []).append(line)
    return tuple(Group(tuple(lines)) for lines in found.values())


def find_fixed(tape: Tape, groups: tuple[Group, ...]) -> Fixed:
    """Return places for all lines that read the window or a state, and for the output, which has the bias added."""
    fixed = Fixed()
    group_of = {group.name: group for group in groups}
    for line in tape.lines:
        if line.out in group_of:
            for member in group_of[line.out].lines:
                fixed.places[member.out] = fixed.length
                fixed.length += len(member.bias)
        elif isinstance(line, Affine) and line.out not in fixed.places and is_fixed(tape, line):
            fixed.places[line.out] = fixed.length
            fixed.length += len(line.bias)
    return fixed


def is_fixed(tape: Tape, line: Affine) -> bool:
    """Whether a line has a part that no decision changes, besides a constant."""
    return line.out == tape.output or any(term.atom in WINDOW or term.atom in tape.states for term in line.terms)


def find_still(tape: Tape, plan: Plan) -> frozenset[str]:
    """Return the atoms that no decision moves and that only factors of products are made of: they need no jet."""
    if plan.horizon > 1:
        return frozenset()
    past = {OUTPUT, SENSOR, *tape.states}
    still = {
        line.out
        for line in tape.lines
        if isinstance(line, Affine)
        and line.out != tape.output
        and line.out not in tape.states.values()
        and is_fixed(tape, line)
        and {term.atom for term in line.terms} <= past
    }
    for line in tape.lines:
        read = reads(line) & still
        if len(read) > 1 or not isinstance(line, Product):
            still -= read
    return frozenset(still)


def moves_table(model: Model, group: Group, plan: Plan) -> Array:
    """Return the derivatives of the commands' part at step k (steps, moves, m, rows), the last for all later steps.

    Move min(k - b, Nu) stands in block b at step k. Times the moves it is that part itself.
    """
    m, matrix = model.m, group.matrix(COMMAND)
    steps = min(plan.horizon, model.nd + plan.moves - 1)
    table = np.zeros((steps, plan.moves, m, group.rows))
    for k in range(1, steps + 1):
        for block in range(min(k, model.nd)):
            table[k - 1, min(k - block, plan.moves) - 1] += matrix[:, block * m : (block + 1) * m].T
    return table


def past_matrix(model: Model, group: Group) -> Array | None:
    """Return the matrix of all of the past, in the order in which it is kept, or None where a part is not read."""
    atoms = [atom for atom, words in ((COMMAND, 1), (OUTPUT, 1), (SENSOR, model.q)) if words]
    if not all(group.reads(atom) for atom in atoms):
        return None
    return np.hstack([group.matrix(atom) for atom in atoms])[:, model.m :]
