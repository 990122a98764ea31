"""Stack of functions written in assembly, which the compiler's call graph does not know: read off their code."""

import re
from collections.abc import Iterator

from nn4mc.errors import BuildError
from nn4mc.profile.isa import Instruction, decode
from nn4mc.profile.program import Program

_NODE = re.compile(r'node: \{ title: "([^"]*)" label: "([^"]*)"')


def assembly_frames(program: Program, call_graphs: tuple[str, ...]) -> dict[str, int]:
    """Return the bytes of stack of each function that the program has and no call graph knows.

    That is all the function pushes or subtracts from the stack pointer, whichever way it goes through it; those that
    are only called through a pointer are among them.
    """
    known = {
        title.rsplit(":", 1)[-1]
        for title, label in _NODE.findall("".join(call_graphs))
        if re.search(r"\d+ bytes \(", label)
    }
    return {name: _frame(program, name) for name in sorted(program.functions - known)}


def _frame(program: Program, function: str) -> int:
    return sum(_pushed(program, function))


def _pushed(program: Program, function: str) -> Iterator[int]:
    for at, code in program.code_runs(program.symbol(function), program.function_end(function)):
        for one in decode(code, at, program.conditions):
            yield _taken(one, function)


def _taken(one: Instruction, function: str) -> int:
    """Return the bytes of stack that an instruction takes; BuildError when that is not known."""
    if one.name in ("push", "vpush") or (one.name in ("stm", "vstm") and one.address == ("sp",) and one.update):
        return 4 * len(one.registers)
    if one.registers[:1] != ("sp",):
        return 0
    if one.name in ("sub", "subs", "subw"):
        return one.immediate
    if one.name in ("mov", "bic", "and"):
        raise BuildError(f"{function} moves the stack pointer at 0x{one.at:08x} in a way that has no bound.")
    return 0
