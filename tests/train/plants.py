"""Synthetic plants with known answers, as runs, as logs and as specifications."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from nn4mc.ir import Array
from nn4mc.train.resample import Run, Segment
from nn4mc.train.spec import Channel, NetworkSpec, TrainSpec

DT = 0.01
A1, A2 = 1.5, -0.56
"""y(k) = 1.5 y(k-1) - 0.56 y(k-2) + u(k) ..: poles 0.7 and 0.8."""
B = np.array([[0.3, -0.1], [0.1, 0.2]])
"""Gains of two inputs, u(k) and u(k-1)."""

Bend = Callable[[Array], Array]


def straight(u: Array) -> Array:
    return u


def slack(u: Array) -> Array:
    """A dead zone below -0.5: a tendon that went slack."""
    return np.maximum(u, -0.5)


def even(u: Array) -> Array:
    """A square: to a line it looks like nothing at all."""
    return 4.0 * u * u


def commands(rng: np.random.Generator, n: int, m: int = 2) -> Array:
    """Steps of random length and height in -1..1."""
    heights = rng.uniform(-1.0, 1.0, (n, m))
    held = np.maximum.accumulate(np.where(rng.random(n) < 0.15, np.arange(n), 0))
    return heights[held]


def respond(u: Array, bend: Bend, offset: float = 0.0, noise: Array | None = None) -> Array:
    """Return y (n, 1) of the second-order plant behind ``bend``, moved by ``offset``."""
    v, y = bend(u), np.zeros((len(u), 1))
    for k in range(2, len(u)):
        y[k] = A1 * y[k - 1] + A2 * y[k - 2] + B[0] @ v[k] + B[1] @ v[k - 1]
    return y + offset + (0.0 if noise is None else noise)


def make_run(seed: int, bend: Bend = straight, n: int = 300, q: int = 0, noise: float = 0.0) -> Run:
    rng = np.random.default_rng(seed)
    u = commands(rng, n)
    y = respond(u, bend, rng.uniform(-1.0, 1.0), noise * rng.standard_normal((n, 1)))
    segment = Segment(u, y, rng.standard_normal((n, q)))
    return Run(f"run{seed}", f"{seed:064x}", n, n * DT, DT, (segment,), 0.0)


def make_runs(bend: Bend = straight, count: int = 4, noise: float = 0.0, n: int = 300, q: int = 0) -> list[Run]:
    return [make_run(seed, bend, n, q, noise) for seed in range(count)]


def make_spec(**changes: object) -> TrainSpec:
    values: dict[str, object] = {
        "name": "plant",
        "time": "t",
        "sample_time_s": DT,
        "nd": 3,
        "dd": 3,
        "inputs": (Channel("u0"), Channel("u1")),
        "outputs": (Channel("y0", unit="mm"),),
        "horizon": 10,
        "kinds": ("arx", "hammerstein"),
        "segments": (0, 4),
        "ridge": (0.1, 1e-6),
        "network": NetworkSpec(hidden=(8,), epochs=3, batch=64, stride=4, warm_up=5, learning_rate=1e-2),
    }
    return TrainSpec(**{**values, **changes})  # type: ignore[arg-type]


SPEC_TOML = """
name = "plant"
time = "t"
sample_time_s = 0.01
nd = 3
dd = 3
horizon = 10
kinds = ["arx", "hammerstein"]
segments = [0, 4]
inputs = [{ column = "u0", unit = "V" }, { column = "u1", unit = "V" }]
outputs = [{ column = "y0", name = "tip", unit = "mm" }]
[network]
hidden = [8]
epochs = 3
batch = 16
stride = 1
warm_up = 5
learning_rate = 0.03
activation = "relu"
"""


def write_log(path: Path, seed: int, bend: Bend = straight, n: int = 300, heading: str = "t,u0,u1,y0") -> Path:
    rng = np.random.default_rng(seed)
    u = commands(rng, n)
    y = respond(u, bend, 0.1 * seed, 1e-3 * rng.standard_normal((n, 1)))
    rows = np.column_stack([DT * np.arange(n), u, y])
    path.write_text("\n".join([heading, *(",".join(f"{one:.9g}" for one in row) for row in rows)]) + "\n")
    return path


def write_logs(folder: Path, bend: Bend = straight, count: int = 3, n: int = 300) -> Sequence[Path]:
    return [write_log(folder / f"run{seed}.csv", seed, bend, n) for seed in range(count)]
