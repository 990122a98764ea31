"""Imports run one way: ir <- ops <- importers, passes, plan, control <- codegen <- api <- verify <- hil <- campaign."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import nn4mc

PACKAGE = Path(nn4mc.__file__).parent
# A module imports from lower ranks and from its own part alone.
RANKS = (
    {"errors", "resources"},
    {"ir", "fixed_point", "target"},
    {"ops", "forward_model"},
    {"gate", "reference", "reference_batch"},
    {"margin"},
    {"importers", "passes", "plan", "control"},
    {"quantize"},
    {"codegen", "train", "export"},
    {"api"},
    {"build", "against"},
    {"verify", "inspect", "costs", "profile", "flight_stack"},
    {"hil"},
    {"campaign"},
    {"raptor"},
    {"doctor", "tracking"},
    {"cli"},
    {"__main__"},
)
RANK = {part: rank for rank, parts in enumerate(RANKS) for part in parts}
# Below all: where programs are started, and what knows no more than errors.
RANK["build.process"] = 1


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        relative = path.relative_to(PACKAGE)
        if relative.parts[0] != "share" and relative.name != "py.typed":
            yield ".".join(relative.with_suffix("").parts).removesuffix(".__init__"), path


def part_of(module: str) -> str:
    return module.split(".", maxsplit=1)[0]


def imported(path: Path) -> Iterator[str]:
    """Return the nn4mc modules that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "nn4mc":
            assert node.level == 0
            inner = (node.module or "").removeprefix("nn4mc").removeprefix(".")
            yield from [inner] if inner else [alias.name for alias in node.names if alias.name != "__version__"]
        elif isinstance(node, ast.Import):
            yield from (alias.name.removeprefix("nn4mc.") for alias in node.names if alias.name.startswith("nn4mc."))


def rank_of(module: str) -> int:
    return RANK.get(module, RANK.get(part_of(module), -1))


def test_every_part_has_a_rank():
    assert {part_of(name) for name, _ in modules()} - set(RANK) - {"__init__"} == set()


@pytest.mark.parametrize(
    ("name", "path"), [pytest.param(*pair, id=pair[0]) for pair in modules() if pair[0] != "__init__"]
)
def test_imports_only_what_stands_below(name: str, path: Path):
    for other in imported(path):
        same_part = part_of(other) == part_of(name)
        assert same_part or rank_of(other) < rank_of(name), f"{name} imports {other}"


def test_no_circles_within_a_part():
    """A depth-first walk over top-level imports meets no module that it is still in."""
    known = dict(modules())
    below = {name: {other for other in imported(path) if other in known} for name, path in known.items()}
    done: set[str] = set()

    def walk(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, " -> ".join((*above, name))
        if name in done:
            return
        for other in below[name] - {name}:
            walk(other, (*above, name))
        done.add(name)

    for name in known:
        walk(name, ())
