"""Every example in a docstring of the package runs."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import nn4mc

PACKAGE = Path(nn4mc.__file__).parent
WITH_EXAMPLES = sorted(path for path in PACKAGE.rglob("*.py") if ">>> " in path.read_text())


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_examples_run(path: Path):
    words = path.relative_to(PACKAGE.parent).with_suffix("").parts
    found = doctest.testmod(import_module(".".join(words).removesuffix(".__init__")))
    assert found.attempted > 0 and found.failed == 0
