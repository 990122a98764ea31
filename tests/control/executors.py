"""The quadrotor's policy with its executor, built for this machine, and the committed vectors.

``python -m tests.control.executors`` computes the vectors anew, in float64.
"""

import ctypes
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nn4mc.api import compile_policy
from nn4mc.control.executed_policy import ExecutedPolicyReference
from nn4mc.control.executor import Executor
from nn4mc.control.policy import Policy
from nn4mc.hil.controller import policy_of
from nn4mc.hil.rig import load_rig
from nn4mc.hil.twin import Twin, build_twin
from nn4mc.ir import Array, Graph

VECTORS = Path(__file__).with_name("executor_vectors.npz")
CALLS = 160
LEVEL = np.float32([0.1, -0.2, 0.3, 1, 0, 0, 0, 0.1, 0, -0.1, 0, 0.2, 0, 0, 0, 0, 0, 0, 0])


def executed_policy() -> Policy:
    """Return RAPTOR as the quadrotor flies it, with an executor."""
    return replace(policy_of(load_rig("quadrotor")), executor=Executor(rest=("velocity",)))


@dataclass(frozen=True)
class Executed:
    """The policy, its graph, and the library made of it."""

    policy: Policy
    graph: Graph
    folder: Path
    library: Path

    def twin(self, **values: float) -> Twin:
        """Return the C controller with variables set, as after a reset."""
        twin = Twin(self.library)
        twin.set_variables(values)
        twin.reset()
        return twin

    def reference(self, **values: float) -> ExecutedPolicyReference:
        """Return the same in float64."""
        policy = replace(self.policy, variables={**self.policy.variables, **values})
        return ExecutedPolicyReference(policy, self.graph)


def build_executed(folder: Path) -> Executed:
    """Compile and build it in ``folder``."""
    policy = executed_policy()
    code = compile_policy(policy)
    assert code.network is not None
    code.write(folder / "c")
    return Executed(policy, code.network.graph, folder / "c", build_twin(folder / "c", folder / "twin"))


def hidden_state(twin: Twin, words: int = 16) -> bytes:
    """Return the bits of the network's state, the first words of a controller's memory."""
    return ctypes.string_at(twin._state_at, 4 * words)


def wandering(calls: int, seed: int) -> Array:
    """Return rows (calls, 19) float32 of a vehicle that wanders and tumbles, with a reference that moves too."""
    rng = np.random.default_rng(seed)
    rows = np.cumsum(rng.normal(0, 0.02, (calls, 19)), axis=0)
    rows[:, 3] += 1
    rows[:, 3:7] /= np.linalg.norm(rows[:, 3:7], axis=1, keepdims=True)
    return rows.astype(np.float32)


def call_times(calls: int, interval_us: float, jitter: float, seed: int, start: int = 0) -> list[int]:
    """Return readings of a 32-bit clock in us: normal intervals of a relative deviation ``jitter``."""
    rng = np.random.default_rng(seed)
    intervals = np.maximum(np.rint(interval_us * (1 + jitter * rng.normal(size=calls))), 1).astype(np.int64)
    return ((start + np.cumsum(intervals)) % 2**32).tolist()


CASES: Mapping[str, tuple[list[int], Mapping[str, float]]] = {
    "400 Hz": (call_times(CALLS, 2500, 0.0, 0), {}),
    "1 kHz, 5 % jitter, over the clock's end": (call_times(CALLS, 1000, 0.05, 1, 2**32 - 60_000), {}),
    "250 Hz, the period anew at each step": (call_times(CALLS, 4000, 0.01, 2), {"keep_phase": 0.0}),
    "every third call": (call_times(CALLS, 2500, 0.3, 3), {"native_every": 3.0}),
    "nothing between native steps": (call_times(CALLS, 2500, 0.01, 4), {"skip_intermediate": 1.0}),
}
"""Clock readings and variables of each set of vectors."""


def compute_vectors(executed: Executed) -> dict[str, Array]:
    """Return rows, and for each case the commands and turns of the float64 reference."""
    rows = wandering(CALLS, 11)
    found: dict[str, Array] = {"rows": rows}
    for i, (times, values) in enumerate(CASES.values()):
        reference = executed.reference(**values)
        commands, turns = [], []
        for time_us, row in zip(times, rows.astype(np.float64), strict=True):
            commands.append(reference.step_at(time_us, row[:13], row[13:]))
            turns.append(reference.turn)
        found[f"time_us_{i}"] = np.array(times, np.uint32)
        found[f"command_{i}"] = np.array(commands, np.float32)
        found[f"turn_{i}"] = np.array(turns, np.uint8)
    return found


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        np.savez_compressed(VECTORS, **compute_vectors(build_executed(Path(scratch))))
