"""The schema of the TOML file that says what to train on; strict, so that a misspelt key is an error."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec

from nn4mc.errors import ConfigError
from nn4mc.train.kinds import GRU, KINDS, LSTM, default_kinds, in_order, plain

Name = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]*$", max_length=40)]
Column = Annotated[str, msgspec.Meta(min_length=1)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
Whole = Annotated[int, msgspec.Meta(ge=1, le=10_000)]
_Struct = TypeVar("_Struct", bound=msgspec.Struct)


class Channel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One column of the logs: its heading there, what it is called from here on, and its unit."""

    column: Column
    unit: str = ""
    name: str = ""

    @property
    def label(self) -> str:
        """The name, or the heading where none is given."""
        return self.name or self.column


class NetworkSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How dense, GRU and LSTM networks are built and fitted.

    ``hidden``: units of each dense layer, or of the one recurrent layer. ``residual``: the network adds to an
    incremental ARX model, instead of standing alone. ``levels``: it sees where the outputs are, not only how they move.
    ``warm_up``: samples that settle a recurrent state before a prediction in training.
    """

    hidden: Annotated[tuple[Annotated[int, msgspec.Meta(ge=1, le=512)], ...], msgspec.Meta(min_length=1)] = (16,)
    activation: Literal["tanh", "relu"] = "tanh"
    residual: bool = True
    levels: bool = False
    epochs: Whole = 24
    patience: Whole = 6
    batch: Whole = 256
    stride: Whole = 4
    learning_rate: Positive = 1e-3
    weight_decay: Annotated[float, msgspec.Meta(ge=0)] = 1e-3
    warm_up: Whole = 20


class TrainSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a specification file holds.

    ``nd`` blocks of inputs and ``dd`` of fed-back outputs make the window. ``command`` says what the inputs in a row of
    the log are: "held", in force when the row's outputs were measured, or "sent", computed from them and in force
    after. Beyond ``max_gap_s`` without a row a run is cut in segments. ``horizon``: steps of the error that judges.
    ``deliver``: a kind to write in place of the recommended one.
    """

    name: Name
    time: Column
    sample_time_s: Annotated[float, msgspec.Meta(gt=0, le=3600)]
    nd: Annotated[int, msgspec.Meta(ge=1, le=64)]
    dd: Annotated[int, msgspec.Meta(ge=1, le=64)]
    inputs: Annotated[tuple[Channel, ...], msgspec.Meta(min_length=1)]
    outputs: Annotated[tuple[Channel, ...], msgspec.Meta(min_length=1)]
    sensors: tuple[Channel, ...] = ()
    command: Literal["held", "sent"] = "held"
    max_gap_s: Positive | None = None
    horizon: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 20
    kinds: tuple[str, ...] = ()
    deliver: str = ""
    ridge: Annotated[tuple[Positive, ...], msgspec.Meta(min_length=1)] = (0.3, 0.1, 0.03, 0.01)
    segments: Annotated[tuple[Annotated[int, msgspec.Meta(ge=0, le=32)], ...], msgspec.Meta(min_length=1)] = (
        0,
        1,
        2,
        3,
        4,
        6,
    )
    seed: Annotated[int, msgspec.Meta(ge=0, lt=2**31)] = 0
    network: NetworkSpec = NetworkSpec()

    @property
    def tried(self) -> tuple[str, ...]:
        """The kinds that are fitted, from simple to rich."""
        return in_order((*(self.kinds or default_kinds(bool(self.sensors))), *([self.deliver] if self.deliver else [])))

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Inputs, outputs and sensors, in this order."""
        return (*self.inputs, *self.outputs, *self.sensors)


def read_spec(path: Path) -> TrainSpec:
    """Return the checked specification; ConfigError names the file, the key inside it and what was expected."""
    try:
        table = msgspec.toml.decode(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as TOML: {error}") from error
    spec = convert(table, TrainSpec, path)
    _check(spec, path)
    return spec


def override(
    spec: TrainSpec, path: Path, kinds: Sequence[str] | None, seed: int | None, deliver: str | None = None
) -> TrainSpec:
    """Return the specification with the command line's values in place of its own; ConfigError as above."""
    changed = msgspec.structs.replace(
        spec,
        kinds=spec.kinds if kinds is None else tuple(one.strip() for one in kinds),
        seed=spec.seed if seed is None else seed,
        deliver=spec.deliver if deliver is None else deliver,
    )
    _check(changed, path)
    return changed


def convert(table: object, kind: type[_Struct], path: Path) -> _Struct:
    """Return ``table`` as ``kind``; ConfigError names the key at fault."""
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        message, _, inside = str(error).partition(" - at `$")
        key = inside.rstrip("`").lstrip(".") or "the file itself"
        raise ConfigError(f"{path}, at {key}: {message}") from error


def _check(spec: TrainSpec, path: Path) -> None:
    for what, names in (
        ("column", [spec.time, *(one.column for one in spec.channels)]),
        ("name", [one.label for one in spec.channels]),
        ("kind", list(spec.kinds)),
    ):
        twice = sorted({one for one in names if names.count(one) > 1})
        if twice:
            raise ConfigError(f"{path}: {what} '{twice[0]}' is used twice. Each may stand in one place only.")
    kinds = (*spec.kinds, *([spec.deliver] if spec.deliver else []))
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise ConfigError(f"{path}, at kinds: '{unknown[0]}' is not known. Known: {', '.join(KINDS)}.")
    layered = [kind for kind in kinds if plain(kind) in (GRU, LSTM) and len(spec.network.hidden) > 1]
    if layered:
        raise ConfigError(f"{path}, at network.hidden: '{layered[0]}' has one layer. Give one number of units.")
    needy = [kind for kind in kinds if kind.endswith("+sensors")]
    if needy and not spec.sensors:
        raise ConfigError(f"{path}, at kinds: '{needy[0]}' needs sensors, and the file lists none. Add [[sensors]].")
