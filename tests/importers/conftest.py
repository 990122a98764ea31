"""After the last test of a module of ONNX models: each of them gives the same bits in the emulated core as here."""

import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from shutil import which

import pytest

from nn4mc.api import Network
from nn4mc.codegen.emit import emit
from nn4mc.codegen.model_id import model_id
from nn4mc.errors import ModelError
from nn4mc.ir import Graph
from nn4mc.plan import make_plan
from nn4mc.target import target
from tests.core_batch import CORE, apart_in_the_core


@pytest.fixture(scope="module", autouse=True)
def onnx_models_in_the_core(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Collect the models whose error a module's tests ask for; where there is no emulator, leave it at that."""
    yield
    models = sys.modules.get("tests.importers.onnx_models")
    asked = list(models.ASKED) if models else []
    without = request.config.option.markexpr == "not emulator" or not which(CORE.compiler) or not find_spec("unicorn")
    if asked:
        models.ASKED.clear()
    if asked and not without:
        assert apart_in_the_core(compiled(asked), tmp_path_factory.mktemp("asked")) == []


def compiled(graphs: Sequence[Graph]) -> list[Network]:
    """Return different lowered graphs as networks; those that answer NaN to all trial inputs cannot be compiled."""
    networks = []
    different = {model_id(one): one for one in graphs}
    for index, graph in enumerate(different.values()):
        plan = make_plan(graph)
        try:
            made = emit(graph, plan, f"asked_{index}", target("cortex-m4f"))
        except ModelError:
            continue
        networks.append(Network(graph, plan, made))
    assert len(networks) > len(different) // 2
    return networks
