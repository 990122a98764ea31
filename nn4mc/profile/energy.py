"""Energy of a computation, by a figure from a datasheet. A model: the core's activity does not enter it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Power:
    """Power of a running microcontroller for each megahertz of its clock, in mW, and where the figure is from."""

    mw_per_mhz: float
    source: str

    def microjoules(self, cycles: float) -> float:
        """Return the energy of a number of cycles: 1 mW/MHz is 1 nJ a cycle."""
        return self.mw_per_mhz * cycles * 1e-3


STM32F405_RUN = Power(
    mw_per_mhz=40.0 * 3.3 / 168.0,
    source="STM32F405xx datasheet DocID022152, supply current in run mode from flash with the accelerator, 168 MHz, "
    "peripherals off, 25 degrees C, typical: 40 mA, at 3.3 V",
)
