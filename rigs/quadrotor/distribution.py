"""The quadrotors that RAPTOR was trained on: a distribution of vehicles, each reproducible by seed and index.

Thrust to weight is uniform in 1.5 to 5, the cube root of the mass uniform between those of 0.02 and 5 kg; the thrust
curve has the Crazyflie's shape; the arm follows the mass; arm times a rotor's largest thrust over Jxx is uniform in 40
to 1200 rad/s^2. A constant force from outside is part of the vehicle: its standard deviation on each axis, in N, is
uniform in 0 to 0.3 (T/W - 1), times T/W, times a third of the mass in kg. Sources: arXiv 2509.11481, Methods; rl-tools,
include/rl_tools/rl/environments/l2f/operations_generic/10_sample_initial_parameters.h.
"""

import math

import numpy as np

from nn4mc.hil.rig import Place

from .perturbation import Perturbation
from .vehicle import GRAVITY_M_S2, Vehicle, largest_thrust

THRUST_TO_WEIGHT = (1.5, 5.0)
MASS_KG = (0.02, 5.0)
CURVE = (0.00352526, 0.01437313, 0.09223048)
"""Thrust curve of the Crazyflie; only its shape is used."""
ARM_PER_CBRT_MASS = 1 / 7.90
ARM_DEVIATION = (-0.1, 0.1)
"""Mean and standard deviation of u; the arm is divided by 1 - u below zero and multiplied by 1 + u above."""
TORQUE_TO_INERTIA = (40.0, 1200.0)
INERTIA_RATIO = 1.832
ARM_SPAN = 3.0
"""The arm's factor has no ends; within so many standard deviations of u it counts as of the distribution."""
TORQUE_M = (0.005, 0.05)
ROTOR_UP_S = (0.03, 0.1)
ROTOR_DOWN_S = (0.03, 0.3)
FORCE_SHARE = 0.3
_VEHICLE = 0x76656863


def sample_vehicle(seed: int, index: int) -> Vehicle:
    """Return vehicle ``index`` of the sample ``seed``, whatever other vehicles are drawn.

    >>> sample_vehicle(1, 7) == sample_vehicle(1, 7)
    True
    """
    rng = np.random.default_rng([seed, _VEHICLE, index])
    ratio = rng.uniform(*THRUST_TO_WEIGHT)
    mass = rng.uniform(math.cbrt(MASS_KG[0]), math.cbrt(MASS_KG[1])) ** 3
    strongest = ratio * mass * GRAVITY_M_S2 / 4
    u = rng.normal(*ARM_DEVIATION)
    arm = math.cbrt(mass) * ARM_PER_CBRT_MASS * (1 / (1 - u) if u < 0 else 1 + u)
    inertia = arm * strongest / rng.uniform(*TORQUE_TO_INERTIA)
    c0, c1, c2 = (strongest * one / sum(CURVE) for one in CURVE)
    torque = rng.uniform(*TORQUE_M)
    up, down = rng.uniform(*ROTOR_UP_S), rng.uniform(*ROTOR_DOWN_S)
    deviation = rng.uniform(0.0, FORCE_SHARE * (ratio - 1)) * ratio * mass / 3
    fx, fy, fz = (deviation * rng.standard_normal(3)).tolist()
    return Vehicle(
        mass_kg=mass,
        arm_m=(arm / math.sqrt(2), arm / math.sqrt(2)),
        thrust_n=(c0, c1, c2),
        torque_m=torque,
        rotor_up_s=up,
        rotor_down_s=down,
        inertia_kg_m2=(inertia, inertia, INERTIA_RATIO * inertia),
        rotor_range=(0.0, 1.0),
        mismatch=Perturbation(force_n=(fx, fy, fz)),
    )


def place_vehicle(vehicle: Vehicle) -> tuple[Place, ...]:
    """Return where a vehicle stands in the distribution; its force from outside is no number of the vehicle's own."""
    strongest = largest_thrust(vehicle)
    arm = math.hypot(*vehicle.arm_m)
    ratio = 4 * strongest / (vehicle.mass_kg * GRAVITY_M_S2)
    (arm_x, arm_y), (jxx, jyy, _) = vehicle.arm_m, vehicle.inertia_kg_m2
    side = math.sqrt(2.0) * strongest
    mean, deviation = ARM_DEVIATION
    return (
        Place("thrust to weight", ratio, *THRUST_TO_WEIGHT),
        Place("torque to inertia, roll", side * arm_y / jxx, *TORQUE_TO_INERTIA, "rad/s^2"),
        Place("torque to inertia, pitch", side * arm_x / jyy, *TORQUE_TO_INERTIA, "rad/s^2"),
        Place("rotor time constant, up", vehicle.rotor_up_s, *ROTOR_UP_S, "s"),
        Place("rotor time constant, down", vehicle.rotor_down_s, *ROTOR_DOWN_S, "s"),
        Place("mass", vehicle.mass_kg, *MASS_KG, "kg"),
        Place(
            "arm over its usual length",
            arm / (math.cbrt(vehicle.mass_kg) * ARM_PER_CBRT_MASS),
            1 / (1 - (mean - ARM_SPAN * deviation)),
            1 + mean + ARM_SPAN * deviation,
        ),
        Place("yaw torque per thrust", vehicle.torque_m, *TORQUE_M, "m"),
    )
