"""One vehicle with its perturbation: forces from outside and imperfect sensors around the rigid body."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nn4mc.hil.rig import Reference

from .forces import Gusts, force_at, forces_of, gusts_of
from .rigid import QuadrotorPlant, State, Triple, advance, setpoints
from .sensing import read, sensing_of
from .vehicle import Vehicle

LONGEST_STEP_S = 0.01
"""The Runge-Kutta step that RAPTOR was trained with; a slower call rate takes several."""


@dataclass(frozen=True)
class Flown:
    """A state in the course of its flight: ``past`` states (1, 17), the newest first, as far back as sensors see."""

    x: State
    seed: int
    step: int
    past: tuple[npt.NDArray[np.float64], ...]
    gusts: Gusts | None


class PerturbedPlant:
    """One vehicle's equations of motion with its perturbation; implements nn4mc.hil.rig.Plant."""

    def __init__(self, vehicle: Vehicle, period_s: float) -> None:
        """Keep the vehicle and its perturbation; ``period_s`` holds unless the perturbation has a call rate."""
        change = vehicle.mismatch
        self.vehicle = vehicle
        self.period_s = change.period_s(period_s)
        self.rigid = QuadrotorPlant(vehicle, self.period_s)
        self.substeps = substeps(self.period_s)
        self._forces = forces_of([change])
        self._sensing = sensing_of([change], self.period_s)

    def initial(self, reference: Reference, rng: np.random.Generator) -> Flown:
        """Return the start of the vehicle without perturbation; ``rng`` then draws the seed of noise and gusts."""
        x = self.rigid.initial(reference, rng)
        seed = int(rng.integers(2**63))
        return Flown(x, seed, 0, (np.array([x]),), gusts_of(self._forces, [seed]))

    def sensors(self, state: Flown) -> npt.NDArray[np.float32]:
        """Return what the sensors read (13,), delayed and with noise."""
        (reading,) = read(self._sensing, state.past, [state.seed], state.step).astype(np.float32)
        words: npt.NDArray[np.float32] = reading
        return words

    def force(self, state: Flown) -> npt.NDArray[np.float64]:
        """Return the force from outside (3,) in N, world frame, which holds until the next call."""
        force: npt.NDArray[np.float64] = force_at(self._forces, state.gusts, state.step * self.period_s)[0]
        return force

    def step(self, state: Flown, command: npt.NDArray[np.float32]) -> Flown:
        """Return the state one period later; the command (4,) is clamped to [-1, 1] and held, and so is the force."""
        body = self.rigid.body
        ax, ay, az = self.force(state).tolist()
        pull: Triple = ax / body.mass_kg, ay / body.mass_kg, az / body.mass_kg
        x, wanted = state.x, setpoints(command, body)
        for _ in range(self.substeps):
            x = advance(x, wanted, body, pull, self.period_s / self.substeps)
        past = (np.array([x]), *state.past)[: self._sensing.depth]
        return Flown(x, state.seed, state.step + 1, past, state.gusts)

    def position(self, state: Flown) -> npt.NDArray[np.float64]:
        """Return the true position (3,) in m."""
        return self.rigid.position(state.x)

    def trim_command(self) -> npt.NDArray[np.float32]:
        """Return the hover command (4,) of the vehicle without perturbation."""
        return self.rigid.trim_command()

    def variables(self) -> dict[str, float]:
        """Return the hover command as the first previous action, and what the perturbation sets."""
        return {**self.rigid.variables(), **self.vehicle.mismatch.variables()}

    def lost(self, state: Flown) -> bool:
        """Whether a coordinate is outside the box."""
        return self.rigid.lost(state.x)


def substeps(period_s: float) -> int:
    """Return into how many Runge-Kutta steps a period is cut."""
    return max(1, math.ceil(period_s / LONGEST_STEP_S - 1e-9))
