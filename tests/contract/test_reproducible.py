"""Same model, same options: same bytes, in another process and another folder. Another weight: another identity."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nn4mc.api import Network, compile_graph, compile_model
from nn4mc.codegen.model_id import model_id
from nn4mc.importers.raptor import raptor_checkpoint
from nn4mc.ir import INT8, INT32, Graph, Node, Quantization, Tensor
from tests.contract.folders import every_operator
from tests.graphs import graph

COMPILE = "import sys; from nn4mc.cli import main; main(['compile', 'raptor', '-o', sys.argv[1]])"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def compile_in_another_process(folder: Path, hash_seed: str, zone: str) -> dict[str, bytes]:
    folder.mkdir(parents=True)
    settings = {"PYTHONHASHSEED": hash_seed, "TZ": zone, "LC_ALL": "C", "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(
        [sys.executable, "-c", COMPILE, "out"],
        cwd=folder,
        env={**os.environ, **settings},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return contents(folder / "out")


def test_two_processes_in_two_folders_write_the_same_bytes(tmp_path: Path, raptor: Network):
    first = compile_in_another_process(tmp_path / "a", "1", "UTC")
    second = compile_in_another_process(tmp_path / "deeper" / "b", "4711", "Asia/Tokyo")
    assert first == second
    assert set(first) == set(raptor.emitted.files)
    assert {name: text.decode() for name, text in first.items()} == dict(raptor.emitted.files)


def test_no_date_and_no_path_in_the_output(raptor: Network):
    text = "".join(raptor.emitted.files.values())
    for fact in (str(Path.cwd()), str(Path.home()), "site-packages", "checkpoint.h5", "/tmp"):
        assert fact not in text
    assert re.search(r"\b(19|20)\d\d-\d\d-\d\d|__DATE__|__TIME__|__FILE__", text) is None


def test_the_header_names_the_file_it_came_from_by_sha256(raptor: Network):
    header = raptor.emitted.files["raptor.h"]
    assert f'#define RAPTOR_MODEL_SHA256 "{raptor.graph.source.sha256}"' in header
    assert f'#define RAPTOR_MODEL_ID "{raptor.model_id}"' in header
    assert re.fullmatch("[0-9a-f]{16}", raptor.model_id)


def test_identity_does_not_depend_on_file_name_c_name_or_target(tmp_path: Path, raptor: Network):
    copied = tmp_path / "another-name.h5"
    shutil.copy(raptor_checkpoint(), copied)
    assert compile_model(copied).model_id == raptor.model_id
    assert compile_model("raptor", name="other").model_id == raptor.model_id
    assert compile_model("raptor", target_name="generic").model_id == raptor.model_id


def changed_constant(one: Graph, name: str, index: int) -> Graph:
    data = one.tensors[name].data.copy()
    data.ravel()[index] = np.nextafter(data.ravel()[index], np.float32(9))
    return replace(one, tensors={**one.tensors, name: Tensor(name, data.shape, data)})


@pytest.mark.parametrize("name", [name for name, tensor in every_operator().tensors.items() if tensor.data is not None])
def test_identity_changes_with_the_last_bit_of_any_weight(name: str):
    one = every_operator()
    ids = {compile_graph(one).model_id, *(compile_graph(changed_constant(one, name, i)).model_id for i in (0, -1))}
    assert len(ids) == 3


def test_identity_changes_with_structure_and_initial_state():
    one = every_operator()
    other_state = replace(one, states=(replace(one.states[0], initial=one.states[0].initial * 2), *one.states[1:]))
    nodes = tuple(
        replace(node, attributes={"reset_after": False}) if node.name == "gru1" else node for node in one.nodes
    )
    variants = [one, other_state, replace(one, nodes=nodes), replace(one, outputs=one.outputs[::-1])]
    assert len({compile_graph(variant).model_id for variant in variants}) == 4


def quantized(bias: int, scale: float) -> Graph:
    """Return a constant int32 beside the network, and an output that stands for ``scale`` times its integers."""
    tensors = [
        Tensor("x", (2,)),
        Tensor("y", (2,), None, INT8, Quantization((scale,), (0,))),
        Tensor("b", (1,), np.array([bias], np.int32), INT32),
    ]
    return graph(tensors, [Node("q", "quantize", ("x",), ("y",))])


def test_identity_changes_with_the_last_bit_of_an_integer_and_with_what_integers_stand_for():
    """2^24 + 1 is no float32."""
    variants = [quantized(2**24, 0.5), quantized(2**24 + 1, 0.5), quantized(2**24, 0.25)]
    assert len({model_id(variant) for variant in variants}) == 3
