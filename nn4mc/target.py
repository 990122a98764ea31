"""What C is generated for: the core, and what the user wants of it."""

from dataclasses import dataclass, fields

from nn4mc.errors import ConfigError


@dataclass(frozen=True)
class Target:
    """A core: products work on blocks of ``block_rows`` rows at most; ``flags`` cross-compile for it."""

    name: str
    title: str
    block_rows: int
    compiler: str
    flags: tuple[str, ...]


GENERIC = "generic"
TARGETS = {
    "cortex-m4f": Target(
        "cortex-m4f",
        "Cortex-M4F",
        block_rows=16,
        compiler="arm-none-eabi-gcc",
        flags=("-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"),
    ),
    GENERIC: Target(
        GENERIC,
        "any C99 compiler",
        block_rows=4,
        compiler="arm-none-eabi-gcc",
        flags=("-mcpu=cortex-m0plus", "-mthumb", "-mfloat-abi=soft"),
    ),
}


SMALL_BLOCK_ROWS = 8
"""Rows of a block where code is to be small: a kernel's code grows with its rows."""


def target(name: str) -> Target:
    """Return a target by name; ConfigError lists those there are."""
    if name not in TARGETS:
        raise ConfigError(f"target '{name}' is not known. Known: {', '.join(TARGETS)}")
    return TARGETS[name]


MACS = ("mul-add", "fma")
WEIGHTS = ("flash", "ram", "ccm")
ACTIVATION_ERRORS = ("2e-7", "4e-5", "1e-3")
OPTIMIZE = ("speed", "balance", "size")


@dataclass(frozen=True)
class CodeOptions:
    """What a user may ask of the generated C, each one of the names above.

    ``mac``: a product is rounded before it is added, or not; ``weights``: the memory they are read from;
    ``activation_error``: the largest absolute error of tanh and sigmoid; ``optimize``: what to save.
    """

    mac: str = "mul-add"
    weights: str = "flash"
    activation_error: str = "2e-7"
    optimize: str = "speed"

    def __post_init__(self) -> None:
        """Raise ConfigError for a value that is not known."""
        choices = {"mac": MACS, "weights": WEIGHTS, "activation_error": ACTIVATION_ERRORS, "optimize": OPTIMIZE}
        for name, known in choices.items():
            if getattr(self, name) not in known:
                raise ConfigError(f"{name} '{getattr(self, name)}' is not known. Known: {', '.join(known)}")

    @property
    def text(self) -> str:
        """The options that are not the defaults, as on the command line; empty where all are.

        >>> CodeOptions(mac="fma", weights="ram").text
        '--mac fma --weights ram'
        """
        chosen = {one.name: getattr(self, one.name) for one in fields(self) if getattr(self, one.name) != one.default}
        return " ".join(f"--{name.replace('_', '-')} {value}" for name, value in chosen.items())


DEFAULT_CODE = CodeOptions()
