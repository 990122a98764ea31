"""Faults on purpose: strict to write, the same for the same seed, and never able to change a trajectory."""

from collections.abc import Callable

import numpy as np
import pytest

from nn4mc.errors import ConfigError
from nn4mc.hil.faults import DAMAGE, FaultyLink, SensorFaults, parse_faults
from nn4mc.hil.session import Patience, Session
from tests.hil.fake_device import FakeDevice
from tests.hil.test_session import EXPECTED

PATIENT = Patience(first_s=0.001, longest_s=0.001, attempts=200)


def no_sleep(seconds: float) -> None:
    assert seconds == 0.02


def fly(faults: str, steps: int = 400) -> tuple[list[list[int]], FakeDevice, FaultyLink]:
    """Feed every command back into the next step, so that one wrong step changes all that follow."""
    total = np.zeros(4, np.float32)

    def integrate(words: np.ndarray) -> np.ndarray:
        nonlocal total
        total = np.tanh(total + words[:4]).astype(np.float32)
        return total

    device = FakeDevice(controller=integrate)
    link = FaultyLink(device, parse_faults(faults), no_sleep)
    session = Session(link, PATIENT)
    session.connect(EXPECTED)
    commands = []
    words = np.linspace(-1, 1, 19, dtype=np.float32)
    for _ in range(steps):
        command = session.step(words).command
        words = np.concatenate([command, words[:-4]])
        commands.append(command.view(np.uint32).tolist())
    return commands, device, link


@pytest.mark.parametrize("kind", [*DAMAGE, "damage", "delay"])
def test_a_disturbed_line_gives_the_same_trajectory_bit_for_bit(kind: str) -> None:
    undisturbed, _, _ = fly("")
    commands, device, link = fly(f"{kind}=0.1,seed=5")
    assert link.counts[kind] > 20
    assert commands == undisturbed
    assert device.steps == 400


def test_the_same_seed_disturbs_the_same_frames() -> None:
    first, second, other = (fly(f"duplicate=0.2,seed={seed}")[1].seen for seed in (1, 1, 2))
    assert first == second
    assert first != other


def test_a_frame_that_still_arrives_is_kept_back_and_comes_whole() -> None:
    device = FakeDevice()
    link = FaultyLink(device, parse_faults("flip=0"))
    device.out = b"\0\x05abc"
    assert link.read(0.0) == b""
    device.out = b"d\0\0\x02x\0\0"
    assert link.read(0.0) == b"\0\x05abcd\0\0\x02x\0"


def test_describing_and_closing_reach_the_link_underneath() -> None:
    device = FakeDevice()
    link = FaultyLink(device, parse_faults("flip=0.5"))
    assert link.describe() == "the fake board with faults flip=0.5"
    link.close()
    assert device.closed == 1


def test_sensors_become_not_finite_one_word_at_a_time() -> None:
    faults = SensorFaults(parse_faults("nan=0.25,seed=1"))
    sensors = np.ones(13, np.float32)
    bad = [np.count_nonzero(~np.isfinite(faults.disturb(sensors))) for _ in range(1000)]
    assert set(bad) == {0, 1}
    assert sum(bad) == faults.count
    assert 200 < faults.count < 300
    assert sensors.tolist() == [1.0] * 13


def test_no_fault_changes_nothing() -> None:
    assert not parse_faults(None) and not parse_faults("") and not parse_faults("damage=0,seed=4")
    sensors = np.ones(13, np.float32)
    assert SensorFaults(parse_faults("")).disturb(sensors) is sensors


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dammage=0.1", "flip, burst, drop, duplicate, insert, truncate, zero, flood, damage, delay, nan"),
        ("damage", "no known fault=value"),
        ("damage=", "from 0 to 1"),
        ("damage=1.5", "from 0 to 1"),
        ("damage=-0.1", "from 0 to 1"),
        ("damage=nan", "from 0 to 1"),
        ("damage=0.1,damage=0.2", "given twice"),
        ("damage=0.1,", "no known fault=value"),
        ("seed=1.5", "whole number"),
        ("delay_ms=-1", "from 0 to 1000"),
    ],
)
def test_a_misspelt_fault_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_faults(text)


def test_spec_is_read_as_written() -> None:
    spec = parse_faults("damage=0.01, seed=3,delay=1,delay_ms=5")
    assert (dict(spec.probability), spec.seed, spec.delay_ms) == ({"damage": 0.01, "delay": 1.0}, 3, 5.0)


def test_every_kind_of_damage_takes_frames_of_any_length() -> None:
    from random import Random

    kinds: dict[str, Callable[[bytes, Random], bytes]] = dict(DAMAGE)
    for damage in kinds.values():
        for length in range(1, 12):
            assert isinstance(damage(b"\1" * length, Random(length)), bytes)
