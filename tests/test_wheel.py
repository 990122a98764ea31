"""The wheel alone, in an empty folder: what a user gets who never sees the checkout."""

import json
import sys
import zipfile
from pathlib import Path

import pytest

from tests.wheel import build_wheel, run

pytestmark = [pytest.mark.slow, pytest.mark.emulator]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a fresh virtual environment with the wheel and its hil extra."""
    folder = tmp_path_factory.mktemp("empty")
    run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    pip = (folder / "venv" / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, f"{wheel}[hil]", cwd=folder)
    return folder / "venv" / "bin"


def test_the_wheel_carries_firmware_and_rigs_and_nothing_that_was_built(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "nn4mc/share/firmware/platformio.ini" in names
    assert "nn4mc/share/rigs/quadrotor/rig.toml" in names
    assert not [name for name in names if ".pio/" in name or "__pycache__" in name or name.startswith("tests/")]


def test_the_installed_wheel_flies_raptor_on_the_emulated_board(installed: Path, tmp_path: Path) -> None:
    printed = run(installed / "nn4mc", "hil", "quadrotor", "--vehicle", "crazyflie", "--json", cwd=tmp_path)
    flight = json.loads(printed)
    assert flight["board"] == "qemu://netduinoplus2"
    assert flight["mismatched_words"] == 0
    assert flight["rmse_m"] == pytest.approx(0.213, rel=0.02)


def test_the_installed_wheel_is_ready_by_its_own_account(installed: Path, tmp_path: Path) -> None:
    assert json.loads(run(installed / "nn4mc", "doctor", "--json", cwd=tmp_path))["ready"] is True
