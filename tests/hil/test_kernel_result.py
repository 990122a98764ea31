"""What follows from a board's figures: made-up boards whose answer is known beforehand."""

from collections.abc import Mapping
from dataclasses import replace
from math import log

import pytest

from nn4mc.errors import CheckFailed
from nn4mc.hil.kernel_result import EITHER, KernelTimes, TimedKernel, product_name, verdict
from nn4mc.profile.cycles import MODELS
from nn4mc.profile.kernels import ModelledKernel
from nn4mc.target import MACS, WEIGHTS

MACS_OF_PRODUCT = 1536


def board(cycles: Mapping[tuple[str, str], int], modelled: bool = True) -> KernelTimes:
    """A board on which a product takes so many cycles by (multiply-accumulate, memory)."""
    plain = dict.fromkeys(MODELS, 5000)
    kernels = {}
    for rows in (16, 8):
        for mac in MACS:
            for memory in WEIGHTS:
                name = product_name(rows, mac, memory)
                model = {**plain, "fma-1": 3600} if mac == "fma" else plain
                known = ModelledKernel(name, MACS_OF_PRODUCT, model, 1997) if modelled else None
                taken = cycles[mac, memory]
                kernels[name] = TimedKernel(name, MACS_OF_PRODUCT, taken, taken, 7, known)
    return KernelTimes("serial:///dev/ttyX", 168_000_000, "b" * 16, 5, None, kernels)


def times(flash: tuple[int, int], ram: tuple[int, int], ccm: tuple[int, int]) -> dict[tuple[str, str], int]:
    pairs = zip(WEIGHTS, (flash, ram, ccm), strict=True)
    return {(mac, memory): taken for memory, both in pairs for mac, taken in zip(MACS, both, strict=True)}


def words(found: KernelTimes) -> str:
    return "\n".join(verdict(found))


def test_a_board_with_a_slow_vfma_is_told_to_keep_mul_add() -> None:
    found = board(times((6000, 7500), (5000, 6500), (5000, 6500)))
    assert (found.winner, found.flash_cost("ram"), found.flash_cost("ccm")) == ("mul-add", 1000, 1000)
    assert "--mac mul-add wins here, fma takes 25% more" in words(found)
    assert "6,000 cycles by VMUL and VADD and 7,500 by VFMA (35.7 and 44.6 us)" in words(found)
    assert "0.65 cycles more than in ram, 0.65 cycles more than in ccm: --weights ram saves 17%" in words(found)
    assert "adds 1.30 cycles each with 5 wait states" in words(found)


def test_a_board_with_a_fast_vfma_is_told_to_use_it_and_which_model_fits() -> None:
    found = board(times((5040, 3636), (5040, 3636), (5000, 3600)))
    assert found.winner == "fma" and "--mac fma wins here, mul-add takes 39% more" in words(found)
    nearest = found.nearest_variant()
    assert nearest is not None and nearest[0] == "fma-1" and nearest[1] == pytest.approx((log(1.008) + log(1.01)) / 4)
    assert "nearest variant is 'fma-1'" in words(found)
    assert "Weights in flash cost nothing here" in words(found)


def test_a_board_where_it_does_not_matter_keeps_what_rounds_as_c() -> None:
    found = board(times((5000, 5049), (5000, 4951), (5000, 5000)))
    assert found.winner == EITHER
    assert "keep mul-add, which rounds as plain C does" in words(found)


def test_a_board_where_the_memory_decides_says_so() -> None:
    found = board(times((7000, 7000), (5000, 4000), (5000, 4000)))
    assert "depends on where the weights are (flash: either, ram: fma, ccm: fma)" in words(found)
    assert found.as_dict()["mac_by_memory"] == {"flash": "either", "ram": "fma", "ccm": "fma"}


def test_a_board_with_another_build_has_no_model_beside_it() -> None:
    found = board(times((6000, 7500), (5000, 6500), (5000, 6500)), modelled=False)
    assert found.nearest_variant() is None and "no model beside" in words(found)
    assert found.as_dict()["kernels"][0]["modelled_cycles"] is None  # type: ignore[index]


def test_bits_that_depend_on_the_memory_are_an_error() -> None:
    found = board(times((5000, 5000), (5000, 5000), (5000, 5000)))
    found.check_bits()
    name = product_name(8, "fma", "ccm")
    damaged = replace(found, kernels={**found.kernels, name: replace(found.kernels[name], digest=8)})
    with pytest.raises(CheckFailed, match="'8 rows, fma, ccm' computed other bits than '8 rows, fma, flash'"):
        damaged.check_bits()
