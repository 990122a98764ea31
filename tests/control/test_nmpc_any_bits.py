"""For any bits of sensors and reference, and whatever variables are set: commands finite, within limits and rate.

So is every planned move; and a command never leaves a range that was set, nor goes farther away from one.
"""

import ctypes
import itertools
from pathlib import Path

import numpy as np
import pytest

from nn4mc.api import compile_nmpc
from nn4mc.control.nmpc import BarrierBox, Nmpc
from tests.c_network import build_library
from tests.control.nmpcs import controller, feedforward, forward_model, gru, hasel, recurrent, tendon

STEPS = 100_000
RATES = (9.0, 0.03)


def of_size(commands: int, **changes: object) -> Nmpc:
    """Return a small controller of one move; tendon has two commands and hasel six."""
    return controller(forward_model(feedforward((2 * commands + 4, 5, 2)), 2, 2, commands, 2, 0), 3, **changes)


CASES = {
    "one command, a closed form": lambda: of_size(1),
    "three commands, a list of the free ones": lambda: of_size(3, method="newton"),
    "tendon": tendon,
    "hasel": lambda: hasel(variables={"stuck_steps": 5.0}),
    "gru, three steps, two moves, newton": lambda: gru(3, moves=2, method="newton"),
    "relu state without bound": lambda: controller(
        forward_model(recurrent("rnn", 5, 4, 1, activation="relu"), 1, 1, 2, 1, 2), 4, moves=3
    ),
    "barrier": lambda: tendon(barrier=BarrierBox(1e-3, (1.1, 1.1), (0.01, 0.01))),
}


class Verdict(ctypes.Structure):
    """As in nmpc_probe.c."""

    BROKEN = (
        "not_finite", "outside", "over_rate", "left_range",
        "plan_outside", "plan_over_rate", "input_written", "state_not_finite",
    )  # fmt: skip
    _fields_ = (
        *((name, ctypes.c_uint64) for name in (*BROKEN, "tracked", "bridged")),
        ("statuses", ctypes.c_uint64 * 5),
        ("modes", ctypes.c_uint64 * 3),
    )


@pytest.mark.parametrize("case", CASES)
def test_keeps_every_promise(case: str, tmp_path: Path):
    nmpc = CASES[case]()
    compile_nmpc(nmpc).write_library(tmp_path, "generic")
    sources = [*sorted(tmp_path.glob("*.c")), Path(__file__).parent / "nmpc_probe.c"]
    flags = ("-fsanitize=undefined", "-fno-sanitize-recover=undefined", "-lm")
    library = ctypes.CDLL(str(build_library(sources, tmp_path / "nmpc.so", *flags)))
    library.fly.restype = Verdict
    floats = ctypes.POINTER(ctypes.c_float)
    numbers = (ctypes.c_uint64, ctypes.c_uint64, ctypes.c_double, ctypes.c_double, ctypes.c_int)
    library.fly.argtypes = (*numbers, floats, floats)
    low, high = (np.array(end, np.float32) for end in (nmpc.minimum, nmpc.maximum))
    for seed, (rate, set_variables) in enumerate(itertools.product(RATES, (False, True))):
        ends = (low.ctypes.data_as(floats), high.ctypes.data_as(floats))
        found = library.fly(STEPS // (2 * len(RATES)), seed, min(rate, 1.0), 0.01, set_variables, *ends)
        broken = {name: getattr(found, name) for name in Verdict.BROKEN}
        assert broken == dict.fromkeys(broken, 0)
        assert found.tracked > 1000
        assert found.bridged > 500
        assert min(found.modes) > 1000
