"""For any bits of sensors and reference: a finite command within -1..1 and its rate, the right status and mode."""

import ctypes

import numpy as np
import pytest

from nn4mc.control.policy import VARIABLES

STEPS = 100_000
INITIAL = {variable.name: variable.initial for variable in VARIABLES}
MINIMA = {variable.name: variable.minimum for variable in VARIABLES}
MAXIMA = {variable.name: variable.maximum for variable in VARIABLES}
SETTINGS = {
    "as published": INITIAL,
    "all minima": MINIMA,
    "all maxima": MAXIMA,
    "slow": {**INITIAL, "rate_limit": 0.03, "safe_rate": 0.011, "hold_steps": 3.0},
    "clipped": {**INITIAL, "position_clip": 0.5, "velocity_clip": 1.0, "initial_action": -1.0, "hold_steps": 2.5},
    "never held": {**INITIAL, "hold_steps": 0.0, "safe_rate": 2.0, "rate_limit": 0.5},
    "denormal": {**INITIAL, "position_clip": 1e-45, "rate_limit": 1e-45, "safe_rate": 1e-45, "hold_steps": 1.0},
}


def test_the_cases_together_are_long_enough():
    assert STEPS * len(SETTINGS) >= 200_000


@pytest.mark.parametrize("case", SETTINGS)
def test_keeps_every_promise(built, case: str):
    given = np.array([SETTINGS[case][variable.name] for variable in VARIABLES], np.float32)
    found = built.library.fly(STEPS, 1 + list(SETTINGS).index(case), given.ctypes.data_as(ctypes.c_void_p))
    broken = {name: getattr(found, name) for name in found.COUNTS if name != "recovered"}
    assert broken == dict.fromkeys(broken, 0)
    ok, _, _, sensors, reference = found.statuses
    assert min(ok, sensors, reference) > STEPS // 20, "the run saw too little of a kind"
    assert found.recovered > 100
    assert sum(found.modes) == STEPS
    if SETTINGS[case]["hold_steps"] < 50:
        assert found.modes[2] > 100
