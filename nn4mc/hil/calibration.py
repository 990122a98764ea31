"""The observations of a logged flight: what a rig's network was given, step by step, to calibrate it with."""

from pathlib import Path
from typing import Any

import numpy as np

from nn4mc.api import import_options
from nn4mc.control.policy import PolicyReference
from nn4mc.errors import ConfigError, ModelError, Nn4mcError
from nn4mc.hil.controller import policy_of
from nn4mc.hil.log import LoggedFlight, read_log
from nn4mc.hil.rig import Rig, create_plant, flight_variables, load_rig
from nn4mc.importers import load
from nn4mc.ir import Array
from nn4mc.passes import lower
from nn4mc.quantize import Recording


def read_flight(path: Path, rig: str | Rig | None = None) -> Recording:
    """Return the observations (steps, in) of the flight in an MCAP log, from sensors, references and commands.

    ``rig`` is the one it was flown with, by name where the log does not say; a loaded one has its policy chosen, which
    need not be the one that flew. Raises ConfigError for a file that is no log
    of nn4mc, or of another rig.
    """
    try:
        flight = read_log(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    rig = rig if isinstance(rig, Rig) else load_rig(rig or _rig_of(path, flight))
    try:
        rows = _observations(rig, flight)
    except (KeyError, ValueError, TypeError) as error:
        raise ModelError(f"{path}: is not a flight of rig '{rig.name}' ({error})") from error
    if not len(rows):
        raise ModelError(f"{path}: holds no step of a flight")
    return Recording(str(path), rows.astype(np.float32))


def _rig_of(path: Path, flight: LoggedFlight) -> str:
    if "rig" not in flight.configuration:
        raise ConfigError(f"{path}: does not say which rig it was flown with; name it: --rig quadrotor")
    return flight.configuration["rig"]


def _observations(rig: Rig, flight: LoggedFlight) -> Array:
    policy = policy_of(rig)
    reference = PolicyReference(policy, lower(load(policy.model, import_options(policy))))
    reference.values.update(_variables(rig, flight))
    reference.reset()
    topics = [flight.messages.get(topic, []) for topic in ("/sensors", "/reference", "/command")]
    rows = []
    for sensors, wanted, command in zip(*topics, strict=False):
        rows.append(reference.observe(_words(sensors, rig.sensors), _words(wanted, rig.reference)))
        reference.follow(_words(command, rig.command))
    return np.array(rows)


def _variables(rig: Rig, flight: LoggedFlight) -> dict[str, float]:
    """Return the controller's variables of that flight; a vehicle that is not in the rig has those of rig.toml."""
    try:
        return flight_variables(rig, create_plant(rig, flight.configuration.get("vehicle", "")))
    except Nn4mcError:
        return dict(rig.controller.variables)


def _words(message: dict[str, Any], layout: Any) -> Array:
    values = np.concatenate([np.asarray(message[signal.name], np.float64) for signal in layout])
    expected = sum(signal.size for signal in layout)
    if values.size != expected:
        raise ValueError(f"{values.size} words where the rig has {expected}")
    return values
