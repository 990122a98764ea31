"""The quadrotor rig: what nn4mc.hil.rig looks for, each from the file that says how it is done."""

from typing import Any

from nn4mc.hil.rig import Plant

from .batch import QuadrotorBatch, create_batch
from .distribution import place_vehicle, sample_vehicle
from .perturbation import Perturbation
from .perturbed import PerturbedPlant
from .references import Hover, Lissajous, References
from .rigid import QuadrotorPlant, State
from .vehicle import Vehicle

__all__ = [
    "Hover",
    "Lissajous",
    "Perturbation",
    "PerturbedPlant",
    "QuadrotorBatch",
    "QuadrotorPlant",
    "References",
    "State",
    "Vehicle",
    "create_batch",
    "create_plant",
    "place_vehicle",
    "sample_vehicle",
]


def create_plant(vehicle: Vehicle, period_s: float) -> Plant[Any]:
    """Return the plant of ``vehicle``, advanced by one Runge-Kutta step every ``period_s``, perturbed or not."""
    plain = vehicle.mismatch == Perturbation()
    return QuadrotorPlant(vehicle, period_s) if plain else PerturbedPlant(vehicle, period_s)
