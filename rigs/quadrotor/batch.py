"""Many quadrotors at once in numpy: the operations of rigid.py in the same order, so that every bit is the same.

States are (n, 17), commands (n, 4). What one vehicle does never depends on the others in its batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from nn4mc.errors import ConfigError, DeviceError
from nn4mc.hil.rig import Reference

from .forces import Gusts, force_at, forces_of, gusts_of
from .perturbed import substeps
from .rigid import LOST_BOX_M, QuadrotorPlant
from .sensing import read, sensing_of
from .vehicle import GRAVITY_M_S2, Body, Vehicle, hover_rotor

Array = npt.NDArray[np.float64]
Words = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Bodies:
    """The bodies of n vehicles: every number of `Body` with a last axis of n."""

    mass_kg: Array
    thrust_n: Array
    torque_m: Array
    inertia: Array
    inverse: Array
    rotor_up_s: Array
    rotor_down_s: Array
    rotor_range: Array


@dataclass(frozen=True)
class BatchState:
    """The states ``x`` (n, 17) at a step; ``past`` holds them and those before, as far back as sensors see."""

    x: Array
    seeds: tuple[int, ...]
    step: int
    past: tuple[Array, ...]
    gusts: Gusts | None


def create_batch(vehicles: Sequence[Vehicle], period_s: float) -> "QuadrotorBatch":
    """Return the plant of some vehicles, perturbed or not; ConfigError when their call rates differ."""
    return QuadrotorBatch(vehicles, period_s)


class QuadrotorBatch:
    """The equations of motion of many vehicles; implements nn4mc.hil.batch.BatchPlant."""

    def __init__(self, vehicles: Sequence[Vehicle], period_s: float) -> None:
        """Keep the vehicles; ``period_s`` holds unless their perturbations have a call rate, which must be one."""
        changes = [vehicle.mismatch for vehicle in vehicles]
        periods = {change.period_s(period_s) for change in changes}
        if len(periods) != 1:
            raise ConfigError(f"a batch needs one call rate, found periods of {sorted(periods)} s")
        self.period_s = periods.pop()
        self.vehicles = tuple(vehicles)
        self.substeps = substeps(self.period_s)
        self._single = [QuadrotorPlant(vehicle, self.period_s) for vehicle in vehicles]
        self._bodies = _stacked([plant.body for plant in self._single])
        self._forces = forces_of(changes)
        self._sensing = sensing_of(changes, self.period_s)
        self._rest = np.array([[0.0, 0.0, 0.0, 1.0, *[0.0] * 9, *[hover_rotor(one)] * 4] for one in vehicles])
        self._trim = np.array([plant.trim_command() for plant in self._single])

    def initial(self, reference: Reference, rngs: Sequence[np.random.Generator]) -> BatchState:
        """Return the starts, each as its vehicle alone draws it from its generator."""
        starts = [plant.initial(reference, rng) for plant, rng in zip(self._single, rngs, strict=True)]
        seeds = tuple(int(rng.integers(2**63)) for rng in rngs)
        x = np.asfortranarray(np.array(starts))
        return BatchState(x, seeds, 0, (x,), gusts_of(self._forces, seeds))

    def sensors(self, state: BatchState) -> Words:
        """Return what the sensors read (n, 13)."""
        return read(self._sensing, state.past, state.seeds, state.step).astype(np.float32)

    def step(self, state: BatchState, command: Words) -> BatchState:
        """Return the states one period later; DeviceError when a command (n, 4) is not finite."""
        if not np.isfinite(command).all():
            raise DeviceError("a command of the batch is not finite; a controller must never send this")
        pull = (force_at(self._forces, state.gusts, state.step * self.period_s) / self._bodies.mass_kg[:, None]).T
        low, high = self._bodies.rotor_range
        wanted = np.clip(command.T.astype(np.float64), -1.0, 1.0) * (high - low) / 2 + (high + low) / 2
        x = state.x.T
        for _ in range(self.substeps):
            x = advance(x, wanted, self._bodies, pull, self.period_s / self.substeps)
        past = (x.T, *state.past)[: self._sensing.depth]
        return BatchState(x.T, state.seeds, state.step + 1, past, state.gusts)

    def park(self, state: BatchState, which: npt.NDArray[np.bool_]) -> BatchState:
        """Return the states with ``which`` vehicles (n,) at rest at the origin, where they harm no arithmetic."""
        x = np.where(which[:, None], self._rest, state.x)
        return replace(state, x=x, past=(x, *state.past[1:]))

    def position(self, state: BatchState) -> Array:
        """Return the true positions (n, 3) in m."""
        return state.x[:, :3]

    def trim_command(self) -> Words:
        """Return the hover commands (n, 4)."""
        return self._trim

    def variables(self) -> dict[str, Array]:
        """Return the controller variables of any vehicle (n,) by name; NaN where a vehicle does not set one."""
        each = [
            {**plant.variables(), **vehicle.mismatch.variables()}
            for plant, vehicle in zip(self._single, self.vehicles, strict=True)
        ]
        names = {name for one in each for name in one}
        return {name: np.array([one.get(name, np.nan) for one in each]) for name in sorted(names)}

    def lost(self, state: BatchState) -> npt.NDArray[np.bool_]:
        """Return which vehicles (n,) have a coordinate outside the box."""
        inside: npt.NDArray[np.bool_] = np.all(np.abs(state.x[:, :3]) <= LOST_BOX_M / 2, axis=1)
        return np.logical_not(inside)


def _stacked(bodies: Sequence[Body]) -> Bodies:
    return Bodies(
        **{
            one.name: np.ascontiguousarray(np.moveaxis(np.array([getattr(body, one.name) for body in bodies]), 0, -1))
            for one in fields(Body)
        }
    )


def advance(x: Array, wanted: Array, bodies: Bodies, pull: Array, h: float) -> Array:
    """Return the states (17, n) after ``h`` seconds with rotor setpoints (4, n) and accelerations ``pull`` (3, n)."""
    k1 = derivative(x, wanted, bodies, pull)
    k2 = derivative(x + h / 2 * k1, wanted, bodies, pull)
    k3 = derivative(x + h / 2 * k2, wanted, bodies, pull)
    k4 = derivative(x + h * k3, wanted, bodies, pull)
    after = x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    qw, qx, qy, qz = after[3:7]
    after[3:7] /= np.sqrt(qw * qw + qx * qx + qy * qy + qz * qz)
    low, high = bodies.rotor_range
    after[13:] = np.minimum(np.maximum(after[13:], low), high)
    return after


def derivative(x: Array, wanted: Array, bodies: Bodies, pull: Array) -> Array:
    """Return the time derivative of states (17, n), as rigid.derivative."""
    qw, qx, qy, qz = x[3:7]
    wx, wy, wz = x[10:13]
    rotor = x[13:]
    c0, c1, c2 = bodies.thrust_n.transpose(1, 0, 2)
    t0, t1, t2, t3 = c0 + rotor * (c1 + c2 * rotor)
    lift = (t0 + t1 + t2 + t3) / bodies.mass_kg
    a, b, c, d = bodies.torque_m.transpose(1, 0, 2)
    roll, pitch, yaw = a * t0 + b * t1 + c * t2 + d * t3
    jxx, jyy, jzz, jxy, jxz, jyz = bodies.inertia
    ixx, iyy, izz, ixy, ixz, iyz = bodies.inverse
    lx = jxx * wx + jxy * wy + jxz * wz
    ly = jxy * wx + jyy * wy + jyz * wz
    lz = jxz * wx + jyz * wy + jzz * wz
    mx = roll - (wy * lz - wz * ly)
    my = pitch - (wz * lx - wx * lz)
    mz = yaw - (wx * ly - wy * lx)
    out = np.empty_like(x)
    out[0:3] = x[7:10]
    out[3] = 0.5 * (-qx * wx - qy * wy - qz * wz)
    out[4] = 0.5 * (qw * wx + qy * wz - qz * wy)
    out[5] = 0.5 * (qw * wy + qz * wx - qx * wz)
    out[6] = 0.5 * (qw * wz + qx * wy - qy * wx)
    out[7] = 2 * (qx * qz + qw * qy) * lift + pull[0]
    out[8] = 2 * (qy * qz - qw * qx) * lift + pull[1]
    out[9] = (1 - 2 * (qx * qx + qy * qy)) * lift - GRAVITY_M_S2 + pull[2]
    out[10] = ixx * mx + ixy * my + ixz * mz
    out[11] = ixy * mx + iyy * my + iyz * mz
    out[12] = ixz * mx + iyz * my + izz * mz
    out[13:] = (wanted - rotor) / np.where(wanted >= rotor, bodies.rotor_up_s, bodies.rotor_down_s)
    return out
