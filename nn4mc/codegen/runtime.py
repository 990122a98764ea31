"""The C runtime that travels beside generated code: the sources of firmware/lib/nn4mc."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from nn4mc.codegen.target import Target
from nn4mc.resources import resource

_HEADERS = ("nn4mc_bits", "nn4mc_status")
"""What every network includes."""


def runtime_folder() -> Path:
    """Return the folder of the runtime's sources."""
    return resource("firmware", "lib", "nn4mc", "src")


def network_runtime(target: Target, stems: Sequence[str]) -> Mapping[str, str]:
    """Return the runtime files ``stems`` (.h and .c) a network needs, by name, configured for ``target``."""
    folder = runtime_folder()
    needed = (*_HEADERS, *stems)
    files = {path.name: path.read_text() for stem in needed for path in sorted(folder.glob(f"{stem}.[ch]"))}
    config = (folder / "nn4mc_config.h").read_text()
    files["nn4mc_config.h"] = config.replace(
        "#define NN4MC_BLOCK_ROWS 4", f"#define NN4MC_BLOCK_ROWS {target.block_rows}"
    )
    return files
