"""Writes docs/operators.md from the registries: ``python -m tests.operators_page``."""

from pathlib import Path

from nn4mc.importers.support import FORMATS, FormatSupport, format_support, operators
from nn4mc.importers.support_text import becomes_text, sources_text

PAGE = Path(__file__).resolve().parents[1] / "docs" / "operators.md"
_INTRODUCTION = """# Operators

Written by `python -m tests.operators_page` from the tables that nn4mc itself works by; a test keeps it true.
`nn4mc ops` prints the same, with `--json` for machines. What is not here is refused by name, all of it at once.

## Operators with C

Every tensor is float32 unless int8 is named. All arithmetic is float32 (or int32 for int8), without libm; attributes
are those of the graph inside nn4mc, to which the readers below translate. "Read from" names what becomes the operator,
alone or with others: at most three names of a format, and how many more there are. These are recorded, not written by
hand: the readers are watched while they read the models of the tests (`python -m tests.operator_sources`). Passes then
fold constants, fuse activations, and put operators that exporters write out in parts together again.

| operator | computes | types | attributes | read from |
|---|---|---|---|---|
"""


def page() -> str:
    """Return the whole page."""
    rows = [
        f"| {one.name} | {_cell(one.about)} | {' '.join(one.types)} | {' '.join(one.attributes)} "
        f"| {sources_text(one)} |\n"
        for one in operators()
    ]
    return _INTRODUCTION + "".join(rows) + "".join(_section(format_support(name)) for name in FORMATS)


def _section(support: FormatSupport) -> str:
    lines = [f"\n## {support.title} ({support.files})\n\n{support.limits}\n\n"]
    lines += ["| name | becomes | note |\n|---|---|---|\n"]
    lines += [f"| `{name}` | {becomes_text(support, name)} | {_cell(note)} |\n" for name, note in support.read.items()]
    if any(name not in support.becomes for name in support.read):
        lines.append("\n?: no model of the tests has it, so nothing is said of what it becomes.\n")
    lines.append("\n")
    if support.refused:
        lines.append("Not read:\n\n")
        lines += [f"- `{name}`: {advice}\n" for name, advice in support.refused.items()]
    return "".join(lines).rstrip("\n") + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page())
