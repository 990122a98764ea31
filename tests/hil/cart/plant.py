"""A cart that moves as it is told: position += period * command; the second axis has a velocity sensor of 0."""

import math

import msgspec
import numpy as np


class Vehicle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Edge of the box outside which the cart is lost, in m."""

    box_m: float


class References(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A circle of 0.5 m about (distance, 0)."""

    period_s: float
    duration_s: float
    distance_m: float = 0.0

    def __post_init__(self):
        if self.period_s <= 0:
            raise ValueError("period_s must be above 0")

    @property
    def window_s(self):
        return 2.0, self.duration_s

    def __call__(self, time_s):
        return self.position(time_s)[:2].astype(np.float32)

    def position(self, time_s):
        angle = 2 * math.pi * time_s / self.period_s
        return np.array([self.distance_m + 0.5 * math.cos(angle), 0.5 * math.sin(angle), 0.0])


class Cart:
    """A state is (x, y)."""

    def __init__(self, vehicle, period_s):
        self.vehicle, self.period_s = vehicle, period_s

    def initial(self, reference, rng):
        return tuple(rng.uniform(-0.1, 0.1, 2).tolist())

    def sensors(self, state):
        return np.array([*state, 0.0], np.float32)

    def step(self, state, command):
        return tuple(x + self.period_s * a for x, a in zip(state, command.tolist(), strict=True))

    def position(self, state):
        return np.array([*state, 0.0])

    def trim_command(self):
        return np.zeros(2, np.float32)

    def variables(self):
        return {"leak": 0.5}

    def lost(self, state):
        return max(map(abs, state)) > self.vehicle.box_m


def create_plant(vehicle, period_s):
    """Return the plant of a cart."""
    return Cart(vehicle, period_s)
