"""What the kernels of a board take, and what follows from it: which multiply-accumulate, and where weights go."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import log

from nn4mc.errors import CheckFailed
from nn4mc.profile.cycles import MODELS
from nn4mc.profile.kernels import ModelledKernel
from nn4mc.target import MACS, WEIGHTS

ROWS = (16, 8)
"""Heights of the blocks that products are timed with; the first is what `--optimize speed` uses."""
EITHER = "either"
_SAME = 0.01
"""A difference not worth a switch."""


def product_name(rows: int, mac: str, memory: str) -> str:
    """Return a product's name in the firmware's table.

    >>> product_name(16, "fma", "ram")
    '16 rows, fma, ram'
    """
    return f"{rows} rows, {mac}, {memory}"


@dataclass(frozen=True)
class TimedKernel:
    """One kernel on a board: core clocks for ``operations``, the model's beside them where the program is known.

    ``cycles`` are the fewest of five runs, ``first_cycles`` the first one's. ``digest`` is of the words it computed.
    """

    name: str
    operations: int
    cycles: int
    first_cycles: int
    digest: int
    modelled: ModelledKernel | None

    @property
    def per_operation(self) -> float:
        """Cycles a multiply-accumulate, an element or an instruction."""
        return self.cycles / self.operations


@dataclass(frozen=True)
class KernelTimes:
    """All kernels of a board by name. ``modelled_clock`` names the model that the board itself counts by, if any."""

    board: str
    clock_hz: int
    build_id: str
    wait_states: int
    modelled_clock: str | None
    kernels: Mapping[str, TimedKernel]

    def product(self, mac: str, memory: str, rows: int = ROWS[0]) -> TimedKernel:
        """Return a product of RAPTOR's size."""
        return self.kernels[product_name(rows, mac, memory)]

    def faster(self, memory: str) -> str:
        """Return the multiply-accumulate that takes less with weights in a memory, "either" within 1 %."""
        first, second = (self.product(mac, memory).cycles for mac in MACS)
        if abs(first - second) <= _SAME * min(first, second):
            return EITHER
        return MACS[0] if first < second else MACS[1]

    @property
    def winner(self) -> str:
        """The multiply-accumulate to choose for weights in flash, where they are unless asked otherwise."""
        return self.faster(WEIGHTS[0])

    def flash_cost(self, memory: str) -> int:
        """Return the cycles that a product takes more with weights in flash than in another memory."""
        mac = MACS[0] if self.winner == EITHER else self.winner
        return self.product(mac, WEIGHTS[0]).cycles - self.product(mac, memory).cycles

    def nearest_variant(self) -> tuple[str, float] | None:
        """Return the variant of the model that is nearest and its mean deviation; None without a model.

        Kernels that read flash are left out, since the variants have no wait states.
        """
        compared = [one for one in self.kernels.values() if one.modelled and not one.name.endswith(WEIGHTS[0])]
        if not compared:
            return None
        deviations = {name: sum(_deviation(one, name) for one in compared) / len(compared) for name in MODELS}
        name = min(deviations, key=lambda variant: deviations[variant])
        return name, deviations[name]

    def check_bits(self) -> None:
        """Raise CheckFailed when a product's bits depend on the memory that its weights are in."""
        for rows in ROWS:
            for mac in MACS:
                plain, *others = (self.product(mac, memory, rows) for memory in WEIGHTS)
                wrong = [one.name for one in others if one.digest != plain.digest]
                if wrong:
                    raise CheckFailed(
                        f"{self.board}: '{wrong[0]}' computed other bits than '{plain.name}' from the same weights.\n"
                        "One of its memories is at fault: no figure of this board can be trusted."
                    )

    def as_dict(self) -> dict[str, object]:
        """Return all of it as plain data, the variants of the model too."""
        nearest = self.nearest_variant()
        return {
            "board": self.board,
            "clock_hz": self.clock_hz or None,
            "build_id": self.build_id,
            "wait_states": self.wait_states,
            "modelled_clock": self.modelled_clock,
            "mac": self.winner,
            "mac_by_memory": {memory: self.faster(memory) for memory in WEIGHTS},
            "flash_cost_cycles": {memory: self.flash_cost(memory) for memory in WEIGHTS[1:]},
            "nearest_variant": nearest[0] if nearest else None,
            "nearest_variant_deviation": nearest[1] if nearest else None,
            "kernels": [_kernel(one) for one in self.kernels.values()],
        }


def _kernel(one: TimedKernel) -> dict[str, object]:
    modelled = one.modelled
    return {
        "name": one.name,
        "operations": one.operations,
        "cycles": one.cycles,
        "first_cycles": one.first_cycles,
        "cycles_per_operation": one.per_operation,
        "digest": f"{one.digest:08x}",
        "modelled_cycles": dict(modelled.cycles) if modelled else None,
        "modelled_wait_cycles": modelled.wait_cycles if modelled else None,
    }


def _deviation(one: TimedKernel, variant: str) -> float:
    """Return how far a variant is off, in either direction: 0.1 is about 10 %."""
    assert one.modelled is not None
    return abs(log(max(one.cycles, 1) / max(one.modelled.cycles[variant], 1)))


def verdict(times: KernelTimes) -> Iterator[str]:
    """Yield in plain words which multiply-accumulate wins, what flash costs and which variant of the model fits."""
    yield _multiply_accumulate(times)
    yield _flash(times)
    nearest = times.nearest_variant()
    if nearest is None:
        yield "The board runs another build than this nn4mc makes, so there is no model beside its figures."
    else:
        name, deviation = nearest
        yield f"The cycle model's nearest variant is '{name}' ({MODELS[name].about}), {deviation:.1%} off on average."
    if times.modelled_clock is not None:
        yield (
            f"{times.board} counts by a model ('{times.modelled_clock}'), so this says what the model assumes. "
            "A board settles it."
        )


def _multiply_accumulate(times: KernelTimes) -> str:
    by_memory = {memory: times.faster(memory) for memory in WEIGHTS}
    measured = _gates(times)
    if set(by_memory.values()) == {EITHER}:
        return f"Either --mac is as fast here; keep {MACS[0]}, which rounds as plain C does. {measured}"
    if len(set(by_memory.values())) == 1:
        loser = MACS[1] if times.winner == MACS[0] else MACS[0]
        more = times.product(loser, WEIGHTS[0]).cycles / times.product(times.winner, WEIGHTS[0]).cycles - 1.0
        return f"--mac {times.winner} wins here, {loser} takes {more:.0%} more. {measured}"
    which = ", ".join(f"{memory}: {mac}" for memory, mac in by_memory.items())
    return f"Which --mac wins depends on where the weights are ({which}). {measured}"


def _gates(times: KernelTimes) -> str:
    """Name the products of RAPTOR's size with what both multiply-accumulates take for them."""
    macs = times.product(MACS[0], WEIGHTS[0]).operations
    pairs = {memory: tuple(times.product(mac, memory).cycles for mac in MACS) for memory in WEIGHTS}
    (first, (plain, fused)), *others = pairs.items()
    more = "".join(f"; in {memory} {a:,} and {b:,}" for memory, (a, b) in others)
    at = "" if not times.clock_hz else f" ({_us(times, plain)} and {_us(times, fused)} us)"
    return (
        f"The products of RAPTOR's gates ({macs:,} multiply-accumulates) take {plain:,} cycles by VMUL and VADD and "
        f"{fused:,} by VFMA{at} with weights in {first}{more}."
    )


def _us(times: KernelTimes, cycles: int) -> str:
    return f"{cycles / times.clock_hz * 1e6:.1f}"


def _flash(times: KernelTimes) -> str:
    mac = MACS[0] if times.winner == EITHER else times.winner
    product = times.product(mac, WEIGHTS[0])
    costs = {memory: times.flash_cost(memory) for memory in WEIGHTS[1:]}
    best = max(costs, key=lambda memory: costs[memory])
    modelled = product.modelled
    expected = ""
    if modelled is not None:
        each = modelled.wait_cycles / product.operations
        expected = f" The model of flash adds {each:.2f} cycles each with {times.wait_states} wait states."
    if times.modelled_clock is not None:
        return f"This board has no flash wait states.{expected}"
    if costs[best] <= _SAME * product.cycles:
        return f"Weights in flash cost nothing here: leave them there (--weights flash).{expected}"
    each_memory = ", ".join(f"{cost / product.operations:.2f} cycles more than in {one}" for one, cost in costs.items())
    share = costs[best] / product.cycles
    return (
        f"A multiply-accumulate with weights in flash takes {each_memory}: --weights {best} saves {share:.0%} of a "
        f"product.{expected}"
    )
