"""ONNX' RNN, GRU and LSTM: gate orders, directions, layouts and initial states brought to the catalogue's.

ONNX orders the gates z, r, h (GRU) and i, o, f, c (LSTM) and stores the biases of input and hidden state one behind
the other; both directions share one node, along an axis of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nn4mc.importers.limits import cap
from nn4mc.importers.onnx_elementwise import Reader
from nn4mc.importers.onnx_site import AnyArray, Made, Site, Value
from nn4mc.ir import Attribute

_DIRECTIONS: Mapping[str, tuple[bool, ...]] = {"forward": (False,), "reverse": (True,), "bidirectional": (False, True)}
"""Whether each direction runs backwards."""
_ACTIVATIONS = {
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "relu": "relu",
    "softsign": "softsign",
    "affine": "identity",
    "hardsigmoid": "hard_sigmoid",
}
_PARAMETERS = {"affine": ((1.0,), (0.0,)), "hardsigmoid": ((0.2,), (0.5,))}
"""The only alpha and beta with which these two have kernels: ONNX' defaults."""


@dataclass(frozen=True)
class _Kind:
    """One of the three layers: its gates' places in ONNX' order, its default activations and number of states."""

    op: str
    gates: tuple[int, ...]
    activations: tuple[str, ...]
    states: int


_RNN = _Kind("rnn", (0,), ("Tanh",), 1)
_GRU = _Kind("gru", (1, 0, 2), ("Sigmoid", "Tanh"), 1)
_LSTM = _Kind("lstm", (0, 2, 3, 1), ("Sigmoid", "Tanh", "Tanh"), 2)


def _reader(kind: _Kind) -> Reader:
    return lambda site: _read(site, kind)


def _read(site: Site, kind: _Kind) -> Made:
    _refuse_options(site)
    backwards = _DIRECTIONS.get(site.text("direction", "forward"))
    if backwards is None:
        raise site.fault(f"direction is '{site.text('direction', '')[:40]}', expected one of {', '.join(_DIRECTIONS)}")
    batch_first = bool(site.integer("layout", 0))
    x = site.live(0)
    if len(site.shape(0)) != 3:
        raise site.fault(f"its input has shape {site.shape(0)}, expected three axes")
    if batch_first:
        x = site.transpose(x, (1, 0, 2))
    steps, limits = site.shape_of(x)[0], site.workshop.limits
    cap(steps, limits.nodes, f"the number of time steps of {site.label}", site.workshop.where)
    _refuse_lengths(site, site.shape_of(x))
    if site.workshop.options.stateful:
        _check_stateful(site, site.shape_of(x), backwards)
    directions = [_direction(site, kind, x, i, backwards) for i in range(len(backwards))]
    return _joined(site, [list(one) for one in zip(*directions, strict=True)], batch_first)


def _refuse_options(site: Site) -> None:
    if "clip" in site.attributes:
        raise site.refusal("attribute clip has no kernel. Export without it.")
    if site.integer("input_forget", 0):
        raise site.refusal("coupled input and forget gates (input_forget) have no kernel")
    if site.has(7) and not (isinstance(site.value(7), np.ndarray) and not np.any(site.known(7, "peepholes"))):
        raise site.refusal("peepholes have no kernel. Train an LSTM without them.")


def _refuse_lengths(site: Site, shape: tuple[int, ...]) -> None:
    if site.has(4) and set(site.known_ints(4, "sequence_lens")) != {shape[0]}:
        raise site.refusal(f"sequence_lens has no kernel unless all are the full {shape[0]} steps")


def _check_stateful(site: Site, shape: tuple[int, ...], backwards: tuple[bool, ...]) -> None:
    if shape[0] != 1:
        raise site.refusal(f"stateful wants one time step, found {shape[0]}. Export with a sequence of length 1.")
    if any(backwards):
        raise site.refusal("stateful cannot run backwards in time. Compile a window instead.")


def _direction(site: Site, kind: _Kind, x: str, index: int, backwards: tuple[bool, ...]) -> tuple[str, ...]:
    """Return y (time, batch, hidden) and the last states (batch, hidden) of one direction."""
    weights, recurrent = site.known(1, "weights W"), site.known(2, "weights R")
    if weights.ndim != 3 or recurrent.ndim != 3 or not weights.shape[0] == recurrent.shape[0] == len(backwards):
        raise site.fault(
            f"weights have shapes {weights.shape} and {recurrent.shape}, expected {len(backwards)} directions"
        )
    hidden = recurrent.shape[2]
    if recurrent.shape[1] != len(kind.gates) * hidden or hidden < 1:
        raise site.fault(f"recurrent weights have shape {recurrent.shape}, expected {len(kind.gates)} gates")
    states = [_initial(site, 5 + i, index, (site.shape_of(x)[1], hidden)) for i in range(kind.states)]
    constants = (
        site.constant("weights", _reordered(weights[index], kind)),
        site.constant("recurrent", _reordered(recurrent[index], kind)),
        site.constant("bias", _bias(site, kind, index, hidden)),
    )
    attributes = {**_activations(site, kind, index, len(backwards)), "reverse": backwards[index]}
    if kind.op == "gru":
        attributes["reset_after"] = bool(site.integer("linear_before_reset", 0))
    made = site.make_all(kind.op, x, *states, *constants, **attributes)
    for before, after in zip(states, made[1:], strict=True):
        site.workshop.builder.carry(before, after)
    return made


def _initial(site: Site, index: int, direction: int, shape: tuple[int, int]) -> str:
    """Return the state (batch, hidden) before the first step: computed, constant, or carried when stateful."""
    value: Value = site.value(index) if site.has(index) else np.zeros((direction + 1, *shape), np.float32)
    batch_first = bool(site.integer("layout", 0)) and site.has(index)
    if isinstance(value, str):
        own = site.shape_of(value)
        if len(own) != 3:
            raise site.fault(f"initial state has shape {own}, expected three axes")
        chosen = site.crop(value, 1 if batch_first else 0, direction, 1)
        return site.reshape(chosen, shape)
    row = value[:, direction] if batch_first else value[direction]
    if row.shape != shape or row.dtype.kind != "f":
        raise site.fault(f"initial state has shape {row.shape}, expected {shape}")
    if site.workshop.options.stateful:
        return site.workshop.builder.state(f"{site.name}_state", row.astype(np.float32))
    return site.constant("initial_state", row)


def _reordered(rows: AnyArray, kind: _Kind) -> AnyArray:
    """Return rows (gates hidden, ...) of ONNX' gate order in the catalogue's."""
    parts = np.split(rows, len(kind.gates))
    return np.concatenate([parts[gate] for gate in kind.gates])


def _bias(site: Site, kind: _Kind, index: int, hidden: int) -> AnyArray:
    """Return the sum of both biases; for the GRU, that of n apart: of the input, then of the hidden state."""
    rows = len(kind.gates) * hidden
    stored = site.known(3, "biases B") if site.has(3) else np.zeros((index + 1, 2 * rows), np.float32)
    if stored.ndim != 2 or stored.shape[1] != 2 * rows or stored.dtype.kind != "f":
        raise site.fault(f"biases have shape {stored.shape}, expected (directions, {2 * rows})")
    of_input, of_hidden = (_reordered(half, kind) for half in np.split(stored[index].astype(np.float64), 2))
    if kind.op != "gru":
        return of_input + of_hidden
    summed = of_input[: 2 * hidden] + of_hidden[: 2 * hidden]
    return np.concatenate([summed, of_input[2 * hidden :], of_hidden[2 * hidden :]])


def _activations(site: Site, kind: _Kind, index: int, count: int) -> dict[str, Attribute]:
    each = len(kind.activations)
    given = site.attributes.get("activations", kind.activations * count)
    if not isinstance(given, tuple) or len(given) != each * count:
        raise site.fault(f"activations are {str(given)[:80]}, expected {each * count} names")
    names = [_activation(site, str(one)) for one in given[index * each : (index + 1) * each]]
    if kind.op == "rnn":
        return {"activation": names[0]}
    if kind.op == "lstm" and names[1] != names[2]:
        raise site.refusal(f"activations {names[1]} and {names[2]} for cell and output; one for both has a kernel")
    return {"gate_activation": names[0], "activation": names[1]}


def _activation(site: Site, name: str) -> str:
    plain = name.lower()
    if plain not in _ACTIVATIONS:
        raise site.refusal(f"activation '{name[:40]}'. Known: {', '.join(_ACTIVATIONS)}")
    for attribute, expected in zip(("activation_alpha", "activation_beta"), _PARAMETERS.get(plain, ()), strict=False):
        given = site.attributes.get(attribute, expected)
        if not isinstance(given, tuple) or not np.allclose(np.asarray(given, np.float64), expected, atol=1e-6):
            raise site.refusal(f"{attribute} {given} for {name}; {expected[0]} has a kernel")
    return _ACTIVATIONS[plain]


def _joined(site: Site, made: list[list[str]], batch_first: bool) -> Made:
    """Return Y (time, directions, batch, hidden) and each last state (directions, batch, hidden), or batch first."""
    outputs: list[Value] = []
    for number, directions in enumerate(made):
        if number < len(site.used) and not site.used[number]:
            outputs.append(directions[0])
            continue
        shape = site.shape_of(directions[0])
        axis = 2 if batch_first and number == 0 else 1 if batch_first or number == 0 else 0
        parts = []
        for one in directions:
            first = site.transpose(one, (1, 0, 2)) if batch_first and number == 0 else one
            own = (shape[1], shape[0], shape[2]) if batch_first and number == 0 else shape
            parts.append(site.reshape(first, (*own[:axis], 1, *own[axis:])))
        outputs.append(parts[0] if len(parts) == 1 else site.make("concat", *parts, axis=axis))
    return tuple(outputs)


READERS: Mapping[str, Reader] = {"GRU": _reader(_GRU), "LSTM": _reader(_LSTM), "RNN": _reader(_RNN)}
"""By ONNX operator."""
