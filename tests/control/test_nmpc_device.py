"""Predictive controllers on an emulated Cortex-M4F: the host's bits, and what they cost there."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nn4mc.control.nmpc import Nmpc
from nn4mc.hil.twin import Twin
from tests.control.device import Device, build_elf
from tests.control.nmpcs import build, controller, feedforward, forward_model, gru, hasel, recurrent, tendon, wander

pytest.importorskip("unicorn")

ALONE = {"retries": 0.0}
"""Two iterations without shorter steps: what the published anchors are compared with."""


def device_of(twin: Twin, folder: Path) -> Device:
    size = twin._table.state_size
    elf = build_elf(folder / "c", folder / "arm")
    return Device(elf, size, twin.sensor_len, twin.reference_len, twin.command_len)


def random_rows(twin: Twin, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of plausible words, of any bits, and of both."""
    rng = np.random.default_rng(seed)
    made = []
    for words in (twin.sensor_len, twin.reference_len):
        bits = rng.integers(0, 2**32, (count, words), np.uint64).astype(np.uint32).view(np.float32)
        plain = rng.uniform(-1, 1, (count, words)).astype(np.float32)
        some = rng.random((count, 1)) < 0.3
        made.append(np.where(some, bits, plain).astype(np.float32))
    return made[0], made[1]


BITS: dict[str, Callable[[], Nmpc]] = {
    "tendon": tendon,
    "hasel, moves and rate": lambda: hasel(moves=2, variables={"rate_limit": 0.1}),
    "gru, newton": lambda: gru(3, moves=2, method="newton"),
    "lstm": lambda: controller(forward_model(recurrent("lstm", 9, 4, 2), 2, 2, 2, 2, 1), 3, moves=2),
    "gelu": lambda: controller(forward_model(feedforward((7, 6, 2), activation="gelu"), 2, 2, 1, 2, 1), 3),
}


@pytest.mark.parametrize("case", BITS)
def test_every_bit_is_that_of_the_host(case: str, tmp_path: Path):
    nmpc = BITS[case]()
    twin = build(nmpc, tmp_path).twin()
    device = device_of(twin, tmp_path)
    for sensors, reference in (wander(nmpc, 40, seed=1), random_rows(twin, 80, seed=2)):
        for row, goal in zip(sensors, reference, strict=True):
            here, there = twin.step(row, goal), device.step(row, goal)
            assert here.status == there[0]
            np.testing.assert_array_equal(here.command.view(np.uint32), there[1].view(np.uint32))


COSTS: dict[str, tuple[Callable[[], Nmpc], int, int]] = {
    "hasel": (lambda: hasel(variables=ALONE), 60_000, 16_000),
    "hasel, newton": (lambda: hasel(method="newton", variables=ALONE), 120_000, 16_000),
    "tendon": (lambda: tendon(variables=ALONE), 8_000, 16_000),
    "gru": (lambda: gru(variables=ALONE), 25_000, 16_000),
}
"""Modelled cycles of the most expensive step of two whole iterations, and flash in bytes: at most these."""
MOST_RAM = 6_000
"""Bytes of state and stack together."""


@pytest.mark.parametrize("case", COSTS)
def test_costs_no_more_than_stated(case: str, tmp_path: Path):
    make, most_cycles, most_flash = COSTS[case]
    nmpc = make()
    twin = build(nmpc, tmp_path).twin()
    device = device_of(twin, tmp_path)
    names = [twin._table.variables[i].name.decode() for i in range(twin._table.variable_len)]
    spent, stack = [], 0
    for seed in (1, 6):
        for row, goal in zip(*wander(nmpc, 30, seed), strict=True):
            twin.step(row, goal)
            cost = device.cost(row, goal)
            values = twin._table.values(twin._state_at)
            report = {name: values[i] for i, name in enumerate(names)}
            if (report["last_iterations"], report["last_reason"]) == (2.0, 0.0):
                spent.append(cost.cycles)
        twin.step(row, goal)
        stack = max(stack, device.stack(row, goal))
    assert spent
    assert max(spent) <= most_cycles
    assert device.flash <= most_flash
    assert twin._table.state_size + stack <= MOST_RAM
