"""Rare torch functions, as exported and decomposed to core ATen, answer what torch answers."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from nn4mc.importers import load  # noqa: E402 - torch decides whether any of this can run
from nn4mc.passes import lower  # noqa: E402
from nn4mc.reference import run  # noqa: E402
from tests.importers.torch_rare import rare_cases  # noqa: E402

CASES = rare_cases()


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("decomposed", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_the_graph_answers_what_torch_answers(name: str, decomposed: bool, tmp_path: Path) -> None:
    module, example = CASES[name]
    program = torch.export.export(module, (example,))
    path = tmp_path / "rare.pt2"
    torch.export.save(program.run_decompositions() if decomposed else program, path)
    expected = module(example.clone()).numpy().reshape(1, -1)
    found = run(lower(load(path)), example.numpy().reshape(1, -1))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
