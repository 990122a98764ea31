"""How recurrent operators become lines of a tape, step by step of their window."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from nn4mc.control.forms import Form, Writer
from nn4mc.control.rules import ACTIVATIONS
from nn4mc.ir import Node
from nn4mc.ops.activation import ACTIVATION
from nn4mc.ops.gru import RESET_AFTER
from nn4mc.ops.recurrent import GATE_ACTIVATION, runs_backwards

States = tuple[Form, ...]
Step = Callable[[Form, States], States]
RecurrentRule = Callable[[Writer, Node, Sequence[Form]], tuple[Form, ...]]


def _activate(w: Writer, node: Node, attribute: str, x: Form) -> Form:
    default = "tanh" if attribute == ACTIVATION else "sigmoid"
    return ACTIVATIONS[str(node.attributes.get(attribute, default))](w, x)


def _walk(w: Writer, node: Node, x: Form, states: States, step: Step) -> tuple[Form, ...]:
    """Return y (time, batch, hidden) and the states after the last step."""
    rows: dict[int, Form] = {}
    times = range(x.shape[0])
    for t in reversed(times) if runs_backwards(node) else times:
        states = step(w.linear(lambda v, at=t: v[at], x), states)
        rows[t] = states[0]
    if len(rows) == 1:
        return (w.linear(lambda v: v[np.newaxis], states[0]), *states)
    return (w.linear(lambda *values: np.stack(values), *(rows[t] for t in times)), *states)


def _gate(w: Writer, node: Node, attribute: str, x: Form, h: Form, inputs: Sequence[Form], part: int) -> Form:
    """Return the activation of W x + U h + bias for gate number ``part`` of the matrices."""
    weights, recurrent, bias = (form.value for form in inputs)
    n = recurrent.shape[1]
    rows = slice(part * n, (part + 1) * n)
    return _activate(
        w, node, attribute, w.mixed(lambda a, b: a @ weights[rows].T + b @ recurrent[rows].T + bias[rows], x, h)
    )


def _rnn(w: Writer, node: Node, inputs: Sequence[Form]) -> tuple[Form, ...]:
    def step(x: Form, states: States) -> States:
        return (w.store(_gate(w, node, ACTIVATION, x, states[0], inputs[2:], 0)),)

    return _walk(w, node, inputs[0], (inputs[1],), step)


def _gru(w: Writer, node: Node, inputs: Sequence[Form]) -> tuple[Form, ...]:
    """h' = n + z (h - n), which is (1 - z) n + z h."""
    weights, recurrent, bias = (form.value for form in inputs[2:])
    n = recurrent.shape[1]
    of_x, of_h, c_n = weights[2 * n :], recurrent[2 * n :], bias[3 * n :]

    def step(x: Form, states: States) -> States:
        (h,) = states
        r, z = (_gate(w, node, GATE_ACTIVATION, x, h, inputs[2:], part) for part in range(2))
        if node.attributes[RESET_AFTER]:
            hidden = w.product(r, w.mixed(lambda v: v @ of_h.T + c_n, h))
        else:
            hidden = w.mixed(lambda v: v @ of_h.T + c_n, w.product(r, h))
        candidate = w.linear(np.add, w.mixed(lambda v: v @ of_x.T + bias[2 * n : 3 * n], x), hidden)
        new = _activate(w, node, ACTIVATION, candidate)
        kept = w.product(z, w.linear(np.subtract, h, new))
        return (w.store(w.linear(np.add, new, kept)),)

    return _walk(w, node, inputs[0], (inputs[1],), step)


def _lstm(w: Writer, node: Node, inputs: Sequence[Form]) -> tuple[Form, ...]:
    def step(x: Form, states: States) -> States:
        h, c = states
        i, f, o = (_gate(w, node, GATE_ACTIVATION, x, h, inputs[3:], part) for part in (0, 1, 3))
        g = _gate(w, node, ACTIVATION, x, h, inputs[3:], 2)
        cell = w.store(w.linear(np.add, w.product(f, c), w.product(i, g)))
        return (w.product(o, _activate(w, node, ACTIVATION, cell)), cell)

    return _walk(w, node, inputs[0], (inputs[1], inputs[2]), step)


RECURRENT_RULES: Mapping[str, RecurrentRule] = {"rnn": _rnn, "gru": _gru, "lstm": _lstm}
"""Each returns y and the states, as the operator does."""
