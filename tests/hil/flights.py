"""Made-up flights for the tests of what comes after a flight."""

import numpy as np

from nn4mc.hil.record import FlightRecord, Step
from nn4mc.hil.result import FirmwareResult, FlightResult, LinkResult


def make_step(k, position=(0.0, 0.0, 0.0), wanted=(0.0, 0.0, 0.0), **changes):
    """Step ``k`` of a quadrotor flight, with sensors that count up."""
    command = np.linspace(-1, 1, 4, dtype=np.float32)
    fields = {
        "time_s": k * 0.01,
        "sensors": np.arange(13, dtype=np.float32) + k,
        "reference": np.zeros(6, np.float32),
        "command": command,
        "twin_command": command.copy(),
        "status": 0,
        "mode": 0,
        "cycles": 0,
        "round_trip_s": 0.002,
        "position": np.array(position),
        "position_reference": np.array(wanted),
    }
    return Step(**{**fields, **changes})


def make_record(steps=30):
    """A vehicle that circles at 1 m about a circle of 0.5 m."""
    angles = np.linspace(0, 6, steps)
    places = np.stack([np.cos(angles), np.sin(angles), 0.1 * angles], axis=1)
    return FlightRecord([make_step(k, place, place / 2, cycles=17000 + k) for k, place in enumerate(places)])


def make_result(**changes):
    """The result of a flight in which all went well."""
    fields = {
        "rig": "quadrotor",
        "vehicle": "crazyflie",
        "reference": "lissajous",
        "board": "host://",
        "steps": 30,
        "period_s": 0.01,
        "window_s": (0.1, 0.3),
        "seed": 0,
        "faults": "",
        "rmse_m": 0.2134,
        "max_error_m": 0.3,
        "offset_m": (0.01, -0.02, 0.0),
        "lost": False,
        "mismatched_words": 0,
        "bad_steps": 0,
        "device_instructions": None,
        "device_cycles": 17015.0,
        "device_cycles_max": 17029,
        "clock_hz": 168_000_000,
        "cycle_source": "dwt",
        "link": LinkResult(60, 1, 2, 431.0),
        "firmware": FirmwareResult(20480, 4096, 11000, 580),
        "model_sha256": "db11f14c" * 8,
        "model_id": "0123456789ABCDEF",
        "build_id": "fedcba9876543210",
        "selftest_error": 1.2e-7,
    }
    return FlightResult(**{**fields, **changes})
