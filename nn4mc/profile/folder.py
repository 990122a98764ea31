"""A folder of generated C as the profiler sees it: the network's name, its lengths and types, and its layers."""

import re
from dataclasses import dataclass
from pathlib import Path

from nn4mc.errors import ConfigError

_RUN = re.compile(
    r"^\w+_status_t (\w+)_run\(\1_t \*\w+, const (\w+) \w+\[\w+_IN_LEN\], (\w+) \w+\[\w+_OUT_LEN\]\);", re.M
)
_LAYER = re.compile(r"^ \* (.+): (\w+)(, \w+)?, (\d+) -> (\d+), (\d+) MACs$", re.M)
_MODEL_ID = re.compile(r'^#define \w+_MODEL_ID "(\w+)"', re.M)
_BYTES = {"float": 4, "int8_t": 1}


@dataclass(frozen=True)
class NetworkFolder:
    """What the header of a generated network says. Lengths are elements; state and arena are 32-bit words."""

    path: Path
    name: str
    model_id: str
    in_type: str
    out_type: str
    in_len: int
    out_len: int
    state_len: int
    arena_len: int
    layers: tuple[str, ...]
    macs: int

    @property
    def context_bytes(self) -> int:
        """Bytes of the network's own struct."""
        return max(1, 4 * (self.state_len + self.arena_len))

    @property
    def in_bytes(self) -> int:
        """Bytes of an input."""
        return self.in_len * _BYTES[self.in_type]

    @property
    def out_bytes(self) -> int:
        """Bytes of an output."""
        return self.out_len * _BYTES[self.out_type]


def read_folder(path: Path) -> NetworkFolder:
    """Read the header of a folder that `nn4mc compile` wrote; ConfigError when there is none, or more than one."""
    headers = [(header, header.read_text(errors="replace")) for header in sorted(path.glob("*.h"))]
    found = [(header, text, run) for header, text in headers if (run := _RUN.search(text))]
    if len(found) != 1:
        what = "no header of a network" if not found else f"{len(found)} networks"
        raise ConfigError(f"{path}: holds {what}, expected one folder as `nn4mc compile` writes it.")
    _, text, run = found[0]
    name, in_type, out_type = run.groups()
    identity = _MODEL_ID.search(text)
    layers = _LAYER.findall(text)
    return NetworkFolder(
        path=path,
        name=name,
        model_id=identity[1] if identity else "",
        in_type=in_type,
        out_type=out_type,
        **{
            f"{part}_len": _macro(path, text, f"{name.upper()}_{part.upper()}_LEN")
            for part in ("in", "out", "state", "arena")
        },
        layers=tuple(layer[0] for layer in layers),
        macs=sum(int(layer[-1]) for layer in layers),
    )


def _macro(path: Path, text: str, macro: str) -> int:
    found = re.search(rf"^#define {macro} (\d+)$", text, re.M)
    if found is None:
        raise ConfigError(f"{path}: the network's header does not define {macro}. Compile the model again.")
    return int(found[1])
