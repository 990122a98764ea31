"""A tape as C, statement by statement: what is fixed over a horizon, and a prediction's step with its derivatives."""

from dataclasses import dataclass, field

import numpy as np

from nn4mc.codegen.literals import float_rows
from nn4mc.codegen.matrices import Matrix, make_matrix
from nn4mc.codegen.tape_memory import TapeMemory, place_atoms
from nn4mc.control.horizon import COMMAND, OUTPUT, SENSOR, Model
from nn4mc.control.tape import Affine, Product, Tape, Term, Unary
from nn4mc.ir import Array

_WINDOW = (COMMAND, OUTPUT, SENSOR)
_SIGNS = {1.0: "add", -1.0: "subtract"}
_FILES = {"reciprocal": "nn4mc_activations", "softplus": "nn4mc_activations"}


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


@dataclass(frozen=True)
class Plan:
    """N2 and Nu: a horizon of one step carries no state on."""

    horizon: int
    moves: int


def make_predictor(model: Model, columns: int, plan: Plan) -> Predictor:
    """Return the C of a model's tape with jets of ``columns`` columns."""
    tape = model.tape
    memory = place_atoms(tape, columns)
    made = Predictor()
    at = 0
    for atom, after in tape.states.items():
        first = _vector(made, f"{atom}_initial", tape.initial[atom]) if tape.initial[atom].any() else ""
        made.states.append(State(atom, after, at, tape.lengths[atom], first))
        at += tape.lengths[atom]
    _declare_jets(made, tape, memory)
    for line in tape.lines:
        if isinstance(line, Affine):
            _affine(made, model, line, plan)
        elif isinstance(line, Unary):
            _unary(made, tape, memory, line)
        else:
            _product(made, tape, line)
    widest = max((tape.lengths[line.out] for line in tape.lines if isinstance(line, Unary)), default=0)
    made.scratch_at = memory.length
    made.arena_len = memory.length + 3 * widest
    return made


def _declare_jets(made: Predictor, tape: Tape, memory: TapeMemory) -> None:
    for line in tape.lines:
        if line.out != tape.output:
            made.jets.append(
                f"const nn4mc_jet_t {line.out} = "
                f"{{self->arena + {memory.offsets[line.out]}, {tape.lengths[line.out]}}};"
            )


def _jet(tape: Tape, atom: str) -> str:
    return "y" if atom == tape.output else atom


def _affine(made: Predictor, model: Model, line: Affine, plan: Plan) -> None:
    tape, rows, out = model.tape, len(line.bias), _jet(model.tape, line.out)
    terms = {term.atom: term for term in line.terms}
    fixed = line.out == tape.output or any(atom in _WINDOW or atom in tape.states for atom in terms)
    bias = _vector(made, f"{line.out}_bias", line.bias)
    made.steps.append(f"/* {out}: {rows} rows of {', '.join(terms) or 'constants'} */")
    first = _moves_table(made, model, line, terms[COMMAND], plan) if COMMAND in terms else "0"
    if fixed:
        here = f"fixed + {made.fixed_len}"
        _prepare(made, model, line, here, plan)
        if line.out == tape.output:
            made.prepare_once.append(f"nn4mc_words_add(self->bias, {here}, {rows});")
        made.steps.append(f"nn4mc_jet_start({here}, {first}, {out}, {rows}, &span);")
        made.fixed_len += rows
    else:
        made.steps.append(f"nn4mc_jet_start({bias}, 0, {out}, {rows}, &span);")
    for term in line.terms:
        if plan.horizon > 1 or term.atom not in (*tape.states, OUTPUT):
            made.steps += _term(made, tape, line, term, out)


def _moves_table(made: Predictor, model: Model, line: Affine, term: Term, plan: Plan) -> str:
    """Return where C finds the derivatives of the commands' part at step k, which change until all delays are past.

    Move min(k - b, Nu) stands in block b at step k.
    """
    rows, m = len(line.bias), model.m
    matrix = np.eye(rows) if term.matrix is None else term.matrix
    steps = min(plan.horizon, model.nd + plan.moves - 1)
    table = np.zeros((steps, plan.moves, m, rows))
    for k in range(1, steps + 1):
        for block in range(min(k, model.nd)):
            table[k - 1, min(k - block, plan.moves) - 1] += term.sign * matrix[:, block * m : (block + 1) * m].T
    name = _vector(made, f"{line.out}_moves", table.ravel())
    return f"{name} + (smaller(k, {steps}) - 1) * {plan.moves * m * rows}" if steps > 1 else name


def _prepare(made: Predictor, model: Model, line: Affine, at: str, plan: Plan) -> None:
    """Write what does not change over the iterations: bias, sensors, commands and outputs of the past, the state.

    With a horizon of one step all of the past is one product; else it moves on with the steps, but for the sensors.
    """
    rows, terms = len(line.bias), {term.atom: term for term in line.terms}
    made.prepare_once.append(f"nn4mc_words_copy({line.out}_bias, {at}, {rows});")
    window = [name for name, words in ((COMMAND, 1), (OUTPUT, 1), (SENSOR, model.q)) if words]
    if plan.horizon == 1 and all(atom in terms for atom in window):
        matrix = np.hstack([_values(line, terms[atom]) for atom in window])
        made.matrices.append(make_matrix(f"{line.out}_{COMMAND}", matrix))
        rest = matrix.shape[1] - model.m
        made.prepare_once.append(f"nn4mc_matrix_add(&{line.out}_{COMMAND}, {model.m}, {rest}, self->past, {at});")
    else:
        _prepare_apart(made, line, terms, at)
    for state in made.states:
        if state.atom in terms:
            made.prepare_first.append(_fixed_state(made, line, terms[state.atom], state, at))


def _prepare_apart(made: Predictor, line: Affine, terms: dict[str, Term], at: str) -> None:
    if SENSOR in terms:
        matrix = _matrix(made, line, terms[SENSOR])
        made.prepare_once.append(f"nn4mc_matrix_add(&{matrix}, 0, CONTROLLER_SEEN, seen_of(self), {at});")
    for atom, count in (
        (COMMAND, "CONTROLLER_ND * CONTROLLER_COMMAND_LEN"),
        (OUTPUT, "CONTROLLER_DD * CONTROLLER_OUTPUTS"),
    ):
        if atom in terms:
            matrix, own = _matrix(made, line, terms[atom]), f"own_{atom}s"
            made.prepare_step.append(f"nn4mc_matrix_add(&{matrix}, {own}, {count} - {own}, {atom}s_of(self), {at});")


def _fixed_state(made: Predictor, line: Affine, term: Term, state: State, at: str) -> str:
    live = f"self->state + {state.at}"
    if term.matrix is None:
        return f"nn4mc_words_{_SIGNS[term.sign]}({live}, {at}, {len(line.bias)});"
    return f"nn4mc_matrix_add(&{_matrix(made, line, term)}, 0, {state.length}, {live}, {at});"


def _term(made: Predictor, tape: Tape, line: Affine, term: Term, out: str) -> list[str]:
    rows = len(line.bias)
    if term.atom == SENSOR:
        return []
    if term.atom == COMMAND:
        return [f"nn4mc_matrix_add(&{line.out}_{COMMAND}, 0, own_commands, held, {out}.at);"]
    if term.atom == OUTPUT:
        return [f"nn4mc_jet_add_product(&{line.out}_{OUTPUT}, own_outputs, before, {out}, &span);"]
    is_state = term.atom in tape.states
    if term.matrix is None:
        one = f"nn4mc_jet_{_SIGNS[term.sign]}({_jet(tape, term.atom)}, {out}, {rows}, &span);"
    else:
        matrix = f"{line.out}_{term.atom}" if is_state else _matrix(made, line, term)
        one = _by_matrix(matrix, term.matrix, _jet(tape, term.atom), out)
    return [f"if (k > 1) {{ {one} }}" if is_state else one]


def _by_matrix(matrix: str, values: Array, source: str, out: str) -> str:
    return f"nn4mc_jet_add_product(&{matrix}, {values.shape[1]}, {source}, {out}, &span);"


def _matrix(made: Predictor, line: Affine, term: Term) -> str:
    name = f"{line.out}_{term.atom}"
    made.matrices.append(make_matrix(name, _values(line, term)))
    return name


def _values(line: Affine, term: Term) -> Array:
    return term.sign * np.eye(len(line.bias)) if term.matrix is None else term.matrix


def _vector(made: Predictor, name: str, values: Array) -> str:
    made.vectors[name] = float_rows(values.astype(np.float32))
    made.vector_lengths[name] = len(values)
    return name


def _unary(made: Predictor, tape: Tape, memory: TapeMemory, line: Unary) -> None:
    n, out = tape.lengths[line.out], _jet(tape, line.out)
    if line.function not in made.functions:
        made.functions.append(line.function)
        made.runtime.add(_FILES.get(line.function, "nn4mc_elementary"))
    made.steps.append(f"/* {out}: {line.function} of {line.x} */")
    if line.out not in memory.in_place:
        made.steps.append(f"nn4mc_jet_copy({_jet(tape, line.x)}, {out}, {n}, &span);")
    made.steps.append(f"nn4mc_jet_apply(&{line.function}_function, {out}, {n}, &span, self->arena + SCRATCH);")


def _product(made: Predictor, tape: Tape, line: Product) -> None:
    n, out = tape.lengths[line.out], _jet(tape, line.out)
    made.steps.append(f"/* {out}: {line.a} times {line.b} */")
    made.steps.append(f"nn4mc_jet_multiply({_jet(tape, line.a)}, {_jet(tape, line.b)}, {out}, {n}, &span);")
