"""The predictive controller as data: a trained forward model, what it is asked to do, and within which limits.

The paper's letters: N1 ``first_step``, N2 ``horizon``, Nu ``moves``, Q ``output_weights``, L ``move_weights``; its
barrier s, r, b is ``Barrier``. nn4mc.control.nmpc_reference runs one in float64.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from nn4mc.control.horizon import COMMAND, OUTPUT, SENSOR, Model
from nn4mc.control.trace import trace
from nn4mc.control.variables import Variable, offsets, resolve
from nn4mc.errors import ConfigError
from nn4mc.forward_model import ForwardModel
from nn4mc.forward_model import Signal as ModelSignal
from nn4mc.ir import Graph

KIND = "nmpc"
GAUSS_NEWTON, NEWTON = "gauss-newton", "newton"
METHODS = (GAUSS_NEWTON, NEWTON)
MOST_VARIABLES = 12
"""Nu m at most: as NN4MC_MOST_VARIABLES in nn4mc_quadratic.h."""
MOST_HORIZON = 50
LARGEST_WEIGHT = 1e9
LARGEST_NUMBER = 1e6
"""Of commands and outputs."""
REPORTS = ("last_iterations", "last_residual", "last_cost", "last_saturated", "last_reason")
"""Variables that the controller writes itself after each step of its own: read them over the wire."""


@dataclass(frozen=True)
class BarrierBox:
    """The paper's barrier: sharpness, and for each command the range and the centre of its box, (m,) each."""

    s: float
    r: tuple[float, ...]
    b: tuple[float, ...]


@dataclass(frozen=True)
class Nmpc:
    """A predictive controller of m commands and p outputs.

    ``measured`` (p words) are the sensors that the model predicts, ``seen`` (q words) those it sees. ``wanted`` (p
    words) are the references, ``wanted_rate`` (p words, or none) how fast they move, in units a second: over the
    horizon a reference goes on at this rate; the name STILL stands for one word that does not move. Layouts map names
    to words. ``plausible`` (p) is what a measured output lies between, or it counts as missing. Commands lie between
    ``minimum`` and ``maximum``, start at ``trim`` and end at ``safe``, each (m,).
    """

    model: ForwardModel
    sensors: Mapping[str, int]
    reference: Mapping[str, int]
    measured: tuple[str, ...]
    wanted: tuple[str, ...]
    output_weights: tuple[float, ...]
    move_weights: tuple[float, ...]
    minimum: tuple[float, ...]
    maximum: tuple[float, ...]
    trim: tuple[float, ...]
    safe: tuple[float, ...]
    horizon: int
    plausible: tuple[tuple[float, float], ...]
    first_step: int = 1
    moves: int = 1
    seen: tuple[str, ...] = ()
    wanted_rate: tuple[str, ...] = ()
    method: str = GAUSS_NEWTON
    barrier: BarrierBox | None = None
    variables: Mapping[str, float] = field(default_factory=dict)


def variable_name(prefix: str, signal: ModelSignal) -> str:
    """Return the name of a variable about a signal of the model.

    >>> variable_name("q", ModelSignal("tip x", "mm", 0.0, 1.0))
    'q_tip_x'
    """
    plain = re.sub(r"[^0-9A-Za-z]+", "_", signal.name).strip("_").lower()
    return f"{prefix}_{plain}"


def known_variables(nmpc: Nmpc) -> tuple[Variable, ...]:
    """Return the variables: weights, limits, settings of solver and estimator, then the reports."""
    model, reach = nmpc.model, max(_reaches(nmpc))
    weights = [
        Variable(variable_name(letter, signal), "", 0.0, LARGEST_WEIGHT, weight)
        for letter, signals, values in (
            ("q", model.outputs, nmpc.output_weights),
            ("l", model.inputs, nmpc.move_weights),
        )
        for signal, weight in zip(signals, values, strict=True)
    ]
    limits = [
        Variable(variable_name(end, signal), signal.unit, low, high, low if end == "low" else high)
        for end in ("low", "high")
        for signal, low, high in zip(model.inputs, nmpc.minimum, nmpc.maximum, strict=True)
    ]
    barrier = () if nmpc.barrier is None else (Variable("sharpness", "", 0.0, LARGEST_WEIGHT, nmpc.barrier.s),)
    return (
        *weights,
        *limits,
        Variable("rate_limit", "1/step", 0.0, reach, reach),
        Variable("hold_steps", "steps", 0.0, 1000.0, 10.0),
        Variable("safe_rate", "1/step", 0.0, reach, reach / 100.0),
        Variable("stuck_steps", "steps", 0.0, 10000.0, 0.0),
        Variable("bridge_steps", "steps", 0.0, 1000.0, 10.0),
        Variable("bias_gain", "", 0.0, 1.0, 0.1),
        Variable("iterations", "", 1.0, 20.0, 2.0),
        Variable("retries", "", 0.0, 100.0, 2.0),
        Variable("damping", "", 0.0, 1e3, 0.0),
        *barrier,
        *(Variable(name, "", 0.0, 3e38, 0.0) for name in REPORTS),
    )


def resolved_variables(nmpc: Nmpc) -> tuple[Variable, ...]:
    """Return the variables with the controller's own initial values; ConfigError for an unknown name or a bad value."""
    return resolve(known_variables(nmpc), nmpc.variables)


def _reaches(nmpc: Nmpc) -> list[float]:
    return [high - low for low, high in zip(nmpc.minimum, nmpc.maximum, strict=True)]


def traced(nmpc: Nmpc, graph: Graph) -> Model:
    """Return the tape of ``graph``, which is the model's own or that graph lowered; UnsupportedError as trace."""
    model = nmpc.model
    parts = [(COMMAND, model.nd * model.m), (OUTPUT, model.dd * model.p), (SENSOR, model.q)]
    return Model(trace(graph, parts), model.nd, model.dd, model.m, model.p, model.q)


STILL = ""
"""Among ``wanted_rate``: one word that is 0."""
NOWHERE = -1
"""Where that word is."""


def words_of(layout: Mapping[str, int], names: Sequence[str]) -> list[int]:
    """Return where the words of the signals ``names`` are in a layout.

    >>> words_of({"goal": 2, "rate": 1}, ["rate", STILL])
    [2, -1]
    """
    starts = {**offsets(layout), STILL: NOWHERE}
    return [starts[name] + word for name in names for word in range(layout.get(name, 1))]


def nmpc_sha256(nmpc: Nmpc, model_id: str) -> str:
    """Return the sha256 (hex) of all that decides what the controller does; ``model_id`` is the network's."""
    model = nmpc.model
    table = {
        "model": [model_id, model.nd, model.dd, model.m, model.p, model.q, model.sample_time_s],
        **{name: getattr(nmpc, name) for name in _OWN},
        "sensors": list(nmpc.sensors.items()),
        "reference": list(nmpc.reference.items()),
        "barrier": None if nmpc.barrier is None else [nmpc.barrier.s, nmpc.barrier.r, nmpc.barrier.b],
        "variables": sorted(nmpc.variables.items()),
    }
    return hashlib.sha256(json.dumps(table, sort_keys=True).encode()).hexdigest()


_OWN = (
    *(
        "measured",
        "seen",
        "wanted",
        "wanted_rate",
        "output_weights",
        "move_weights",
        "minimum",
        "maximum",
        "trim",
        "safe",
    ),
    *("plausible", "horizon", "first_step", "moves", "method"),
)


def check_nmpc(nmpc: Nmpc) -> None:
    """Raise ConfigError when the parts of a controller do not fit each other or its model."""
    model = nmpc.model
    _check_words("sensor", nmpc.sensors, "measured", nmpc.measured, model.p, "one an output of the model")
    _check_words("sensor", nmpc.sensors, "seen", nmpc.seen, model.q, "one a sensor of the model")
    _check_words("reference", nmpc.reference, "wanted", nmpc.wanted, model.p, "one an output of the model")
    if nmpc.wanted_rate:
        _check_words(
            "reference", nmpc.reference, "wanted_rate", nmpc.wanted_rate, model.p, "one an output of the model"
        )
    lengths = {"output_weights": model.p, "plausible": model.p}
    lengths |= dict.fromkeys(("move_weights", "minimum", "maximum", "trim", "safe"), model.m)
    if nmpc.barrier is not None:
        _check_length("barrier.r", nmpc.barrier.r, model.m)
        _check_length("barrier.b", nmpc.barrier.b, model.m)
    for name, length in lengths.items():
        _check_length(name, getattr(nmpc, name), length)
    _check_numbers(nmpc)
    _check_horizon(nmpc)
    names = [variable.name for variable in resolved_variables(nmpc)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"nmpc: two signals of the model make the variable '{twice[0]}'. Rename one of them.")


def _check_words(what: str, layout: Mapping[str, int], key: str, names: tuple[str, ...], words: int, why: str) -> None:
    missing = [name for name in names if name not in layout and not (key == "wanted_rate" and name == STILL)]
    if missing:
        raise ConfigError(f"nmpc, at {key}: there is no {what} {missing}. There are: {', '.join(layout)}")
    found = sum(layout.get(name, 1) for name in names)
    if found != words:
        raise ConfigError(f"nmpc, at {key}: {list(names)} has {found} words, expected {words}, {why}")


def _check_length(key: str, values: Sequence[object], length: int) -> None:
    if len(values) != length:
        raise ConfigError(f"nmpc, at {key}: {len(values)} entries, expected {length}")


def _check_numbers(nmpc: Nmpc) -> None:
    if nmpc.method not in METHODS:
        raise ConfigError(f"nmpc, at method: '{nmpc.method}' is not one of {', '.join(METHODS)}")
    ends = [*nmpc.minimum, *nmpc.maximum, *(end for pair in nmpc.plausible for end in pair)]
    if not np.abs(ends).max() <= LARGEST_NUMBER:
        raise ConfigError(f"nmpc: a limit of commands or plausible outputs is beyond {LARGEST_NUMBER:g}")
    for key, pairs in (
        ("minimum and maximum", list(zip(nmpc.minimum, nmpc.maximum, strict=True))),
        ("plausible", list(nmpc.plausible)),
    ):
        if not all(low < high for low, high in pairs):
            raise ConfigError(f"nmpc, at {key}: a range is empty: {pairs}")
    for key in ("trim", "safe"):
        within = zip(nmpc.minimum, getattr(nmpc, key), nmpc.maximum, strict=True)
        if not all(low <= value <= high for low, value, high in within):
            raise ConfigError(f"nmpc, at {key}: {list(getattr(nmpc, key))} is outside the command's range")
    if nmpc.barrier is not None:
        _check_barrier(nmpc, nmpc.barrier)
    _check_weights("output_weights", nmpc.output_weights)
    _check_weights("move_weights", nmpc.move_weights)


def _check_weights(key: str, weights: Sequence[float]) -> None:
    """A weight below 0 would reward errors, and SET over the wire refuses it too."""
    for weight in weights:
        if not 0.0 <= weight <= LARGEST_WEIGHT:
            raise ConfigError(f"nmpc, at {key}: {weight:g} is no weight, which is 0 to {LARGEST_WEIGHT:g}")


def _check_barrier(nmpc: Nmpc, barrier: BarrierBox) -> None:
    """The command's range must lie inside the barrier's box: at its walls the barrier is infinite."""
    _check_weights("barrier.s", (barrier.s,))
    for low, high, r, b in zip(nmpc.minimum, nmpc.maximum, barrier.r, barrier.b, strict=True):
        if not (r > 0 and b - r / 2 < low and high < b + r / 2):
            raise ConfigError(
                f"nmpc, at barrier: commands from {low:g} to {high:g} are not inside its box "
                f"({b - r / 2:g}, {b + r / 2:g}). Make the range of the commands a little smaller than r."
            )


def _check_horizon(nmpc: Nmpc) -> None:
    variables = nmpc.moves * nmpc.model.m
    if not 1 <= nmpc.first_step <= nmpc.horizon <= MOST_HORIZON:
        raise ConfigError(
            f"nmpc: first_step {nmpc.first_step} and horizon {nmpc.horizon}, expected 1 <= N1 <= N2 <= 50"
        )
    if not 1 <= nmpc.moves <= nmpc.horizon:
        raise ConfigError(f"nmpc, at moves: {nmpc.moves}, expected 1 to the horizon, {nmpc.horizon}")
    if variables > MOST_VARIABLES:
        raise ConfigError(
            f"nmpc, at moves: {nmpc.moves} moves of {nmpc.model.m} commands are {variables} variables, "
            f"at most {MOST_VARIABLES}"
        )
