"""The executor on the emulated core: the bits of this machine, what a call costs, and that data do not change it."""

from pathlib import Path

import numpy as np
import pytest

from tests.control.device import Cost, Device, build_elf
from tests.control.executors import LEVEL, Executed, call_times, wandering

pytestmark = pytest.mark.emulator

MOST_CYCLES = 11_200
"""For one call; 300 of the 11,500 that a call of a flight stack may take are its adapter's."""


@pytest.fixture(scope="module")
def elf(executed: Executed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_elf(executed.folder, tmp_path_factory.mktemp("core"))


@pytest.fixture
def device(executed: Executed, elf: Path) -> Device:
    return Device(elf, executed.twin().state_size, 13, 6, 4)


def priced(device: Device, row: np.ndarray, time_us: int, stamp: int) -> tuple[Cost, int, np.ndarray]:
    """Return what a call costs, its status and its command."""
    found: list[tuple[int, np.ndarray]] = []
    cost = device.cost_of(lambda: found.append(device.step_at(row, time_us, stamp)))
    return cost, *found[0]


def test_every_call_of_a_disturbed_flight_has_the_bits_of_this_machine_within_the_cycles(
    executed: Executed, device: Device
):
    """Jitter, a wrap, steps back, gaps, bad words, references that do not come: whatever the clock does."""
    twin, rng = executed.twin(), np.random.default_rng(3)
    time_us, stamp, worst = 2**32 - 100_000, 0, 0
    for k, row in enumerate(wandering(500, 31)):
        time_us += int(rng.choice([400, 2500, 2600, -30_000, 30_000, 600_000], p=[0.3, 0.3, 0.3, 0.03, 0.04, 0.03]))
        stamp += int(k % 250 < 20)
        if rng.random() < 0.1:
            row[rng.integers(0, 19)] = np.nan
        cost, status, command = priced(device, row, time_us, stamp)
        expected = twin.step(row[:13], row[13:], time_us % 2**32, stamp)
        assert status == expected.status
        np.testing.assert_array_equal(command.view(np.uint32), expected.command.view(np.uint32))
        worst = max(worst, cost.cycles)
    timing = twin.timing()
    assert min(timing.steps_back, timing.restarts, timing.missed) > 3
    print(f"\nat most {worst} cycles")
    assert worst <= MOST_CYCLES


def test_what_a_call_costs_does_not_depend_on_the_data(device: Device):
    """A native step, and the second and third call behind it, each the same for a hundred rows."""
    kinds: dict[int, set[Cost]] = {0: set(), 2: set(), 3: set()}
    for k, row in enumerate(wandering(400, 32)):
        cost, _, _ = priced(device, row, 2500 * k, k)
        # Without the first calls, and those where a hundred intervals are summed up.
        if k > 4 and k % 4 in kinds and k % 100:
            kinds[k % 4].add(cost)
    assert {kind: len(costs) for kind, costs in kinds.items()} == {0: 1, 2: 1, 3: 1}
    print("\nnative, intermediate:", kinds[0], kinds[2] | kinds[3])


def test_fits_the_flash_and_the_stack(device: Device):
    for k, time_us in enumerate(call_times(6, 2500, 0.0, 0)):
        device.step_at(LEVEL, time_us, k)
    stack = device.core.painted_stack(lambda: device.step_at(LEVEL, 17_500, 9))
    print(f"\nflash {device.flash}, stack {stack}")
    assert device.flash <= 15_360
    assert stack <= 480
