"""What happened in a flight, step by step."""

from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.float32]
Vector = npt.NDArray[np.float64]
Drawing = tuple[Vector, ...]
"""A plant at one moment as lines in space, each of points (n, 3) in m."""
Kind = TypeVar("Kind", np.float32, np.float64)


@dataclass(frozen=True)
class Step:
    """One control step: what went to the board, what came back, and where the plant truly was.

    ``time_s`` is simulated time; ``status``, ``mode`` and ``cycles`` as in the reply to STEP;
    ``instructions`` are the controller's, 0 where nothing counts them;
    ``twin_command`` is the host build's answer to the same words; ``round_trip_s`` is wall-clock time from
    sending the request to having the reply, link and emulator included.
    """

    time_s: float
    sensors: Words
    reference: Words
    command: Words
    twin_command: Words
    status: int
    mode: int
    cycles: int
    round_trip_s: float
    position: Vector
    position_reference: Vector
    instructions: int = 0


@dataclass(frozen=True)
class Columns:
    """A flight as arrays, one row a step (n)."""

    time_s: Vector
    sensors: Words
    reference: Words
    command: Words
    twin_command: Words
    status: npt.NDArray[np.int64]
    mode: npt.NDArray[np.int64]
    cycles: npt.NDArray[np.int64]
    round_trip_s: Vector
    position: Vector
    position_reference: Vector
    instructions: npt.NDArray[np.int64]


@dataclass
class FlightRecord:
    """A flight that grows step by step; ``columns()`` gives it as arrays at any time.

    ``drawings`` show the plant at a few moments, where its rig can draw it.
    """

    steps: list[Step] = field(default_factory=list)
    drawings: list[Drawing] = field(default_factory=list)

    def append(self, step: Step) -> None:
        """Add one step at the end."""
        self.steps.append(step)

    def __len__(self) -> int:
        """Return the number of steps so far."""
        return len(self.steps)

    def columns(self) -> Columns:
        """Return the steps so far: scalars (n,), words (n, length) float32, positions (n, 3) float64."""
        return Columns(
            time_s=np.array([step.time_s for step in self.steps], np.float64),
            sensors=_stack([step.sensors for step in self.steps], np.float32),
            reference=_stack([step.reference for step in self.steps], np.float32),
            command=_stack([step.command for step in self.steps], np.float32),
            twin_command=_stack([step.twin_command for step in self.steps], np.float32),
            status=np.array([step.status for step in self.steps], np.int64),
            mode=np.array([step.mode for step in self.steps], np.int64),
            cycles=np.array([step.cycles for step in self.steps], np.int64),
            round_trip_s=np.array([step.round_trip_s for step in self.steps], np.float64),
            position=_stack([step.position for step in self.steps], np.float64),
            position_reference=_stack([step.position_reference for step in self.steps], np.float64),
            instructions=np.array([step.instructions for step in self.steps], np.int64),
        )


def _stack(rows: list[npt.NDArray[Kind]], kind: type[Kind]) -> npt.NDArray[Kind]:
    """Return rows as one array (n, length); (0, 0) for none, which numpy would refuse to stack."""
    return np.array(rows, kind) if rows else np.zeros((0, 0), kind)
