"""The cross compiler: what generated code takes on its target, known before a board is on the table."""

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nn4mc.build.process import find_tool, run
from nn4mc.codegen.target import Target
from nn4mc.codegen.write import write_files
from nn4mc.errors import BuildError

FLAGS = ("-std=c99", "-O2", "-ffreestanding", "-ffp-contract=off", "-fno-math-errno")
_LINK = ("-ffunction-sections", "-fdata-sections", "-nostdlib", "-Wl,--gc-sections")
_INDIRECT = "__indirect_call"
"""GCC's name for whatever a call through a pointer ends in."""
_DEBIAN_PACKAGE = "gcc-arm-none-eabi"


@dataclass(frozen=True)
class CodeSize:
    """Bytes on the target: flash of code and constants together, RAM beside the caller's, deepest stack.

    ``stack`` is the compiler's own figure for each function, summed along the deepest path of its call graph.
    """

    flash: int
    ram: int
    stack: int


def measure(files: Mapping[str, str], target: Target, roots: tuple[str, ...]) -> CodeSize:
    """Compile generated ``files`` for ``target`` and link what ``roots`` (function names) need.

    Raises ToolMissingError without the cross compiler, BuildError when it fails.
    """
    compiler = find_tool(target.compiler, _DEBIAN_PACKAGE)
    with tempfile.TemporaryDirectory(prefix="nn4mc-measure-") as name:
        folder = Path(name)
        write_files(folder, files)
        sources = sorted((*folder.glob("*.c"), *folder.glob("*.S")))
        program = folder / "measured.elf"
        keep = [word for root in roots for word in (f"-Wl,-u,{root}", f"-Wl,-e,{root}")]
        flags = [*target.flags, *FLAGS, *_LINK, *keep, "-fcallgraph-info=su"]
        run([compiler, *flags, *sources, "-lgcc", "-o", program], stage=f"building for {target.title}", cwd=folder)
        flash, ram = _section_bytes(compiler, program)
        graphs = [path.read_text() for path in folder.glob("*.ci")]
    return CodeSize(flash, ram, max(deepest_stack(graphs, root) for root in roots))


def _section_bytes(compiler: str, program: Path) -> tuple[int, int]:
    """Return the bytes that end in flash (code, constants, initial data) and in RAM (data, zeroed data)."""
    size = str(Path(compiler).with_name(Path(compiler).name.replace("gcc", "size")))
    words = run([size, program], stage="reading section sizes").splitlines()[1].split()
    text, data, zeroed = (int(word) for word in words[:3])
    return text + data, data + zeroed


def deepest_stack(graphs: list[str], root: str) -> int:
    """Return the bytes of stack of ``root`` and the deepest path of calls below it.

    ``graphs`` are GCC's -fcallgraph-info=su files. Raises BuildError when a function recurses or its frame is not
    of a fixed size; library functions of the compiler (soft float) count as 0.
    A call through a pointer counts as the deepest function that makes none itself: pointers are to plain loops.
    """
    own: dict[str, int] = {}
    calls: dict[str, set[str]] = {}
    for text in graphs:
        for title, label in re.findall(r'node: \{ title: "([^"]*)" label: "([^"]*)"', text):
            found = re.search(r"(\d+) bytes \((\w+)", label)
            if found:
                if found[2] != "static":
                    raise BuildError(f"{title}: its stack frame is {found[2]}, so no bound is known")
                own[title] = int(found[1])
        for source, end in re.findall(r'edge: \{ sourcename: "([^"]*)" targetname: "([^"]*)"', text):
            calls.setdefault(source, set()).add(end)
    plain = (name for name in own if not _reaches(name, _INDIRECT, calls))
    own[_INDIRECT] = max((_depth(name, own, calls, ()) for name in plain), default=0)
    title = next((name for name in own if name.split(":")[-1] == root), root)
    return _depth(title, own, calls, ())


def _reaches(function: str, target: str, calls: Mapping[str, set[str]]) -> bool:
    """Return whether ``function`` calls ``target``, itself or through others."""
    seen, waiting = {function}, [function]
    while waiting:
        found = calls.get(waiting.pop(), set()) - seen
        seen |= found
        waiting += found
    return target in seen


def _depth(function: str, own: Mapping[str, int], calls: Mapping[str, set[str]], path: tuple[str, ...]) -> int:
    if function in path:
        raise BuildError(f"{function} calls itself through {' -> '.join(path)}: its stack has no bound")
    below = (_depth(end, own, calls, (*path, function)) for end in calls.get(function, ()))
    return own.get(function, 0) + max(below, default=0)
