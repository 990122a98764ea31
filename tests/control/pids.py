"""PIDs for the tests, and their C built for this machine."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nn4mc.api import compile_pid
from nn4mc.control.pid import Pid
from nn4mc.hil.controller import pid_of
from nn4mc.hil.rig import load_rig
from nn4mc.hil.twin import Twin, build_twin

RIGS = ("mass_spring_damper", "tendon", "hasel")

CRANE = Pid(
    period_s=0.01,
    sensors={"speed": 1, "place": 2},
    reference={"goal": 2, "other": 1},
    measured=("place",),
    wanted=("goal",),
    loops=("a", "b"),
    error_limit=(2.0, 3.0),
    integral_limit=(1.5, 4.0),
    allocation=((1.0, 0.5), (-0.5, 1.0), (0.2, 0.2)),
    minimum=(-1.0, -2.0, 0.0),
    maximum=(1.0, 2.0, 5.0),
    trim=(0.1, -0.2, 1.0),
    safe=(-1.0, 0.0, 0.5),
    variables={"kp_a": 1.2, "ki_a": 3.0, "kd_a": 0.02, "kp_b": 0.4, "ki_b": 1.0, "derivative_filter": 0.03},
)
"""Two loops on three commands, with what they compare in the middle of the layouts."""


@dataclass(frozen=True)
class Built:
    """A PID and the shared library of its C."""

    pid: Pid
    library: Path

    def twin(self, **variables: float) -> Twin:
        twin = Twin(self.library)
        twin.set_variables(variables)
        twin.reset()
        return twin


def build(pid: Pid, folder: Path) -> Built:
    compile_pid(pid).write(folder / "c")
    return Built(pid, build_twin(folder / "c", folder / "twin"))


def rig_pid(name: str) -> Pid:
    return pid_of(load_rig(name))


def wander(pid: Pid, steps: int, seed: int, size: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """Return sensors and references (steps, words) that wander within some of the error limit."""
    rng = np.random.default_rng(seed)
    limit = size * min(pid.error_limit)

    def walk(words: int) -> np.ndarray:
        steps_taken = rng.normal(0, limit / 20, (steps, words))
        path = np.zeros((steps, words))
        for k in range(1, steps):
            path[k] = 0.98 * path[k - 1] + steps_taken[k]
        return path.astype(np.float32)

    return walk(sum(pid.sensors.values())), walk(sum(pid.reference.values()))
