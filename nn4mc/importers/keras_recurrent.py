"""SimpleRNN, GRU, LSTM and Bidirectional: over a window, or over one time step with the state carried.

Keras' kernels (in, gates x hidden) become (gates x hidden, in), with the GRU's gates in the order r, z, n.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nn4mc.errors import UnsupportedError
from nn4mc.importers.keras_activations import recurrent_activation
from nn4mc.importers.keras_core import with_bias
from nn4mc.importers.keras_layer import Call, Kind, Layer, LayerConfig, Variable, keyword_tensors, require
from nn4mc.ir import Attribute, Float32Array
from nn4mc.ops.gru import from_keras_order, merge_biases

UNITS: tuple[str, ...] = ("SimpleRNN", "GRU", "LSTM")


@dataclass(frozen=True)
class _Unit:
    """How one class of recurrent layer becomes an operator: ``gates`` rows for a hidden unit, ``states`` of it."""

    op: str
    gates: int
    states: int
    biases: Callable[[Layer, int], Float32Array]
    order: Callable[[Float32Array], Float32Array] = lambda rows: rows


@dataclass(frozen=True)
class _Run:
    """What a unit made: ``sequence`` (T, H) by the time of the input, and its last states (H)."""

    sequence: str
    states: tuple[str, ...]


def _plain_bias(layer: Layer, width: int) -> Float32Array:
    return layer.weight("bias", (width,))


def _gru_bias(layer: Layer, width: int) -> Float32Array:
    """Return the operator's four biases; without reset_after Keras has none on the hidden side."""
    if _reset_after(layer.config, layer.context.version):
        both = layer.weight("bias", (2, width))
        return merge_biases(from_keras_order(both[0]), from_keras_order(both[1]))
    own = layer.weight("bias", (width,))
    return merge_biases(from_keras_order(own), np.zeros(width, np.float32))


def _reset_after(config: LayerConfig, version: int) -> bool:
    """Keras before 2.0's default was false, and TensorFlow's is true; both write the key."""
    return config.flag("reset_after", version >= 3)


_TABLE = {
    "SimpleRNN": _Unit("rnn", 1, 1, _plain_bias),
    "GRU": _Unit("gru", 3, 1, _gru_bias, from_keras_order),
    "LSTM": _Unit("lstm", 4, 2, _plain_bias),
}


def _attributes(config: LayerConfig, version: int) -> dict[str, Attribute]:
    found: dict[str, Attribute] = {
        "activation": recurrent_activation(config, version, "activation", "tanh"),
        "reverse": config.flag("go_backwards"),
    }
    if config.kind != "SimpleRNN":
        default = "sigmoid" if version >= 3 else "hard_sigmoid"
        found["gate_activation"] = recurrent_activation(config, version, "recurrent_activation", default)
    if config.kind == "GRU":
        found["reset_after"] = _reset_after(config, version)
    return found


def _check(config: LayerConfig, version: int) -> None:
    _attributes(config, version)
    require(not config.flag("time_major"), "time_major has no C kernel; put the batch first")


def _variables(config: LayerConfig) -> tuple[Variable, ...]:
    return with_bias(config, ("kernel",), ("recurrent_kernel",))


def _constants(layer: Layer, unit: _Unit, features: int, hidden: int) -> list[str]:
    width = unit.gates * hidden

    def rows(name: str, columns: int) -> Float32Array:
        return unit.order(layer.weight(name, (columns, width)).T)

    def biases() -> Float32Array:
        if layer.config.flag("use_bias", True):
            return unit.biases(layer, width)
        return np.zeros(4 * hidden if unit.op == "gru" else width, np.float32)

    return [
        layer.constant("weights", lambda: rows("kernel", features)),
        layer.constant("recurrent", lambda: rows("recurrent_kernel", hidden)),
        layer.constant("bias", biases),
    ]


def _run(layer: Layer, x: str, initial: tuple[str, ...]) -> _Run:
    """Run one unit over ``x`` (T, features), from ``initial`` states (H), carried ones, or zero."""
    unit, config = _TABLE[layer.config.kind], layer.config
    require(layer.lead == 0, "a recurrent layer inside TimeDistributed has no C kernel")
    layer.rank(x, 2)
    steps, features = layer.shape(x)
    hidden = config.whole("units")
    constants = _constants(layer, unit, features, hidden)
    before = _initial_states(layer, unit, hidden, initial)
    window = layer.reshape(x, (steps, 1, features), "window")
    layer.node(unit.op, [window, *before, *constants], _attributes(config, layer.context.version))
    sequence, *after = layer.context.graph.outputs()
    if _carries(layer):
        for old, new in zip(before, after, strict=True):
            layer.context.graph.carry(old, new)
    states = tuple(layer.reshape(one, (hidden,), "state") for one in after)
    return _Run(layer.reshape(sequence, (steps, hidden), "sequence"), states)


def _carries(layer: Layer) -> bool:
    return layer.context.stateful or layer.config.flag("stateful")


def _initial_states(layer: Layer, unit: _Unit, hidden: int, initial: tuple[str, ...]) -> list[str]:
    zeros = np.zeros((1, hidden), np.float32)
    if initial:
        require(not _carries(layer), "an initial state from the graph cannot be carried too; compile the window")
        if len(initial) != unit.states:
            raise layer.config.error(f"is given {len(initial)} initial states, expected {unit.states}")
        for one in initial:
            if layer.shape(one) != (hidden,):
                raise layer.config.error(f"an initial state has shape {layer.shape(one)}, expected ({hidden},)")
        return [layer.reshape(one, (1, hidden), "initial") for one in initial]
    if not _carries(layer):
        return [layer.constant("zero_state", lambda: zeros)] * unit.states
    require(layer.config.path not in layer.context.carried, "a stateful layer called twice has no one state to carry")
    layer.context.carried.add(layer.config.path)
    return [layer.context.graph.state(f"{layer.name}_{which}", zeros) for which in ("state", "cell")[: unit.states]]


def _require_time(layer: Layer, x: str) -> None:
    if not layer.context.stateful:
        return
    forwards = layer.config.kind != "Bidirectional" and not layer.config.flag("go_backwards")
    require(forwards, "runs backwards through time, which one step cannot; compile the window, without --stateful")
    require(x in layer.context.timed, "its time axis is not that of the model's input; compile without --stateful")


def _split(layer: Layer, call: Call) -> tuple[str, tuple[str, ...]]:
    """Return the sequence and the initial states of a call, which Keras 2 puts behind the sequence."""
    tensors = (*call.tensors(), *keyword_tensors(call, "initial_state"))
    if not tensors:
        raise layer.config.error("is called without an input")
    return tensors[0], tensors[1:]


def _read(layer: Layer, call: Call) -> tuple[str, ...]:
    x, initial = _split(layer, call)
    _require_time(layer, x)
    run = _run(layer, x, initial)
    if not layer.config.flag("return_sequences"):
        output = run.states[0]
    elif layer.config.flag("go_backwards"):
        output = layer.node("reverse", [run.sequence], {"axis": 0}, "reverse")
    else:
        output = run.sequence
        _keep_time(layer, output)
    return (output, *run.states) if layer.config.flag("return_state") else (output,)


def _keep_time(layer: Layer, output: str) -> None:
    if layer.context.stateful:
        layer.context.timed.add(output)


_MERGES = {"sum": "add", "mul": "mul", "concat": "concat", "ave": "add"}


def _read_bidirectional(layer: Layer, call: Call) -> tuple[str, ...]:
    x, initial = _split(layer, call)
    _require_time(layer, x)
    forward, backward = layer.config.children
    half = len(initial) // 2
    first = _run(layer.of(forward), x, initial[:half])
    second = _run(layer.of(backward), x, initial[half:])
    if forward.flag("return_sequences"):
        outputs = [first.sequence, second.sequence]
        if forward.flag("go_backwards"):  # Keras turns the second one round, to the order of the first
            outputs = [layer.node("reverse", [one], {"axis": 0}, "reverse") for one in outputs]
    else:
        outputs = [first.states[0], second.states[0]]
    merged = _merged(layer, outputs)
    states = (*first.states, *second.states)
    return (*merged, *states) if forward.flag("return_state") else merged


def _merged(layer: Layer, outputs: list[str]) -> tuple[str, ...]:
    mode = layer.config.values.get("merge_mode", "concat")
    if mode is None:
        return tuple(outputs)
    attributes: dict[str, Attribute] = {"axis": len(layer.shape(outputs[0])) - 1} if mode == "concat" else {}
    merged = layer.node(_MERGES[mode], outputs, attributes, "merge")
    if mode == "ave":
        merged = layer.node("mul", [merged, layer.number("half", 0.5)], None, "average")
    return (merged,)


def _check_bidirectional(config: LayerConfig, version: int) -> None:
    mode = config.values.get("merge_mode", "concat")
    if mode is not None and (not isinstance(mode, str) or mode not in _MERGES):
        raise UnsupportedError(f"merge_mode {str(mode)[:40]!r}. Supported: {', '.join(_MERGES)}, None")
    for child in config.children:
        require(child.kind in UNITS, f"wraps a {child.kind[:60]}. Supported: {', '.join(UNITS)}")
        _check(child, version)
    forward, backward = config.children
    same = all(
        forward.values.get(key) == backward.values.get(key) for key in ("units", "return_sequences", "return_state")
    )
    opposite = forward.flag("go_backwards") != backward.flag("go_backwards")
    require(same and opposite, "its two layers differ in more than weights and direction")


KINDS: dict[str, Kind] = {
    **{name: Kind(_read, _check, _variables, stepwise=True, recurrent=True) for name in UNITS},
    "Bidirectional": Kind(_read_bidirectional, _check_bidirectional, stepwise=True, recurrent=True),
}
"""The recurrent layers, by class name."""
