"""The machines code is generated for. The results are the same to the last bit on every one."""

from dataclasses import dataclass

from nn4mc.errors import ConfigError


@dataclass(frozen=True)
class Target:
    """A target: ``block_rows`` rows of a product are worked on side by side; ``flags`` cross-compile for it."""

    name: str
    title: str
    block_rows: int
    compiler: str
    flags: tuple[str, ...]


TARGETS = {
    "cortex-m4f": Target(
        "cortex-m4f",
        "Cortex-M4F",
        block_rows=4,
        compiler="arm-none-eabi-gcc",
        flags=("-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"),
    ),
    "generic": Target(
        "generic",
        "any C99 compiler, in the smallest code",
        block_rows=1,
        compiler="arm-none-eabi-gcc",
        flags=("-mcpu=cortex-m0plus", "-mthumb", "-mfloat-abi=soft"),
    ),
}


def target(name: str) -> Target:
    """Return a target by name; ConfigError lists those there are."""
    if name not in TARGETS:
        raise ConfigError(f"target '{name}' is not known. Known: {', '.join(TARGETS)}")
    return TARGETS[name]
