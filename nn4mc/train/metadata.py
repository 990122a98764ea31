"""model.toml of a trained folder: which file is the model, and what its words mean."""

import json
from pathlib import Path
from typing import Annotated

import msgspec

from nn4mc.errors import ModelError
from nn4mc.forward_model import Signal

METADATA = "model.toml"
MARK = "# Written by nn4mc train; README.md beside it says how good the model is.\n"
FORMAT = 1

_Count = Annotated[int, msgspec.Meta(ge=1, le=64)]


class SignalTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One input, output or sensor, and the range it had in training."""

    name: str
    unit: str
    low: float
    high: float

    def signal(self) -> Signal:
        """Return it as controllers take it."""
        return Signal(self.name, self.unit, self.low, self.high)


class Metadata(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What model.toml holds. ``file`` stands beside it; without ``sha256`` (hex) it is not checked."""

    format: int
    name: str
    kind: str
    file: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")]
    stateful: bool
    sample_time_s: Annotated[float, msgspec.Meta(gt=0)]
    nd: _Count
    dd: _Count
    inputs: Annotated[tuple[SignalTable, ...], msgspec.Meta(min_length=1)]
    outputs: Annotated[tuple[SignalTable, ...], msgspec.Meta(min_length=1)]
    sensors: tuple[SignalTable, ...] = ()
    sha256: str = ""


def metadata_text(metadata: Metadata) -> str:
    """Return model.toml; a number reads back as the same number."""
    table = msgspec.to_builtins(metadata)
    groups = {name: table.pop(name) for name in ("inputs", "outputs", "sensors")}
    lines = [MARK.rstrip(), *(_line(*pair) for pair in table.items())]
    for name, signals in groups.items():
        for signal in signals:
            lines += ["", f"[[{name}]]", *(_line(*pair) for pair in signal.items())]
    return "\n".join(lines) + "\n"


def _line(key: str, value: object) -> str:
    # JSON's strings, numbers and booleans are TOML's too.
    return f"{key} = {json.dumps(value, ensure_ascii=False)}"


def read_metadata(folder: Path) -> Metadata:
    """Return what model.toml says; ModelError when it is missing, damaged or of another format."""
    path = folder / METADATA
    try:
        metadata = msgspec.toml.decode(path.read_bytes(), type=Metadata)
    except FileNotFoundError as error:
        raise ModelError(f"{folder}: no {METADATA} in it. Expected a folder that nn4mc train wrote.") from error
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: {error}") from error
    if metadata.format != FORMAT:
        raise ModelError(f"{path}: format {metadata.format}, expected {FORMAT}. Train again, or update nn4mc.")
    return metadata
