"""Building the firmware: reproducible, quick when nothing changed, and without PlatformIO's registry."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nn4mc.build import platformio_core
from nn4mc.build.platformio import boards, build_firmware, cache_dir, core_dir
from nn4mc.errors import BuildError, ConfigError
from nn4mc.resources import resource
from tests.firmware.c_library import TEST_CONTROLLER


@pytest.fixture
def no_registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty PlatformIO, cut off from its registry; returns its folder."""
    monkeypatch.setattr(platformio_core, "_registry_answers", lambda: False)
    monkeypatch.setenv("PLATFORMIO_CORE_DIR", str(tmp_path / "core"))
    monkeypatch.delenv("PLATFORMIO_PACKAGES_DIR", raising=False)
    return tmp_path / "core"


def test_folders_follow_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PLATFORMIO_CORE_DIR", str(tmp_path / "core"))
    assert cache_dir() == tmp_path / "nn4mc"
    assert core_dir() == tmp_path / "core"


def test_unknown_board_is_refused_with_the_known_ones(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"'arduino'.*host, netduinoplus2"):
        build_firmware("arduino", TEST_CONTROLLER, tmp_path)
    assert boards() == ("host", "netduinoplus2")


def test_empty_platformio_builds_without_its_registry(no_registry: Path, tmp_path: Path):
    firmware = build_firmware("host", TEST_CONTROLLER, tmp_path / "build")
    assert os.access(firmware.elf, os.X_OK)
    assert (no_registry / "packages" / "tool-scons" / "SCons" / "Script").is_dir()


def test_concurrent_bootstraps_leave_one_copy(no_registry: Path):
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: platformio_core.ensure_scons(), range(4)))
    assert sum(made) == 1
    assert [path.name for path in (no_registry / "packages").iterdir()] == ["tool-scons"]
    assert not platformio_core.ensure_scons()


def test_unchanged_inputs_start_nothing_and_a_change_starts_a_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    controller = tmp_path / "controller"
    shutil.copytree(TEST_CONTROLLER, controller)
    first = build_firmware("host", controller, tmp_path / "build")
    with monkeypatch.context() as patch:
        patch.setattr("nn4mc.build.platformio.run", lambda *_, **__: pytest.fail("PlatformIO was started"))
        assert build_firmware("host", controller, tmp_path / "build") == first
    source = controller / "controller.c"
    source.write_text(source.read_text().replace("0.75f", "0.5f"))
    assert build_firmware("host", controller, tmp_path / "build").build_id != first.build_id


@pytest.mark.parametrize("board", ["host", pytest.param("netduinoplus2", marks=pytest.mark.emulator)])
def test_same_sources_in_another_place_give_the_same_bytes(board: str, tmp_path: Path):
    elsewhere = tmp_path / "a" / "longer" / "path" / "controller"
    shutil.copytree(TEST_CONTROLLER, elsewhere)
    here = build_firmware(board, TEST_CONTROLLER, tmp_path / "build")
    there = build_firmware(board, elsewhere, tmp_path / "another" / "build")
    assert here.build_id == there.build_id
    assert here.elf.read_bytes() == there.elf.read_bytes()


def test_compiler_error_reaches_the_user(tmp_path: Path):
    controller = tmp_path / "controller"
    shutil.copytree(TEST_CONTROLLER, controller)
    (controller / "broken.c").write_text("int broken(void) { return missing; }\n")
    with pytest.raises(BuildError, match="missing"):
        build_firmware("host", controller, tmp_path / "build")


def test_failed_build_is_not_taken_for_a_finished_one(tmp_path: Path):
    controller = tmp_path / "controller"
    shutil.copytree(TEST_CONTROLLER, controller)
    build_firmware("host", controller, tmp_path / "build")
    (controller / "broken.c").write_text("int broken(void) { return missing; }\n")
    for _ in range(2):
        with pytest.raises(BuildError):
            build_firmware("host", controller, tmp_path / "build")


@pytest.mark.emulator
def test_pio_test_passes_and_gives_the_same_bits_on_host_and_emulator(tmp_path: Path):
    environment = {
        **os.environ,
        "PLATFORMIO_WORKSPACE_DIR": str(tmp_path / "pio"),
        "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "No",
        "PLATFORMIO_DISABLE_UPGRADE_CHECK": "true",
    }
    words = [sys.executable, "-m", "platformio", "test", "-d", str(resource("firmware"))]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    digests = [line for line in done.stdout.splitlines() if line.startswith("DIGEST:")]
    assert len(digests) == 2
    assert digests[0] == digests[1]
