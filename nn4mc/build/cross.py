"""The cross compiler: what generated code takes on its target, known before a board is on the table."""

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nn4mc.build.process import find_tool, run
from nn4mc.codegen.write import write_files
from nn4mc.errors import BuildError
from nn4mc.target import Target

FLAGS = ("-std=c99", "-O2", "-ffreestanding", "-ffp-contract=off", "-fno-math-errno")
_SECTIONS = ("-ffunction-sections", "-fdata-sections")
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
        sources, stage = sources_in(folder), f"building for {target.title}"
        run(
            [compiler, *target.flags, *FLAGS, *_SECTIONS, "-fcallgraph-info=su", "-c", *sources],
            stage=stage,
            cwd=folder,
        )
        objects = [source.with_suffix(".o").name for source in sources]
        keep = [word for root in roots for word in (f"-Wl,-u,{root}", f"-Wl,-e,{root}")]
        link = [compiler, *target.flags, "-nostdlib", *keep, *objects, "-lgcc"]
        program, whole = folder / "measured.elf", folder / "whole.elf"
        run([*link, "-Wl,--gc-sections", "-o", program], stage=stage, cwd=folder)
        run([*link, "-o", whole], stage=stage, cwd=folder)
        flash, ram = _section_bytes(compiler, program)
        graphs = [path.read_text() for path in folder.glob("*.ci")]
        assembly = assembly_stack(compiler, whole)
    return CodeSize(flash, ram, max(deepest_stack(graphs, root, assembly) for root in roots))


def _section_bytes(compiler: str, program: Path) -> tuple[int, int]:
    """Return the bytes that end in flash (code, constants, initial data) and in RAM (data, zeroed data)."""
    words = run([_beside(Path(compiler), "size"), program], stage="reading section sizes").splitlines()[1].split()
    text, data, zeroed = (int(word) for word in words[:3])
    return text + data, data + zeroed


def sources_in(folder: Path) -> list[Path]:
    """Return the C and assembly sources of a folder of generated code."""
    return sorted(path for pattern in ("*.c", "*.S") for path in folder.glob(pattern))


def assembly_stack(compiler: str, program: Path) -> dict[str, int]:
    """Return the bytes of stack of the functions of a program that are written in assembly.

    Each says so itself, in the section .stack_sizes, whose form is that of LLVM's -fstack-size-section; linking with
    --gc-sections loses it.
    """
    tools = Path(compiler)
    listing = run([_beside(tools, "nm"), program], stage="reading symbols")
    names = {int(words[0], 16): words[2] for words in map(str.split, listing.splitlines()) if len(words) == 3}
    raw = program.with_suffix(".stack_sizes")
    only = ["-O", "binary", "--only-section=.stack_sizes", "--set-section-flags", ".stack_sizes=alloc"]
    run([_beside(tools, "objcopy"), *only, program, raw], stage="reading stack sizes")
    entries = raw.read_bytes() if raw.exists() else b""
    found: dict[str, int] = {}
    while entries:
        address, (size, length) = int.from_bytes(entries[:4], "little"), _uleb128(entries[4:])
        if address & ~1 in names:
            found[names[address & ~1]] = size
        entries = entries[4 + length :]
    return found


def _uleb128(data: bytes) -> tuple[int, int]:
    """Return the number at the start of ``data`` (DWARF 5, 7.6) and the bytes it takes."""
    value = 0
    for index, byte in enumerate(data):
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return value, index + 1
    raise BuildError("the section .stack_sizes ends within a number")


def _beside(compiler: Path, tool: str) -> str:
    return str(compiler.with_name(compiler.name.replace("gcc", tool)))


def deepest_stack(graphs: list[str], root: str, assembly: Mapping[str, int] | None = None) -> int:
    """Return the bytes of stack of ``root`` and the deepest path of calls below it.

    ``graphs`` are GCC's -fcallgraph-info=su files; ``assembly`` are the functions they know nothing of. Raises
    BuildError when a function recurses or its frame is not of a fixed size; library functions of the compiler (soft
    float) count as 0.
    A call through a pointer counts as the deepest function that makes none itself: pointers are to plain loops.
    """
    own: dict[str, int] = dict(assembly or {})
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
