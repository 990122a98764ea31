"""Energy and power of a computation, by figures from a datasheet. A model: the core's activity does not enter it."""

from collections.abc import Sequence
from dataclasses import dataclass

SUPPLY_V = 3.3


@dataclass(frozen=True)
class Power:
    """Power of a running microcontroller for each megahertz of its clock, in mW, and where the figure is from."""

    mw_per_mhz: float
    source: str

    def microjoules(self, cycles: float) -> float:
        """Return the energy of a number of cycles: 1 mW/MHz is 1 nJ a cycle."""
        return self.mw_per_mhz * cycles * 1e-3


STM32F405_RUN = Power(
    mw_per_mhz=40.0 * SUPPLY_V / 168.0,
    source="STM32F405xx datasheet DocID022152, supply current in run mode from flash with the accelerator, 168 MHz, "
    "peripherals off, 25 degrees C, typical: 40 mA, at 3.3 V",
)


@dataclass(frozen=True)
class OperatingPoint:
    """A core clock and what the microcontroller draws at it: running, and asleep with its clocks on (WFI)."""

    clock_hz: float
    run_ma: float
    sleep_ma: float

    def duty(self, busy_cycles_s: float) -> float:
        """Return the share of the time that the core runs; more cycles than there are count as all of it."""
        return min(busy_cycles_s / self.clock_hz, 1.0)

    def mean_mw(self, busy_cycles_s: float) -> float:
        """Return the mean power in mW of a core that runs ``busy_cycles_s`` cycles a second and sleeps else.

        >>> OperatingPoint(100e6, run_ma=20.0, sleep_ma=10.0).mean_mw(50e6)
        49.5
        """
        duty = self.duty(busy_cycles_s)
        return SUPPLY_V * (duty * self.run_ma + (1.0 - duty) * self.sleep_ma)


STM32F405_POINTS = tuple(
    OperatingPoint(mhz * 1e6, run, sleep)
    for mhz, run, sleep in (
        *((168, 40, 12), (144, 31, 9), (120, 26, 8), (90, 20, 7), (60, 14, 5), (30, 8, 3)),
        *((25, 6, 2), (16, 5, 2), (8, 3, 1), (4, 2, 1), (2, 2, 1)),
    )
)
"""STM32F405xx datasheet (DS8626 rev. 12), tables 20 and 22: from flash with the accelerator, peripherals off,
25 degrees C, typical; the fastest first."""


def slowest_point(points: Sequence[OperatingPoint], longest_cycles: float, rate_hz: float) -> OperatingPoint | None:
    """Return the slowest point that keeps up, or None.

    Steps of ``longest_cycles``, ``rate_hz`` of them a second, then fill at most 80 % of the time.

    >>> slowest_point(STM32F405_POINTS, 300_000, 125.0).clock_hz
    60000000.0
    """
    fast_enough = [point for point in points if longest_cycles * rate_hz <= 0.8 * point.clock_hz]
    return min(fast_enough, key=lambda point: point.clock_hz, default=None)
