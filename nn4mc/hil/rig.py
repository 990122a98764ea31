"""A rig is a plant to control: ``rig.toml`` with the numbers and, beside it, ``plant.py`` with the equations.

``plant.py`` defines three names: ``Vehicle`` (what one ``[vehicles.NAME]`` table holds), ``References`` (what
one ``[references.NAME]`` table holds; its instances are the references) and ``create_plant(vehicle,
period_s)``. Four more are optional. With ``draw(plant, state)`` the report shows the plant. With
``create_batch(vehicles, period_s)`` many vehicles are simulated at once (nn4mc.hil.batch). With
``sample_vehicle(seed, index)`` there is a distribution of vehicles; ``place_vehicle(vehicle)`` says where one stands
in it. A ``Vehicle`` with a field ``mismatch``, a struct of its own, can be perturbed. Loading a rig runs its
``plant.py``, so load only rigs you trust.
"""

import hashlib
import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from nn4mc.control.executor import MOST_CALLS
from nn4mc.errors import ConfigError
from nn4mc.hil.record import Drawing
from nn4mc.hil.rig_file import (
    Controller,
    Excitation,
    ExecutorTable,
    PolicyTable,
    Signal,
    View,
    convert,
    read_controllers,
    read_rig_file,
)
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
    """One vehicle's equations of motion; a state is a value, never changed in place.

    ``period_s`` is the time between two steps: that of the rig, unless the vehicle's mismatch has a rate of its own.
    """

    period_s: float

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
class Place:
    """Where one number of a vehicle stands in the range that a policy was trained on."""

    name: str
    value: float
    low: float
    high: float
    unit: str = ""

    @property
    def inside(self) -> bool:
        """Whether it is in the range; rounding at its ends counts as inside."""
        slack = 1e-9 * max(abs(self.low), abs(self.high))
        return self.low - slack <= self.value <= self.high + slack


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
    create_batch: Callable[[Sequence[Any], float], Any] | None = None
    sample_vehicle: Callable[[int, int], Any] | None = None
    place_vehicle: Callable[[Any], tuple[Place, ...]] | None = None

    @property
    def controller(self) -> Controller:
        """The chosen controller."""
        return self.controllers[self.controller_name]

    @property
    def call_period_s(self) -> float:
        """Time between two calls of the chosen controller: ``period_s``, but for a policy with an executor."""
        table = self.controller
        executor = table.executor if isinstance(table, PolicyTable) else None
        return self.period_s if executor is None else executor.call_period_s

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
        create_batch=getattr(module, "create_batch", None),
        sample_vehicle=getattr(module, "sample_vehicle", None),
        place_vehicle=getattr(module, "place_vehicle", None),
    )


def with_controller(rig: Rig, name: str) -> Rig:
    """Return the rig with another of its controllers chosen; ConfigError for a name it does not list."""
    _pick(rig.controllers, name, rig, "controller")
    return replace(rig, controller_name=name)


AT_REST = ("velocity", "angular_velocity")
"""Parts of a reference that are 0 for a vehicle at rest."""


def with_rate(rig: Rig, rate_hz: float) -> Rig:
    """Return the rig with its policy called ``rate_hz`` times a second, its period being that of the rig.

    Raises ConfigError for a controller that is no policy, for fewer calls than the policy's own, and for so many that
    the executor would make native steps too early.
    """
    table = rig.controller
    if not isinstance(table, PolicyTable):
        raise ConfigError(f"--rate: controller '{rig.controller_name}' is no policy and runs every {rig.period_s:g} s.")
    period_s = table.executor.native_period_s if table.executor else rig.period_s
    if rate_hz * period_s < 1 - 1e-9:
        raise ConfigError(f"--rate {rate_hz:g}: the policy runs at {1 / period_s:g} Hz, and is called no slower.")
    if rate_hz * period_s > MOST_CALLS + 1e-6:
        raise ConfigError(
            f"--rate {rate_hz:g}: every {MOST_CALLS}th call is a native step, and a period of {period_s:g} s "
            f"has more calls.\nCall it at most {MOST_CALLS / period_s:g} times a second."
        )
    rest = tuple(signal.name for signal in rig.reference if signal.name in AT_REST)
    executor = ExecutorTable(period_s, 1 / rate_hz, table.executor.rest if table.executor else rest)
    called = msgspec.structs.replace(table, executor=executor)
    return replace(rig, controllers={**rig.controllers, rig.controller_name: called})


def create_plant(rig: Rig, vehicle: str, mismatch: Mapping[str, Any] | None = None) -> Plant[Any]:
    """Return the plant of one of the rig's vehicles, with ``mismatch`` to its own knobs (nn4mc.hil.mismatch).

    Raises ConfigError for an unknown name, a value out of range, a rig without such knobs, and as `plant_at_rig_rate`.
    """
    found = _pick(rig.vehicles, vehicle, rig, "vehicle")
    return plant_at_rig_rate(rig, perturbed(rig, found, mismatch or {}, f"vehicles.{vehicle}"))


def plant_at_rig_rate(rig: Rig, vehicle: Any) -> Plant[Any]:
    """Return the plant of a vehicle; ConfigError where it is stepped at another rate than the rig's.

    A controller is called at one rate, and only `nn4mc.hil.batch` makes the steps between.
    """
    plant = rig.create_plant(vehicle, rig.call_period_s)
    if abs(plant.period_s - rig.call_period_s) > 1e-9:
        raise ConfigError(
            f"call_rate_hz = {1 / plant.period_s:g}: the controller of rig '{rig.name}' is called at "
            f"{1 / rig.call_period_s:g} Hz.\nGive it another rate with nn4mc hil --rate; call_rate_hz is for campaigns."
        )
    return plant


def perturbed(rig: Rig, vehicle: Any, mismatch: Mapping[str, Any], where: str = "the vehicle") -> Any:
    """Return a vehicle with ``mismatch`` over its own knobs; ConfigError as `create_plant`, naming ``where``."""
    if not mismatch:
        return vehicle
    own = getattr(vehicle, "mismatch", None)
    if not isinstance(own, msgspec.Struct):
        raise ConfigError(f"mismatch: rig '{rig.name}' has a plant without knobs for it.")
    known = type(own).__struct_fields__
    for name in mismatch:
        if name not in known:
            raise ConfigError(f"mismatch: rig '{rig.name}' has no knob '{name}'. Knobs: {', '.join(known)}.")
    table = {**msgspec.to_builtins(own), **{name: _whole(value) for name, value in mismatch.items()}}
    changed = convert(table, type(own), "mismatch", where)
    return msgspec.structs.replace(vehicle, mismatch=changed)


def _whole(value: Any) -> Any:
    """Return a whole number as int, which counts of steps are; anything else as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def create_reference(rig: Rig, name: str, changes: Mapping[str, float] | None = None) -> Reference:
    """Return one of the rig's references, with ``changes`` to its table, such as ``{"period_s": 4.0}``.

    Raises ConfigError for an unknown name, a change the reference has no key for, or a value out of range.
    """
    found = _pick(rig.references, name, rig, "reference")
    if not changes:
        return found
    table = {**msgspec.to_builtins(found), **changes}
    return convert(table, type(found), "changes", f"references.{name}")


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
