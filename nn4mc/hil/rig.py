"""A rig is a plant to control: ``rig.toml`` with the numbers and, beside it, ``plant.py`` with the equations.

``plant.py`` defines three names: ``Vehicle`` (what one ``[vehicles.NAME]`` table holds), ``References`` (what
one ``[references.NAME]`` table holds; its instances are the references) and ``create_plant(vehicle,
period_s)``. A fourth, ``draw(plant, state)``, is optional: the report then shows the plant. Loading a rig runs its
``plant.py``, so load only rigs you trust.
"""

import hashlib
import importlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from nn4mc.errors import ConfigError
from nn4mc.hil.mismatch import Mismatch
from nn4mc.hil.record import Drawing
from nn4mc.hil.rig_file import Controller, Excitation, Signal, View, convert, read_controllers, read_rig_file
from nn4mc.profile.budget import Budget
from nn4mc.resources import resource

Words = npt.NDArray[np.float32]
"""Float words as they go over the wire."""
Vector = npt.NDArray[np.float64]
State = TypeVar("State")
Entry = TypeVar("Entry")


class Reference(Protocol):
    """What the vehicle shall do, as a function of the time since the start of the flight."""

    @property
    def duration_s(self) -> float:
        """Length of the flight in s."""

    @property
    def window_s(self) -> tuple[float, float]:
        """Start (included) and end (excluded) of the part over which the RMSE is taken, in s."""

    def __call__(self, time_s: float) -> Words:
        """Return the reference words of the step at ``time_s``, ordered as the rig's reference layout."""

    def position(self, time_s: float) -> Vector:
        """Return the wanted position (3,) in m."""


class Plant(Protocol[State]):
    """One vehicle's equations of motion; a state is a value, never changed in place."""

    def initial(self, reference: Reference, rng: np.random.Generator) -> State:
        """Return the state a flight along ``reference`` starts from; only random starts draw from ``rng``."""

    def sensors(self, state: State) -> Words:
        """Return what the sensors read, in the order of the rig's sensor layout."""

    def step(self, state: State, command: Words) -> State:
        """Return the state one period later, with ``command`` held; DeviceError when it is not finite."""

    def position(self, state: State) -> Vector:
        """Return the true position (3,) in m."""

    def trim_command(self) -> Words:
        """Return the command that keeps the vehicle where it is: hover, for a flying one."""

    def variables(self) -> dict[str, float]:
        """Return the controller variables that depend on the vehicle; they go over those of rig.toml."""

    def lost(self, state: State) -> bool:
        """Whether the vehicle has left the space in which the flight makes sense."""


@dataclass(frozen=True)
class Rig:
    """A loaded rig: layouts, tables of controllers, vehicles and references by name, and what a step may cost.

    ``controller_name`` is the chosen one of ``controllers``. ``length_unit`` is what reports show distances in,
    ``view`` the plane they show paths in.
    """

    name: str
    title: str
    folder: Path
    period_s: float
    length_unit: str
    view: View
    controllers: Mapping[str, Controller]
    controller_name: str
    sensors: tuple[Signal, ...]
    reference: tuple[Signal, ...]
    command: tuple[Signal, ...]
    outputs: tuple[str, ...]
    vehicles: Mapping[str, Any]
    references: Mapping[str, Reference]
    default_reference: str
    create_plant: Callable[[Any, float], Plant[Any]]
    budget: Budget = field(default_factory=Budget)
    excitation: Excitation = field(default_factory=Excitation)
    draw: Callable[[Any, Any], Drawing] | None = None

    @property
    def controller(self) -> Controller:
        """The chosen controller."""
        return self.controllers[self.controller_name]

    @property
    def sensor_len(self) -> int:
        """Float words of a sensor reading."""
        return sum(signal.size for signal in self.sensors)

    @property
    def reference_len(self) -> int:
        """Float words of a reference."""
        return sum(signal.size for signal in self.reference)

    @property
    def command_len(self) -> int:
        """Float words of a command."""
        return sum(signal.size for signal in self.command)


def load_rig(name_or_path: str | Path) -> Rig:
    """Return the rig of a name (``"quadrotor"``) or of a folder that holds rig.toml and plant.py.

    Raises ConfigError with the path inside the file where a key is unknown, missing or of a wrong type.

    >>> rig = load_rig("quadrotor")
    >>> rig.sensor_len, rig.reference_len, rig.command_len
    (13, 6, 4)
    """
    folder = _find(name_or_path)
    path = folder / "rig.toml"
    file = read_rig_file(path)
    controllers = read_controllers(path, file)
    module = _import_plant(folder)
    vehicle_type, reference_type, create_plant = (
        _member(module, member) for member in ("Vehicle", "References", "create_plant")
    )
    return Rig(
        name=file.name,
        title=file.title,
        folder=folder,
        period_s=file.period_s,
        length_unit=file.length_unit,
        view=file.view,
        controllers=controllers,
        controller_name=next(iter(controllers)),
        sensors=file.sensors,
        reference=file.reference,
        command=file.command,
        outputs=file.outputs,
        vehicles=_tables(file.vehicles, vehicle_type, path, "vehicles"),
        references=_tables(file.references, reference_type, path, "references"),
        default_reference=file.default_reference or next(iter(file.references), ""),
        create_plant=create_plant,
        budget=file.budget,
        excitation=file.excitation,
        draw=getattr(module, "draw", None),
    )


def with_controller(rig: Rig, name: str) -> Rig:
    """Return the rig with another of its controllers chosen; ConfigError for a name it does not list."""
    _pick(rig.controllers, name, rig, "controller")
    return replace(rig, controller_name=name)


def create_plant(rig: Rig, vehicle: str, mismatch: Mapping[str, float] | None = None) -> Plant[Any]:
    """Return the plant of one of the rig's vehicles, with ``mismatch`` to its own knobs (nn4mc.hil.mismatch).

    Raises ConfigError for an unknown name, a value out of range, or a rig without such knobs.
    """
    found = _pick(rig.vehicles, vehicle, rig, "vehicle")
    if not mismatch:
        return rig.create_plant(found, rig.period_s)
    if not isinstance(getattr(found, "mismatch", None), Mismatch):
        raise ConfigError(f"--mismatch: rig '{rig.name}' has a plant without knobs for it.")
    table = {**msgspec.to_builtins(found.mismatch), **{name: _whole(value) for name, value in mismatch.items()}}
    changed = convert(table, Mismatch, rig.folder / "rig.toml", f"vehicles.{vehicle}.mismatch")
    return rig.create_plant(msgspec.structs.replace(found, mismatch=changed), rig.period_s)


def _whole(value: float) -> float | int:
    """Return a whole number as int, which counts of steps are."""
    return int(value) if float(value).is_integer() else value


def create_reference(rig: Rig, name: str, changes: Mapping[str, float] | None = None) -> Reference:
    """Return one of the rig's references, with ``changes`` to its table, such as ``{"period_s": 4.0}``.

    Raises ConfigError for an unknown name, a change the reference has no key for, or a value out of range.
    """
    found = _pick(rig.references, name, rig, "reference")
    if not changes:
        return found
    table = {**msgspec.to_builtins(found), **changes}
    return convert(table, type(found), rig.folder / "rig.toml", f"references.{name}")


def step_count(reference: Reference, period_s: float) -> int:
    """Return the number of control steps of a flight along ``reference``; step k is at ``k * period_s``."""
    return round(reference.duration_s / period_s)


def flight_variables(rig: Rig, plant: Plant[Any]) -> dict[str, float]:
    """Return every controller variable to SET before a flight: those of rig.toml, then the vehicle's."""
    return {**rig.controller.variables, **plant.variables()}


def _find(name_or_path: str | Path) -> Path:
    folder = Path(name_or_path)
    if (folder / "rig.toml").is_file():
        return folder.resolve()
    if isinstance(name_or_path, str) and folder.name == name_or_path:
        try:
            return resource("rigs", name_or_path, "rig.toml").parent
        except FileNotFoundError:
            pass
    known = sorted(path.parent.name for path in resource("rigs").glob("*/rig.toml"))
    raise ConfigError(f"rig '{name_or_path}': neither a folder with a rig.toml nor a rig of nn4mc: {', '.join(known)}")


def _import_plant(folder: Path) -> ModuleType:
    """Import plant.py in a package of its own, so that it may import its neighbours relatively."""
    if not (folder / "plant.py").is_file():
        raise ConfigError(f"{folder}: found rig.toml but no plant.py; a rig needs both")
    package_name = f"nn4mc_rig_{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"
    if package_name not in sys.modules:
        package = ModuleType(package_name)
        package.__path__ = [str(folder)]
        sys.modules[package_name] = package
    return importlib.import_module(f"{package_name}.plant")


def _member(module: ModuleType, name: str) -> Any:
    if not hasattr(module, name):
        raise ConfigError(f"{module.__file__}: does not define {name}; see rigs/quadrotor/plant.py")
    return getattr(module, name)


def _tables(tables: Mapping[str, Any], kind: Any, path: Path, where: str) -> dict[str, Any]:
    return {name: convert(table, kind, path, f"{where}.{name}") for name, table in tables.items()}


def _pick(table: Mapping[str, Entry], name: str, rig: Rig, what: str) -> Entry:
    if name not in table:
        raise ConfigError(f"rig '{rig.name}' has no {what} '{name}'. It has: {', '.join(sorted(table))}")
    return table[name]
