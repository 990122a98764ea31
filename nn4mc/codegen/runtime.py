"""The C runtime that travels beside generated code: the sources of firmware/lib/nn4mc."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from nn4mc.resources import resource
from nn4mc.target import ACTIVATION_ERRORS, GENERIC, CodeOptions, Target

_HEADERS = ("nn4mc_bits", "nn4mc_config", "nn4mc_mac", "nn4mc_status")
"""What every network includes."""
_CONFIG = "nn4mc_config.h"
_INCLUDE = re.compile(r'^#include "(nn4mc_\w+)\.h"', re.M)
_CONFIG_GUARD = "#define NN4MC_CONFIG_H\n"
_SECTIONS = {"ram": ".data.nn4mc_weights", "ccm": ".ccmram.nn4mc_weights"}
"""Sections that linker scripts place in RAM and in the core-coupled memory, and that start-up code fills."""


LARGE_NETWORK_BYTES = 16 << 10
"""Constants beside which some hundred bytes of unrolled loops are a small price for a few per cent of time."""


def runtime_folder() -> Path:
    """Return the folder of the runtime's sources."""
    return resource("firmware", "lib", "nn4mc", "src")


def network_runtime(target: Target, code: CodeOptions, stems: Sequence[str], const_bytes: int) -> Mapping[str, str]:
    """Return the runtime files ``stems`` (.h, .c and .S) of a network, by name, configured for ``target``."""
    folder = runtime_folder()
    files = {path.name: path.read_text() for stem in (*_HEADERS, *stems) for path in _files_of(folder, stem)}
    defines = "".join(f"#define {one}\n" for one in code_defines(target, code, const_bytes))
    files[_CONFIG] = files[_CONFIG].replace(_CONFIG_GUARD, f"{_CONFIG_GUARD}\n{defines}" if defines else _CONFIG_GUARD)
    return files


def code_defines(target: Target, code: CodeOptions, const_bytes: int) -> list[str]:
    """Return the macros of nn4mc_config.h, each NAME or NAME VALUE, that suit a target, a user and a network."""
    asked = {
        "NN4MC_PORTABLE": target.name == GENERIC,
        "NN4MC_SMALL_CODE": code.optimize == "size",
        "NN4MC_LARGE_NETWORK": code.optimize == "speed" and const_bytes >= LARGE_NETWORK_BYTES,
        "NN4MC_MAC_FMA": code.mac == "fma",
        f"NN4MC_ACTIVATION_ERROR {ACTIVATION_ERRORS.index(code.activation_error)}": code.activation_error
        != ACTIVATION_ERRORS[0],
        f'NN4MC_WEIGHTS_SECTION "{_SECTIONS.get(code.weights)}"': code.weights in _SECTIONS,
    }
    return [name for name, wanted in asked.items() if wanted]


def _files_of(folder: Path, stem: str) -> list[Path]:
    """Return the header and the source of a stem, and its assembly, which stands in for the source on its core."""
    return [*sorted(folder.glob(f"{stem}.[ch]")), *sorted(folder.glob(f"{stem}_*.S"))]


def controller_runtime(files: Mapping[str, str], target: Target, code: CodeOptions) -> Mapping[str, str]:
    """Return the runtime files that a controller's ``files`` include, and those that these include."""
    folder = runtime_folder()
    stems: list[str] = []
    waiting = _included(files.values())
    while waiting:
        stem = waiting.pop(0)
        if stem not in stems:
            stems.append(stem)
            waiting += _included(path.read_text() for path in _files_of(folder, stem))
            waiting += _COMPANIONS.get(stem, ())
    return network_runtime(target, code, sorted(stems), 0)


_COMPANIONS = {"nn4mc_quadratic": ("nn4mc_box", "nn4mc_factorise")}
"""Sources whose functions another one's header declares."""


def _included(texts: Iterable[str]) -> list[str]:
    return [stem for text in texts for stem in _INCLUDE.findall(text)]
