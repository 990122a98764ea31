"""What rnn, gru and lstm share: windows of time, their shapes, and the activations of their gates."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nn4mc.ir import Array, Node, Shape
from nn4mc.ops.activation import ACTIVATION
from nn4mc.ops.approximate import approximate_sigmoid, approximate_tanh
from nn4mc.ops.base import expect, expect_shape, size

RECURRENT = frozenset({"rnn", "gru", "lstm"})
REVERSE = "reverse"
GATE_ACTIVATION = "gate_activation"
RUNTIME = ("nn4mc_recurrent", "nn4mc_rows", "nn4mc_copy")
"""The C files that every recurrent operator calls, beside its own and those of its activations."""

_GATE_FILES = ("nn4mc_gate", "nn4mc_activations", "nn4mc_elementary")

Step = Callable[[Array, tuple[Array, ...]], tuple[Array, ...]]
"""From x (batch, in) and the states (batch, hidden) to the next states; the first one is the output."""


@dataclass(frozen=True)
class GateActivation:
    """An activation inside a recurrent operator: its C function on arrays, the same in float64, and its C files."""

    c_name: str
    function: Callable[[Array], Array]
    runtime: tuple[str, ...] = ("nn4mc_elementary",)


GATE_ACTIVATIONS: Mapping[str, GateActivation] = {
    "tanh": GateActivation("nn4mc_tanh_array", approximate_tanh),
    "sigmoid": GateActivation("nn4mc_sigmoid_array", approximate_sigmoid),
    "relu": GateActivation("nn4mc_relu_array", lambda x: np.maximum(x, 0.0)),
    "identity": GateActivation("nn4mc_gate_identity", lambda x: x, _GATE_FILES),
    "hard_sigmoid6": GateActivation(
        "nn4mc_hard_sigmoid6_array", lambda x: np.clip(x + 3.0, 0.0, 6.0) / 6.0, _GATE_FILES
    ),
    "hard_sigmoid": GateActivation("nn4mc_gate_hard_sigmoid", lambda x: np.clip(0.2 * x + 0.5, 0.0, 1.0), _GATE_FILES),
    "softsign": GateActivation("nn4mc_softsign_array", lambda x: x / (1.0 + np.abs(x)), _GATE_FILES),
}
"""By the name an attribute gives them; hard_sigmoid is Keras 2's, hard_sigmoid6 is Keras 3's."""


def gate_activation(node: Node, attribute: str) -> GateActivation:
    """Return what ``activation`` (default tanh) or ``gate_activation`` (sigmoid) names; GraphError if unknown."""
    name = node.attributes.get(attribute, "tanh" if attribute == ACTIVATION else "sigmoid")
    known = isinstance(name, str) and name in GATE_ACTIVATIONS
    expect(known, node, f"{attribute} is {name!r}, expected one of {', '.join(GATE_ACTIVATIONS)}")
    return GATE_ACTIVATIONS[str(name)]


def gate_files(node: Node, attributes: Sequence[str]) -> tuple[str, ...]:
    """Return the C files of the activations that ``attributes`` name."""
    return tuple(stem for attribute in attributes for stem in gate_activation(node, attribute).runtime)


def runs_backwards(node: Node) -> bool:
    """Return whether time runs from the end of the window to its start."""
    value = node.attributes.get(REVERSE, False)
    expect(isinstance(value, bool), node, f"attribute {REVERSE} is {value!r}, expected true or false")
    return bool(value)


def window_shapes(
    node: Node, inputs: Sequence[Shape], *, states: int, gates: int, biases: int, attributes: Sequence[str]
) -> tuple[Shape, ...]:
    """Return the shapes of y (time, batch, hidden) and the ``states`` last states (batch, hidden).

    The inputs are x (time, batch, in), the states, W (gates hidden, in), U (gates hidden, hidden) and bias
    (biases hidden); ``attributes`` name the activations. Raises GraphError when anything does not fit.
    """
    x, (weights, recurrent, bias) = inputs[0], inputs[1 + states :]
    expect(len(x) == 3 and 0 not in x, node, f"x has shape {x}, expected (time, batch, inputs)")
    expect(len(recurrent) == 2 and recurrent[1] > 0, node, f"U has shape {recurrent}, expected a matrix")
    hidden = recurrent[1]
    for one in inputs[1 : 1 + states]:
        expect_shape(node, "a state", one, (x[1], hidden))
    expect_shape(node, "W", weights, (gates * hidden, x[2]))
    expect_shape(node, "U", recurrent, (gates * hidden, hidden))
    expect_shape(node, "bias", bias, (biases * hidden,))
    runs_backwards(node)
    for attribute in attributes:
        gate_activation(node, attribute)
    return ((x[0], x[1], hidden), *((x[1], hidden) for _ in range(states)))


def run_window(node: Node, x: Array, states: tuple[Array, ...], step: Step) -> tuple[Array, ...]:
    """Return y (time, batch, hidden), each row at its own time in both directions, and the states after the walk."""
    y = np.zeros((len(x), *states[0].shape))
    times = range(len(x))
    for t in reversed(times) if runs_backwards(node) else times:
        states = step(x[t], states)
        y[t] = states[0]
    return (y, *states)


def window_macs(_node: Node, inputs: Sequence[Shape]) -> int:
    """Return the multiply-accumulates of all steps: the last three inputs are W, U and the bias."""
    time, batch, _ = inputs[0]
    return time * batch * (size(inputs[-3]) + size(inputs[-2]))


def window_details(node: Node, inputs: Sequence[Shape], attributes: Sequence[str]) -> dict[str, object]:
    """Return the sizes of a window by name, and the C names of the activations."""
    time, batch, width = inputs[0]
    names = {attribute: gate_activation(node, attribute).c_name for attribute in attributes}
    sizes = {"time": time, "batch": batch, "width": width, "hidden": inputs[1][1]}
    return {**sizes, **names, "reverse": int(runs_backwards(node))}
