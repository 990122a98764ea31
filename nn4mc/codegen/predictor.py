"""A tape as C, statement by statement: what is fixed over a horizon, and a prediction's step with its derivatives."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from nn4mc.codegen.literals import float_rows
from nn4mc.codegen.matrices import Matrix, make_matrices
from nn4mc.codegen.tape_memory import Place, place_atoms
from nn4mc.codegen.windows import (
    WINDOW,
    Fixed,
    Group,
    Plan,
    find_fixed,
    find_groups,
    find_still,
    moves_table,
    past_matrix,
)
from nn4mc.control.horizon import COMMAND, OUTPUT, SENSOR, Model
from nn4mc.control.tape import Affine, Product, Term, Unary
from nn4mc.control.trace import reads
from nn4mc.ir import Array

_SIGNS = {1.0: "add", -1.0: "subtract"}
_FILES = {"reciprocal": "nn4mc_activations", "softplus": "nn4mc_activations"}
_OF_ARGUMENT = frozenset({"log", "erf"})
"""Functions whose first derivative reads x, not only f(x)."""


@dataclass(frozen=True)
class State:
    """One state: its atom, the atom after the step, its place in all states, its length, its first value if not 0."""

    atom: str
    after: str
    at: int
    length: int
    initial: str


@dataclass
class Predictor:
    """What the template needs: constants, statements and sizes in floats. ``fixed_len`` is that of one step."""

    matrices: list[Matrix] = field(default_factory=list)
    vectors: dict[str, list[str]] = field(default_factory=dict)
    vector_lengths: dict[str, int] = field(default_factory=dict)
    functions: list[str] = field(default_factory=list)
    jets: list[str] = field(default_factory=list)
    prepare_once: list[str] = field(default_factory=list)
    prepare_step: list[str] = field(default_factory=list)
    prepare_first: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    fixed_len: int = 0
    arena_len: int = 0
    scratch_at: int = 0
    runtime: set[str] = field(default_factory=set)

    @property
    def state_len(self) -> int:
        """Floats of all states."""
        return sum(state.length for state in self.states)


def make_predictor(model: Model, columns: int, plan: Plan) -> Predictor:
    """Return the C of a model's tape with jets of ``columns`` columns."""
    writer = _Writer(model, columns, plan)
    writer.write()
    return writer.made


class _Writer:
    """Writes a predictor line by line.

    First derivatives by the moves stand apart from the value, in a table of constants, as long as nobody needs them
    beside it: a function of them reads them there. With second derivatives every jet is whole from the beginning.
    """

    def __init__(self, model: Model, columns: int, plan: Plan) -> None:
        self._model, self._tape, self._plan = model, model.tape, plan
        self._groups = find_groups(model.tape)
        self._group_of = {name: group for group in self._groups for name in group.members}
        self._fixed: Fixed = find_fixed(model.tape, self._groups)
        self._still = find_still(model.tape, plan)
        self._memory = place_atoms(
            model.tape, columns, [one.members for one in self._groups if one.name != model.tape.output], self._still
        )
        self._readers = Counter(name for line in model.tape.lines for name in reads(line))
        self._apart: set[str] = set()
        self._matrices: dict[str, Array] = {}
        self._used: dict[str, Place] = {}
        self.made = Predictor(fixed_len=self._fixed.length)

    def write(self) -> None:
        """Fill ``made``."""
        tape, made, at = self._tape, self.made, 0
        for atom, after in tape.states.items():
            first = self._vector(f"{atom}_initial", tape.initial[atom]) if tape.initial[atom].any() else ""
            made.states.append(State(atom, after, at, tape.lengths[atom], first))
            at += tape.lengths[atom]
        for line in tape.lines:
            if isinstance(line, Affine):
                self._affine(line)
            elif isinstance(line, Unary):
                self._unary(line)
            else:
                self._product(line)
        made.matrices = make_matrices(self._matrices)
        for state in made.states:
            self._jet(state.after)
        made.jets += [
            f"const nn4mc_jet_t {name} = {{self->arena + {place.at}, {place.step}}};"
            for name, place in self._used.items()
        ]
        widest = max((tape.lengths[line.out] for line in tape.lines if isinstance(line, Unary)), default=0)
        made.scratch_at = self._memory.length
        made.arena_len = self._memory.length + 3 * widest

    def _vector(self, name: str, values: Array) -> str:
        self.made.vectors[name] = float_rows(values.astype(np.float32))
        self.made.vector_lengths[name] = len(values)
        return name

    def _matrix(self, name: str, values: Array) -> str:
        self._matrices[name] = values
        return name

    def _say(self, *statements: str) -> None:
        self.made.steps += statements

    def _jet(self, atom: str) -> str:
        """Return the C name of an atom's jet, which is declared then."""
        if atom == self._tape.output:
            return "y"
        if atom not in self._tape.states:
            self._used[atom] = self._memory.places[atom]
        return atom

    # What does not change over the iterations: bias, sensors, commands and outputs of the past, the state.

    def _prepare(self, group: Group) -> None:
        """Write the fixed part of lines. With a horizon of one step all of the past is one product."""
        made = self.made
        at = f"fixed + {self._fixed.places[group.name]}"
        bias = self._vector(f"{group.name}_bias", group.bias)
        past = past_matrix(self._model, group) if self._plan.horizon == 1 else None
        if past is not None:
            matrix = self._matrix(f"{group.name}_past", past)
            made.prepare_once.append(_product_of(matrix, "0, CONTROLLER_PAST", "self->past", bias, at))
        elif group.reads(SENSOR):
            matrix = self._matrix(f"{group.name}_{SENSOR}", group.matrix(SENSOR))
            made.prepare_once.append(_product_of(matrix, "0, CONTROLLER_SEEN", "seen_of(self)", bias, at))
        else:
            made.prepare_once.append(f"nn4mc_words_copy({bias}, {at}, {group.rows});")
        if past is None:
            self._prepare_steps(group, at)
        if group.name == self._tape.output:
            made.prepare_once.append(f"nn4mc_words_add(self->bias, {at}, {group.rows});")
        for line in group.lines:
            self._prepare_states(line)

    def _prepare_steps(self, group: Group, at: str) -> None:
        """Write what of the past still counts at step k."""
        if group.reads(COMMAND) and self._model.nd > 1:
            matrix = self._matrix(f"{group.name}_{COMMAND}", group.matrix(COMMAND)[:, self._model.m :])
            columns = "own_commands - CONTROLLER_COMMAND_LEN, CONTROLLER_ND * CONTROLLER_COMMAND_LEN - own_commands"
            self.made.prepare_step.append(_product_of(matrix, columns, "commands_of(self)", at, at))
        if group.reads(OUTPUT):
            matrix = self._matrix(f"{group.name}_{OUTPUT}", group.matrix(OUTPUT))
            columns = "own_outputs, CONTROLLER_DD * CONTROLLER_OUTPUTS - own_outputs"
            self.made.prepare_step.append(_product_of(matrix, columns, "outputs_of(self)", at, at))

    def _prepare_states(self, line: Affine) -> None:
        at = f"fixed + {self._fixed.places[line.out]}"
        for state in self.made.states:
            for term in line.terms:
                if term.atom != state.atom:
                    continue
                live = f"self->state + {state.at}"
                if term.matrix is None:
                    one = f"nn4mc_words_{_SIGNS[term.sign]}({live}, {at}, {len(line.bias)});"
                else:
                    matrix = self._matrix(f"{line.out}_{state.atom}", term.matrix)
                    one = _product_of(matrix, f"0, {state.length}", live, at, at)
                self.made.prepare_first.append(one)

    # A step of the prediction.

    def _window(self, group: Group) -> None:
        """Write the part of a group that the moves and fed-back outputs make."""
        plan, rows = self._plan, group.rows
        jet = "y" if group.name == self._tape.output else f"{group.name}_window"
        if jet != "y":
            self._used[jet] = self._memory.windows[group.name]
        table = moves_table(self._model, group, plan)
        moves = self._vector(f"{group.name}_moves", table.ravel())
        if len(table) > 1:
            moves = f"{moves} + (smaller(k, {len(table)}) - 1) * {table[0].size}"
        first = f"{jet}_first"
        fixed = f"fixed + {self._fixed.places[group.name]}"
        self._say(
            f"/* {', '.join(group.members)}: {rows} rows of the window */",
            f"nn4mc_firsts_t {first} = {{{moves}, {rows}}};",
            f"nn4mc_words_combine({fixed}, {first}.at, moves, own_moves, {jet}.at, {rows});",
        )
        if plan.newton:
            self._say(
                f"nn4mc_jet_start({jet}.at, {first}, {jet}, {rows}, &span);", f"{first} = nn4mc_firsts_of({jet});"
            )
        if group.reads(OUTPUT) and plan.horizon > 1:
            start = None if plan.newton else (f"{jet}.at", first)
            self._say(
                "if (k > 1) {",
                f"    {self._times(f'{group.name}_{OUTPUT}', rows, 'own_outputs', 'before', jet, start)}",
                f"    {first} = nn4mc_firsts_of({jet});",
                "}",
            )
        row = 0
        for line in () if plan.newton or jet == "y" else group.lines:
            self._say(f"const nn4mc_firsts_t {line.out}_first = {{{first}.at + {row}, {first}.step}};")
            row += len(line.bias)

    def _affine(self, line: Affine) -> None:
        group = self._group_of.get(line.out)
        if group is None and line.out in self._fixed.places:
            self._prepare(Group((line,)))
        if group is not None and line.out == group.name:
            self._prepare(group)
            self._window(group)
        if line.out in self._still:
            return
        terms = [term for term in line.terms if term.atom not in WINDOW and self._is_live(term)]
        out = "y" if line.out == self._tape.output else line.out
        self._say(f"/* {out}: {len(line.bias)} rows of {', '.join(term.atom for term in line.terms) or 'constants'} */")
        replaced = self._memory.in_place.get(line.out)
        if replaced is not None:
            self._start_over(line, group)
            self._add(line, [term for term in terms if term.atom != replaced])
        elif group is not None and (self._plan.newton or (not terms and self._may_stay_apart(line))):
            if not self._plan.newton:
                self._apart.add(line.out)
            self._add(line, terms)
        else:
            self._start(line, group, terms)

    def _is_live(self, term: Term) -> bool:
        return self._plan.horizon > 1 or term.atom not in self._tape.states

    def _may_stay_apart(self, line: Affine) -> bool:
        reader = next((one for one, x in self._memory.in_place.items() if x == line.out), None)
        unary = any(isinstance(one, Unary) and one.out == reader for one in self._tape.lines)
        return unary and self._readers[line.out] == 1

    def _start_value(self, line: Affine, group: Group | None) -> tuple[str, str]:
        """Return C for the value and the first derivatives that a sum starts from."""
        if group is not None:
            out = self._jet(line.out)
            return f"{out}.at", f"{out}_first"
        if line.out in self._fixed.places:
            return f"fixed + {self._fixed.places[line.out]}", "still"
        return self._vector(f"{line.out}_bias", line.bias), "still"

    def _start_over(self, line: Affine, group: Group | None) -> None:
        """Add what a sum starts from to the term whose memory it takes over."""
        out, rows = self._jet(line.out), len(line.bias)
        if group is not None:
            window, place = f"{line.out}_from", self._memory.windows[line.out]
            self._used[window] = place
            if self._plan.newton:
                self._say(f"nn4mc_jet_add({window}, {out}, {rows}, &span);")
            else:
                self._say(f"nn4mc_jet_add_start({window}.at, {line.out}_first, {out}, {rows}, &span);")
        elif line.out in self._fixed.places or line.bias.any():
            value, first = self._start_value(line, group)
            self._say(f"nn4mc_jet_add_start({value}, {first}, {out}, {rows}, &span);")

    def _start(self, line: Affine, group: Group | None, terms: list[Term]) -> None:
        """Write a sum with its first product, at steps that have one."""
        out, rows = self._jet(line.out), len(line.bias)
        value, first = self._start_value(line, group)
        plain = f"nn4mc_jet_start({value}, {first}, {out}, {rows}, &span);"
        sure = [term for term in terms if term.atom not in self._tape.states]
        later = [term for term in terms if term.atom in self._tape.states and term.matrix is not None]
        products = [term for term in sure if term.matrix is not None]
        if products:
            self._say(self._by_matrix(line, products[0], (value, first)))
            self._add(line, [term for term in terms if term is not products[0]])
        elif not sure and later:
            self._say("if (k > 1) {", f"    {self._by_matrix(line, later[0], (value, first))}")
            self._say("} else {", f"    {plain}", "}")
            self._add(line, [term for term in terms if term is not later[0]])
        else:
            self._say(plain)
            self._add(line, terms)

    def _by_matrix(self, line: Affine, term: Term, start: tuple[str, str] | None) -> str:
        assert term.matrix is not None
        name = f"{line.out}_{term.atom}"
        if term.atom not in self._tape.states:
            self._matrix(name, term.matrix)
        return self._times(name, len(line.bias), term.matrix.shape[1], self._jet(term.atom), self._jet(line.out), start)

    def _add(self, line: Affine, terms: list[Term]) -> None:
        for term in terms:
            if term.matrix is None:
                x, out = self._jet(term.atom), self._jet(line.out)
                one = f"nn4mc_jet_{_SIGNS[term.sign]}({x}, {out}, {len(line.bias)}, &span);"
            else:
                one = self._by_matrix(line, term, None)
            self._say(f"if (k > 1) {{ {one} }}" if term.atom in self._tape.states else one)

    def _times(self, matrix: str, rows: int, count: object, x: str, y: str, start: tuple[str, str] | None) -> str:
        """Return C for y += W x over all derivatives, or y = start + W x with the start's value and first ones."""
        if self._plan.newton and start is None:
            return f"nn4mc_jet_add_product(&{matrix}, {rows}, {count}, {x}, {y}, &span);"
        value, first = start or (f"{y}.at", f"nn4mc_firsts_of({y})")
        if self._plan.newton:
            return f"nn4mc_jet_product(&{matrix}, {rows}, {count}, {x}, {y}, {value}, {first}, &span);"
        return f"nn4mc_jet_first_product(&{matrix}, {count}, {x}, {y}, {value}, {first}, &span);"

    def _unary(self, line: Unary) -> None:
        n, out = self._tape.lengths[line.out], self._jet(line.out)
        made = self.made
        if line.function not in made.functions:
            made.functions.append(line.function)
            made.runtime.add(_FILES.get(line.function, "nn4mc_elementary"))
        self._say(f"/* {out}: {line.function} of {line.x} */")
        if line.out not in self._memory.in_place:
            self._say(f"nn4mc_jet_copy({self._jet(line.x)}, {out}, {n}, &span);")
        first = f"{line.x}_first" if line.x in self._apart else f"nn4mc_firsts_of({out})"
        general = self._plan.newton or line.function in _OF_ARGUMENT
        self._say(
            f"nn4mc_jet_apply{'' if general else '_first'}(&{line.function}_function, {first}, {out}, {n}, &span, "
            "self->arena + SCRATCH);"
        )

    def _product(self, line: Product) -> None:
        n, out = self._tape.lengths[line.out], self._jet(line.out)
        self._say(f"/* {out}: {line.a} times {line.b} */")
        a, b = (line.b, line.a) if line.b in self._still else (line.a, line.b)
        if a in self._still:
            fixed = f"fixed + {self._fixed.places[a]}"
            self._say(f"nn4mc_jet_scale({fixed}, {self._jet(b)}, {out}, {n}, &span);")
        else:
            self._say(f"nn4mc_jet_multiply({self._jet(a)}, {self._jet(b)}, {out}, {n}, &span);")


def _product_of(matrix: str, columns: str, x: str, start: str, y: str) -> str:
    """Return C for y = start + W x."""
    return f"nn4mc_matrix_product(&{matrix}, {columns}, {x}, {start}, {y});"
