"""The schema of rig.toml, checked strictly: an unknown key is an error, and so is a value of a wrong type."""

from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

import msgspec

from nn4mc.control.executor import MOST_CALLS
from nn4mc.control.observation import Numbers
from nn4mc.errors import ConfigError
from nn4mc.profile.budget import Budget

View = Literal["xy", "xz", "yz", "x"]
"""The plane a path is shown in; a path along one axis is shown over time."""
Name = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]*$")]
Kind = TypeVar("Kind")


class Signal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One group of float words in a layout: name, number of words, unit (empty for none), and what it is.

    ``labels`` names each word for a reader; without them the words are numbered. ``range`` is what every word of a
    command is within, where the rig says so.
    """

    name: Name
    size: Annotated[int, msgspec.Meta(ge=1, le=56)]
    unit: str
    about: str = ""
    labels: tuple[str, ...] = ()
    range: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        """Refuse labels that do not match the size; msgspec reports it with its place in the file."""
        if self.labels and len(self.labels) != self.size:
            raise ValueError(f"{len(self.labels)} labels for {self.size} words")
        if self.range and not self.range[0] < self.range[1]:
            raise ValueError(f"range {self.range[0]:g} to {self.range[1]:g} is empty")


class LayoutTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a rig would say: sensors and reference, name -> words, the range of the commands, and the period.

    A PID needs ``period_s``; where it is stated for another kind, its model must have been trained for it.
    """

    sensors: dict[Name, Annotated[int, msgspec.Meta(ge=1, le=56)]]
    reference: dict[Name, Annotated[int, msgspec.Meta(ge=1, le=56)]]
    minimum: Annotated[tuple[float, ...], msgspec.Meta(min_length=1)]
    maximum: Annotated[tuple[float, ...], msgspec.Meta(min_length=1)]
    period_s: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None

    def __post_init__(self) -> None:
        """Refuse limits that are not a range for each command; msgspec reports it with its place in the file."""
        if len(self.minimum) != len(self.maximum):
            raise ValueError(f"minimum has {len(self.minimum)} commands and maximum {len(self.maximum)}")
        for low, high in zip(self.minimum, self.maximum, strict=True):
            if not low < high:
                raise ValueError(f"range {low:g} to {high:g} is empty")


class ObservedTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry of an observation that is not the term alone (nn4mc.control.observation.Observed)."""

    term: str
    scale: Numbers = 1.0
    offset: Numbers = 0.0
    clip: Numbers | None = None
    steps: int = 1


class ActionTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a command is made of what the network gives (nn4mc.control.action.Action)."""

    order: tuple[int, ...] = ()
    scale: Numbers = 1.0
    offset: Numbers = 0.0


class ExecutorTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a policy is called in a flight: its own period, that of the calls, and what a reference at rest has as 0."""

    native_period_s: Annotated[float, msgspec.Meta(ge=1e-3, le=1)]
    call_period_s: Annotated[float, msgspec.Meta(ge=5e-5, le=1)]
    rest: tuple[Name, ...] = ()

    def __post_init__(self) -> None:
        """Refuse calls at which the policy would step slower or faster than it says."""
        if not 1 - 1e-9 <= self.native_period_s / self.call_period_s <= MOST_CALLS + 1e-6:
            raise ValueError(
                f"call_period_s {self.call_period_s:g}: expected at most native_period_s {self.native_period_s:g}, "
                f"and at least a {MOST_CALLS}th of it"
            )


class PolicyTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="policy"):
    """A policy: its model, what it observes, and the values its variables start with (nn4mc.control.policy).

    ``model`` is a file beside the controller's, or a model that comes with nn4mc. ``frames``, ``action`` and
    ``stateful`` are those of nn4mc.control.policy.Policy. ``layout`` stands in for a rig.
    """

    model: str
    observation: tuple[str | ObservedTable, ...] = ()
    variables: dict[str, float] = {}
    executor: ExecutorTable | None = None
    action: ActionTable = ActionTable()
    frames: int = 1
    stateful: bool = False
    layout: LayoutTable | None = None


class TuningTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How `nn4mc tune pid` tunes: about which commands, by which steps, and within which limits.

    ``points`` are commands, the first the central one; about it the plant is also taken with each mismatch of
    ``variants``. ``step`` is in the unit of the commands; responses are followed for ``settle_s``. The limits are those
    of nn4mc.control.pid_tuning.Limits.
    """

    points: Annotated[tuple[tuple[float, ...], ...], msgspec.Meta(min_length=1)]
    step: Annotated[float, msgspec.Meta(gt=0)]
    settle_s: Annotated[float, msgspec.Meta(gt=0, le=1000)]
    sensitivity: Annotated[float, msgspec.Meta(gt=1, le=10)]
    noise_gain: Annotated[float, msgspec.Meta(gt=0)]
    band_hz: Annotated[float, msgspec.Meta(gt=0)]
    variants: tuple[dict[str, float], ...] = ()


class PidTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="pid"):
    """A PID: the loops by name, what they compare, how they act on the commands (nn4mc.control.pid).

    The limits of the commands and the period are those of the rig, or of ``layout``, which stands in for one.
    """

    loops: tuple[Name, ...]
    measured: tuple[str, ...]
    wanted: tuple[str, ...]
    error_limit: tuple[float, ...]
    integral_limit: tuple[float, ...]
    allocation: tuple[tuple[float, ...], ...]
    trim: tuple[float, ...]
    safe: tuple[float, ...]
    variables: dict[str, float] = {}
    tuning: TuningTable | None = None
    layout: LayoutTable | None = None


class BarrierTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The paper's barrier: sharpness, and the range and centre of its box for each command."""

    s: Annotated[float, msgspec.Meta(ge=0)]
    r: tuple[float, ...]
    b: tuple[float, ...]


class NmpcTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="nmpc"):
    """A predictive controller (nn4mc.control.nmpc): ``model`` is a folder with a model.toml, as from `nn4mc train`.

    It is looked for beside the file, then among the models that come with nn4mc. Without ``plausible`` a measured
    output may be as far outside of what the model was trained on as that is wide. ``layout`` stands in for a rig.
    """

    model: str
    measured: tuple[str, ...]
    wanted: tuple[str, ...]
    output_weights: tuple[float, ...]
    move_weights: tuple[float, ...]
    trim: tuple[float, ...]
    safe: tuple[float, ...]
    horizon: int
    first_step: int = 1
    moves: int = 1
    seen: tuple[str, ...] = ()
    wanted_rate: tuple[str, ...] = ()
    plausible: tuple[tuple[float, float], ...] = ()
    method: str = "gauss-newton"
    barrier: BarrierTable | None = None
    variables: dict[str, float] = {}
    layout: LayoutTable | None = None


Controller = PolicyTable | PidTable | NmpcTable
"""What a controller's table or file holds; ``kind`` says which."""


def kind_of(controller: Controller) -> str:
    """Return the kind of a controller, as its table names it."""
    return str(type(controller).__struct_config__.tag)


class Excitation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How commands move when `nn4mc rig record` makes logs: random levels, with sines up to ``top_hz`` on top.

    Levels are held for ``hold_s`` (least and most). ``common`` is the size of a level that all commands share, beside
    their own of size 1. ``span`` is the share of the range that is used, about its middle; ``smooth_s`` the time
    constant of the filter that all of it passes.
    """

    hold_s: tuple[float, float] = (0.2, 1.5)
    common: Annotated[float, msgspec.Meta(ge=0, le=10)] = 0.0
    top_hz: Annotated[float, msgspec.Meta(gt=0)] = 2.0
    span: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.9
    smooth_s: Annotated[float, msgspec.Meta(ge=0)] = 0.05

    def __post_init__(self) -> None:
        """Refuse times that are no range."""
        if not 0 < self.hold_s[0] <= self.hold_s[1]:
            raise ValueError(f"hold_s {self.hold_s[0]:g} to {self.hold_s[1]:g} is no range of times")


class RigFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What rig.toml holds; the tables of vehicles and references are checked by the rig's own types.

    ``controller`` is the rig's only controller; ``controllers`` are files beside rig.toml by name, one of which is
    chosen for a flight. ``length_unit`` is what reports show distances in, ``view`` how they show paths.
    ``outputs`` names the sensors that a model of the plant predicts, ``excitation`` how logs to train it are made.
    """

    name: Name
    title: str
    period_s: Annotated[float, msgspec.Meta(gt=0, le=1)]
    controller: Controller | None = None
    controllers: dict[Name, str] = {}
    length_unit: Literal["m", "mm"] = "m"
    view: View = "xy"
    default_reference: Name | None = None
    sensors: tuple[Signal, ...]
    reference: tuple[Signal, ...]
    command: tuple[Signal, ...]
    outputs: tuple[Name, ...] = ()
    vehicles: dict[Name, dict[str, Any]]
    references: dict[Name, dict[str, Any]]
    budget: Budget = Budget()
    excitation: Excitation = Excitation()

    def __post_init__(self) -> None:
        """Refuse a file without a controller, or with both ways to name one, and an unknown default reference."""
        if (self.controller is None) == (not self.controllers):
            raise ValueError("needs either a table `controller` or a table `controllers` of files")
        unknown = set(self.outputs) - {signal.name for signal in self.sensors}
        if unknown:
            raise ValueError(f"outputs {sorted(unknown)} are not among the sensors")
        if self.default_reference not in (None, *self.references):
            raise ValueError(f"default_reference '{self.default_reference}' is not in the table of references")


def read_rig_file(path: Path) -> RigFile:
    """Return the checked contents of a rig.toml; ConfigError when it cannot be read or breaks the schema."""
    return convert(read_toml(path), RigFile, path, "")


def read_controllers(rig_path: Path, file: RigFile) -> dict[str, Controller]:
    """Return the controllers of a rig by name: its only one, by its kind, or those in the files that it lists."""
    if file.controller is not None:
        return {kind_of(file.controller): file.controller}
    paths = {name: rig_path.parent / listed for name, listed in file.controllers.items()}
    return {name: read_controller(path) for name, path in paths.items()}


def read_controller(path: Path) -> Controller:
    """Return the checked contents of a controller's file; ConfigError as `read_rig_file`."""
    found = read_toml(path)
    kinds = sorted(str(one.__struct_config__.tag) for one in get_args(Controller))
    kind = found.get("kind")
    if kind not in kinds:
        said = "missing; it is" if kind is None else f"{kind!r} is not"
        raise ConfigError(f"{path}, at kind: {said} one of {', '.join(kinds)}")
    table: Controller = convert(found, Controller, path, "")  # type: ignore[arg-type]
    return table


def read_toml(path: Path) -> Any:
    """Return what a TOML file holds; ConfigError when it cannot be read as such."""
    try:
        return msgspec.toml.decode(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as TOML: {error}") from error


def convert(table: Any, kind: type[Kind], source: Path | str, where: str) -> Kind:
    """Return ``table`` as ``kind``; ConfigError names the source, the key inside it and what was expected."""
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        message, _, inside = str(error).partition(" - at `$")
        key = f"{where}{inside.rstrip('`')}".lstrip(".") or "the file itself"
        raise ConfigError(f"{source}, at {key}: {message}") from error
