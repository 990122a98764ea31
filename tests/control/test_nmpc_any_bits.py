"""For any bits of sensors and reference: commands finite, within limits and rate, and so is every planned move."""

import ctypes
from pathlib import Path

import numpy as np
import pytest

from nn4mc.api import compile_nmpc
from nn4mc.codegen.runtime import runtime_folder
from nn4mc.control.nmpc import BarrierBox
from tests.c_network import build_library
from tests.control.nmpcs import controller, forward_model, gru, hasel, recurrent, tendon

STEPS = 100_000
RATES = (9.0, 0.03)
CASES = {
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
        "not_finite", "outside", "over_rate", "plan_outside", "plan_over_rate", "input_written", "state_not_finite",
    )  # fmt: skip
    _fields_ = (
        *((name, ctypes.c_uint64) for name in (*BROKEN, "tracked", "bridged")),
        ("statuses", ctypes.c_uint64 * 5),
        ("modes", ctypes.c_uint64 * 3),
    )


@pytest.mark.parametrize("case", CASES)
def test_keeps_every_promise(case: str, tmp_path: Path):
    nmpc = CASES[case]()
    compile_nmpc(nmpc).write(tmp_path)
    sources = [
        tmp_path / "controller.c",
        *sorted(runtime_folder().glob("*.c")),
        Path(__file__).parent / "nmpc_probe.c",
    ]
    flags = ("-fsanitize=undefined", "-fno-sanitize-recover=undefined", "-lm")
    library = ctypes.CDLL(str(build_library(sources, tmp_path / "nmpc.so", *flags)))
    library.fly.restype = Verdict
    floats = ctypes.POINTER(ctypes.c_float)
    library.fly.argtypes = (ctypes.c_uint64, ctypes.c_uint64, ctypes.c_double, ctypes.c_double, floats, floats)
    low, high = (np.array(end, np.float32) for end in (nmpc.minimum, nmpc.maximum))
    for seed, rate in enumerate(RATES):
        ends = (low.ctypes.data_as(floats), high.ctypes.data_as(floats))
        found = library.fly(STEPS // len(RATES), seed, min(rate, 1.0), 0.01, *ends)
        broken = {name: getattr(found, name) for name in Verdict.BROKEN}
        assert broken == dict.fromkeys(broken, 0)
        assert found.tracked > 1000
        assert found.bridged > 1000
        assert min(found.modes) > 1000
