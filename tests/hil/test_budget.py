"""Flights are held against the budget of their rig: the largest figure of all flights, where a board can say it."""

from nn4mc.hil.budget import broken_budgets
from nn4mc.hil.result import FirmwareResult
from nn4mc.profile.budget import Budget
from tests.hil.flights import make_result

FIRMWARE = FirmwareResult(flash_bytes=19_000, ram_bytes=11_000, controller_flash_bytes=11_786, controller_ram_bytes=432)


def test_each_limit_is_held_against_the_largest_figure():
    results = [
        make_result(device_cycles_max=100, device_instructions=72.0, firmware=FIRMWARE),
        make_result(device_cycles_max=120, device_instructions=None, firmware=None),
    ]
    budget = Budget(max_cycles=119, max_instructions=70, max_flash=11_785, max_ram=432)
    assert broken_budgets(budget, results) == [
        "cycles 120, at most 119 allowed",
        "instructions 72, at most 70 allowed",
        "flash 11,786, at most 11,785 allowed",
    ]


def test_what_a_board_cannot_say_breaks_nothing():
    results = [make_result(device_cycles_max=None, device_instructions=None, firmware=None)]
    assert broken_budgets(Budget(max_cycles=1, max_instructions=1, max_flash=1, max_ram=1), results) == []
    assert broken_budgets(Budget(), [make_result(device_cycles_max=10**9, firmware=FIRMWARE)]) == []
