"""The quadrotor's controller, built for this machine once."""

import ctypes
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from nn4mc.codegen.runtime import runtime_folder
from nn4mc.control.policy import VARIABLES, Policy
from nn4mc.hil.controller import policy_of, write_controller
from nn4mc.hil.rig import load_rig
from nn4mc.ir import Float32Array
from tests.c_network import build_library
from tests.control.executors import Executed, build_executed


class Verdict(ctypes.Structure):
    """As in policy_probe.c."""

    COUNTS = (
        "not_finite", "outside", "over_rate", "not_held", "not_toward_safe", "wrong_mode", "wrong_status",
        "state_changed", "input_written", "recovered",
    )  # fmt: skip
    _fields_ = (
        *((name, ctypes.c_uint64) for name in COUNTS),
        ("statuses", ctypes.c_uint64 * 5),
        ("modes", ctypes.c_uint64 * 3),
    )


class Controller:
    """One controller in C, stepped from Python."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.library = library
        self.state = ctypes.create_string_buffer(b"\xa5" * library.state_size(), library.state_size())
        library.start(self.state)
        self.values = {variable.name: i for i, variable in enumerate(VARIABLES)}

    def set(self, **values: float) -> None:
        words = self.library.values(self.state)
        for name, value in values.items():
            words[self.values[name]] = value

    def reset(self) -> None:
        self.library.restart(self.state)

    def step(self, row: Float32Array) -> tuple[int, int, Float32Array]:
        """Return status, mode and command for sensors and reference (19 words)."""
        given = np.ascontiguousarray(row, np.float32)
        command = np.full(4, np.nan, np.float32)
        status = self.library.step(self.state, pointer(given), pointer(command))
        return status, self.library.mode(self.state), command


def pointer(words: np.ndarray) -> ctypes.c_void_p:
    return words.ctypes.data_as(ctypes.c_void_p)


@dataclass(frozen=True)
class Build:
    """The policy and the library made of it."""

    policy: Policy
    library: ctypes.CDLL

    def controller(self) -> Controller:
        return Controller(self.library)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Build:
    folder = tmp_path_factory.mktemp("policy")
    rig = load_rig("quadrotor")
    write_controller(rig, folder)
    sources = [
        *sorted(folder.glob("*.c")),
        *sorted(runtime_folder().glob("*.c")),
        Path(__file__).parent / "policy_probe.c",
    ]
    library = ctypes.CDLL(str(build_library(sources, folder / "policy.so", "-fsanitize=undefined", "-lm")))
    library.fly.restype = Verdict
    library.fly.argtypes = (ctypes.c_uint64, ctypes.c_uint64, ctypes.c_void_p)
    library.values.restype = ctypes.POINTER(ctypes.c_float)
    library.selftest.restype = library.selftest_limit.restype = ctypes.c_float
    return Build(policy_of(rig), library)


@pytest.fixture(scope="session")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Executed:
    """The quadrotor's policy with its executor."""
    return build_executed(tmp_path_factory.mktemp("executed"))
