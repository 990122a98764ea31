"""What a profile says, as data that is saved as JSON and read again."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from nn4mc.errors import ConfigError
from nn4mc.profile.budget import Budget


class LayerCost(msgspec.Struct, frozen=True):
    """One layer of one step. ``wait_cycles`` are those of flash, beside ``cycles``; ``share`` is of both."""

    name: str
    instructions: int
    cycles: int
    wait_cycles: int
    microseconds: float
    share: float


class Profile(msgspec.Struct, frozen=True):
    """What one step of a network costs on its target.

    ``instructions`` are exact, of the second step; ``instructions_min`` and ``_max`` over ``inputs`` steps.
    ``cycles`` are modelled (``cycle_model``) with zero wait states, ``wait_cycles`` what flash adds at
    ``wait_states``; ``functions`` are instructions and cycles of each function, what it calls not in it; ``variants``
    are cycles by other variants of the model. ``layers`` are of a build with a label behind each layer, so that their
    sum may differ from the total by a few instructions. Bytes: ``flash`` by section for init and run,
    ``selftest_bytes`` what the self-test adds; ``ram_bytes`` is the network's struct and all else outside of flash;
    ``stack_painted`` was measured, ``stack_bound`` is the compiler's call graph. ``microseconds`` and ``energy_uj``
    are with wait states.
    """

    name: str
    model_id: str
    target: str
    compiler: str
    flags: tuple[str, ...]
    clock_hz: float
    wait_states: int
    cycle_model: str
    cycle_model_about: str
    instructions: int
    instructions_min: int
    instructions_max: int
    inputs: int
    cycles: int
    wait_cycles: int
    variants: Mapping[str, int]
    macs: int
    microseconds: float
    functions: Mapping[str, tuple[int, int]]
    layers: tuple[LayerCost, ...]
    flash: Mapping[str, int]
    flash_bytes: int
    selftest_bytes: int
    ram_bytes: int
    stack_painted: int
    stack_bound: int
    energy_uj: float
    mw_per_mhz: float
    power_source: str

    @property
    def same_work(self) -> bool:
        """Whether every input took the same number of instructions."""
        return self.instructions_min == self.instructions_max

    def broken(self, budget: Budget) -> list[str]:
        """Return a line for each limit that is exceeded."""
        return budget.broken(
            cycles=self.cycles,
            instructions=self.instructions_max,
            flash=self.flash_bytes,
            ram=self.ram_bytes,
            stack=self.stack_bound,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return what the JSON holds."""
        return dict(msgspec.to_builtins(self))

    def lines(self) -> list[tuple[str, str]]:
        """Return all but the layers for a reader: what, and how much."""
        per_mac = f", {self.cycles / self.macs:.2f} a multiply-accumulate" if self.macs else ""
        spread = f"{self.instructions_min:,} to {self.instructions_max:,} instructions over {self.inputs} inputs"
        if self.same_work:
            spread = f"the same {self.instructions_max:,} instructions for each of {self.inputs} inputs"
        sections = ", ".join(f"{name} {size:,}" for name, size in self.flash.items())
        variants = ", ".join(f"{name} {count:,}" for name, count in self.variants.items() if name != self.cycle_model)
        return [
            ("work", spread),
            ("cycles", f"{self.cycles:,} by the model '{self.cycle_model}' ({self.cycle_model_about}){per_mac}"),
            ("", f"other variants: {variants}"),
            ("time", f"{self.microseconds:.1f} us at {self.clock_hz / 1e6:g} MHz with {self.wait_states} wait states"),
            ("flash", f"{self.flash_bytes:,} bytes ({sections}); the self-test adds {self.selftest_bytes:,}"),
            ("RAM", f"{self.ram_bytes:,} bytes beside input, output and stack"),
            ("stack", f"{self.stack_painted:,} bytes as painted, at most {self.stack_bound:,} by the call graph"),
            ("energy", f"{self.energy_uj:.1f} uJ, a model: {self.mw_per_mhz:.3f} mW/MHz, {self.power_source}"),
            ("built", f"{self.compiler} {' '.join(self.flags)}"),
        ]

    def save(self, path: Path) -> None:
        """Write JSON; ConfigError when the file cannot be written."""
        try:
            path.write_bytes(msgspec.json.format(msgspec.json.encode(self)) + b"\n")
        except OSError as error:
            raise ConfigError(f"{path}: cannot be written ({error.strerror}).") from error


def read_profile(path: Path) -> Profile:
    """Read a profile that :meth:`Profile.save` wrote; ConfigError when it is none."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Profile)
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigError(f"{path}: is no saved profile: {error}. Write one with `nn4mc profile --save`.") from error


FIGURES = (
    ("instructions", "instructions"),
    ("cycles", "cycles, zero wait states"),
    ("wait_cycles", "cycles of waiting for flash"),
    ("microseconds", "microseconds"),
    ("flash_bytes", "flash, bytes"),
    ("ram_bytes", "RAM, bytes"),
    ("stack_painted", "stack as measured, bytes"),
    ("stack_bound", "stack at most, bytes"),
    ("energy_uj", "energy, microjoules (model)"),
)
"""What two profiles are compared by: the field, and what it is called."""


def compare(before: Profile, after: Profile) -> tuple[tuple[str, float, float], ...]:
    """Return each figure of two profiles, layers by name among them: what it is, before, after."""
    rows = [(about, getattr(before, name), getattr(after, name)) for name, about in FIGURES]
    old = {layer.name: layer.cycles for layer in before.layers}
    rows += [(f"{layer.name}, cycles", old.get(layer.name, 0), layer.cycles) for layer in after.layers]
    gone = old.keys() - {layer.name for layer in after.layers}
    return (*rows, *((f"{name}, cycles", old[name], 0) for name in old if name in gone))
