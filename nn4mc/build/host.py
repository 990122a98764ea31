"""The host's C compiler: programs for this machine, with the flags that keep the bits."""

from collections.abc import Sequence
from pathlib import Path

from nn4mc.build.process import find_tool, run

FLAGS = ("-std=c99", "-O2", "-ffp-contract=off")
"""No contraction to fused multiply-adds: the bits must be the board's."""

SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g")
WARNINGS = (
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wconversion",
    "-Wshadow",
    "-Wdouble-promotion",
    "-Wundef",
    "-Wcast-qual",
    "-Wvla",
    "-Werror",
)
"""What generated code is clean under."""


def host_compiler() -> str:
    """Return the path of gcc; ToolMissingError says how to get it."""
    return find_tool("gcc", "gcc libc6-dev")


def build_program(sources: Sequence[Path], program: Path, flags: Sequence[str] = ()) -> Path:
    """Compile C sources to a program for this machine; headers are found beside the sources.

    Raises ToolMissingError without a compiler, BuildError with its messages when it fails.
    """
    folders = sorted({source.parent for source in sources})
    includes = [f"-I{folder}" for folder in folders]
    run([host_compiler(), *FLAGS, *flags, *includes, *sources, "-o", program], stage="building for this machine")
    return program
