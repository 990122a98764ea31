"""Sizes are read from the program and its map, and add up to what the linker says."""

import dataclasses
import subprocess
from pathlib import Path

import pytest

from nn4mc.build.platformio import Firmware, build_firmware
from nn4mc.build.sizes import firmware_sizes
from nn4mc.errors import BuildError
from tests.firmware.c_library import TEST_CONTROLLER


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Firmware:
    return build_firmware("host", TEST_CONTROLLER, tmp_path_factory.mktemp("host"))


@pytest.mark.emulator
def test_target_sizes_are_those_of_the_size_tool(tmp_path: Path):
    firmware = build_firmware("netduinoplus2", TEST_CONTROLLER, tmp_path)
    sizes = firmware_sizes(firmware)
    listing = subprocess.run(["arm-none-eabi-size", firmware.elf], capture_output=True, text=True, check=True).stdout
    text, data, zeroed = (int(word) for word in listing.splitlines()[1].split()[:3])
    assert sizes.flash_bytes == text + data
    assert sizes.ram_bytes == data + zeroed
    # Two values, an integral, two commands, a counter and a mode; the enum is a byte on Arm, padded.
    assert sizes.controller_ram_bytes == 7 * 4
    sections = subprocess.run(["arm-none-eabi-size", "-A", firmware.elf], capture_output=True, text=True, check=True)
    reserved = [line.split()[1] for line in sections.stdout.splitlines() if line.startswith(".stack ")]
    assert [sizes.stack_bytes] == [int(size) for size in reserved]


@pytest.mark.emulator
def test_controller_flash_is_that_of_its_object(tmp_path: Path):
    firmware = build_firmware("netduinoplus2", TEST_CONTROLLER, tmp_path)
    compiled = firmware.elf.parent / "controller" / "controller.o"
    listing = subprocess.run(["arm-none-eabi-size", compiled], capture_output=True, text=True, check=True).stdout
    text, data, _ = (int(word) for word in listing.splitlines()[1].split()[:3])
    # Equal strings of several objects are merged, so the linked controller may be a few bytes smaller.
    assert text + data - 32 <= firmware_sizes(firmware).controller_flash_bytes <= text + data


def test_host_controller_is_a_part_of_the_firmware(host: Firmware):
    sizes = firmware_sizes(host)
    assert 0 < sizes.controller_flash_bytes < sizes.flash_bytes
    assert sizes.controller_ram_bytes == 7 * 4
    assert sizes.stack_bytes == 0


def test_map_of_something_else_is_refused(host: Firmware, tmp_path: Path):
    other = tmp_path / "other.map"
    other.write_text("Linker script and memory map\n")
    with pytest.raises(BuildError, match="not the linker map"):
        firmware_sizes(dataclasses.replace(host, map=other))
