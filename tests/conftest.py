"""Shared by all tests: the compiled RAPTOR policy, and what happens where a tool is missing."""

import os
import shutil

import pytest

from nn4mc.api import Network, compile_model

EMULATOR_TOOLS = ("arm-none-eabi-gcc", "qemu-system-arm")


def require(*tools: str) -> None:
    """Skip the running test where a tool is missing; in continuous integration (CI=true) fail it."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if not missing:
        return
    reason = f"not installed: {', '.join(missing)}"
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}; continuous integration must have it")
    pytest.skip(reason)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("emulator"):
        require(*EMULATOR_TOOLS)


@pytest.fixture(scope="session")
def raptor() -> Network:
    """The published RAPTOR policy, compiled for the Cortex-M4F."""
    return compile_model("raptor")
