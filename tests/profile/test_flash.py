"""Flash wait states: lines, what is kept of them, and what is fetched ahead, added up by hand."""

from pathlib import Path

import pytest

from nn4mc.profile.core import Core
from nn4mc.profile.cycles import HEADLINE
from nn4mc.profile.flash import FlashWaits, Lines
from tests.profile.assembled import assemble

pytestmark = pytest.mark.emulator

WAIT = 5


def waits(body: str, folder: Path, calls: int = 1) -> int:
    """Return the cycles that the last of some calls of f waited."""
    core = Core(assemble(body, folder))
    found = FlashWaits(core, HEADLINE, WAIT)
    before = 0
    for _ in range(calls):
        before = found.cycles
        core.call("f", core.program.symbol("data"))
    return found.cycles - before


def test_the_first_line_waits_in_full_and_a_kept_one_not_at_all(tmp_path: Path):
    assert waits("nop\n bx lr", tmp_path) == WAIT
    assert waits("nop\n bx lr", tmp_path, calls=2) == 0


def test_running_on_waits_for_the_rest_of_the_fetch(tmp_path: Path):
    # Eight nops of one cycle fill a line: longer than the fetch of the next one.
    assert waits("nop\n" * 8 + "bx lr", tmp_path) == WAIT
    # Four wide instructions of one cycle: one cycle of the next line's fetch is left.
    assert waits("add.w r1, r0, r0\n" * 4 + "bx lr", tmp_path) == WAIT + 1


def test_a_jump_waits_in_full(tmp_path: Path):
    assert waits("b 1f\n .balign 16\n nop\n .balign 64\n1: bx lr", tmp_path) == 2 * WAIT


def test_data_in_flash_wait_by_the_line_and_ram_does_not(tmp_path: Path):
    code = "ldr r1, 1f\n ldr r2, 2f\n ldr r3, 3f\n ldr r1, [r0]\n bx lr\n"
    body = code + ".balign 64\n1: .word 1\n2: .word 2\n .balign 16\n3: .word 3"
    assert waits(body, tmp_path, calls=2) == 0, "both lines are kept"
    assert waits(body, tmp_path) == WAIT + 2 * WAIT


def test_a_cache_forgets_what_was_used_longest_ago():
    lines = Lines(2)
    assert [lines.take(line) for line in (1, 2, 1, 3, 1, 2)] == [False, False, True, False, True, False]
