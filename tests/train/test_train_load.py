"""A trained folder reads back as a forward model, and what does not fit is refused."""

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from nn4mc.api import compile_graph
from nn4mc.errors import ModelError
from nn4mc.forward_model import Signal
from nn4mc.reference import run as run_graph
from nn4mc.train.load import load_trained
from nn4mc.train.metadata import Metadata, metadata_text, read_metadata
from nn4mc.train.pipeline import Trained, train_folder
from nn4mc.train.resample import Segment
from nn4mc.train.spec import TrainSpec, read_spec
from nn4mc.train.window import windows
from nn4mc.verify import verify
from tests.train.plants import SPEC_TOML, slack, write_logs


def trained(folder: Path, kinds: str = '["arx", "hammerstein"]', n: int = 300) -> tuple[Path, Trained]:
    spec_path = folder / "model.toml"
    spec_path.write_text(SPEC_TOML.replace('["arx", "hammerstein"]', kinds))
    spec: TrainSpec = read_spec(spec_path)
    logs = write_logs(folder, slack, n=n)
    done = train_folder(logs, spec, spec_path.read_bytes(), folder / "out", lambda _: None)
    return folder / "out", done


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("trained"))[0]


def edited(folder: Path, tmp_path: Path, **changes: object) -> Path:
    """A copy of the folder with other metadata."""
    for one in ("plant.onnx", "model.toml"):
        (tmp_path / one).write_bytes((folder / one).read_bytes())
    metadata: Metadata = msgspec.structs.replace(read_metadata(folder), **changes)
    (tmp_path / "model.toml").write_text(metadata_text(metadata))
    return tmp_path


def test_it_says_what_its_words_mean(folder: Path):
    model = load_trained(folder)
    assert (model.nd, model.dd, model.m, model.p, model.q) == (3, 3, 2, 1, 0)
    assert model.window_len == 9 and model.sample_time_s == 0.01 and not model.stateful
    assert [one.name for one in model.inputs] == ["u0", "u1"] and model.sensors == ()
    (tip,) = model.outputs
    values = np.concatenate([np.loadtxt(path, delimiter=",", skiprows=1) for path in folder.parent.glob("run*.csv")])
    assert tip == Signal("tip", "mm", values[:, 3].min(), values[:, 3].max())


def test_its_graph_predicts_in_the_users_units(folder: Path):
    model = load_trained(folder)
    log = np.loadtxt(folder.parent / "run1.csv", delimiter=",", skiprows=1)
    u, y = log[:, 1:3], log[:, 3]
    rows = [np.concatenate([u[k], u[k - 1], u[k - 2], y[[k - 1, k - 2, k - 3]]]) for k in range(3, 100)]
    found = run_graph(model.graph, np.array(rows, np.float32))[:, 0]
    assert np.sqrt(np.mean((found - y[3:100]) ** 2)) < 0.1 * np.std(np.diff(y))
    assert compile_graph(model.graph).name == "plant"


def test_metadata_reads_back_as_it_was(folder: Path, tmp_path: Path):
    odd = read_metadata(folder)
    odd = msgspec.structs.replace(odd, sample_time_s=0.1 + 0.2)
    odd = msgspec.structs.replace(odd, inputs=(msgspec.structs.replace(odd.inputs[0], name='a "b"\\\n°', low=-1e-300),))
    (tmp_path / "model.toml").write_text(metadata_text(odd))
    assert read_metadata(tmp_path) == odd


@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_a_recurrent_model_carries_its_state_in_c_too(tmp_path: Path, kind: str):
    pytest.importorskip("torch")
    folder, done = trained(tmp_path, f'["arx"]\ndeliver = "{kind}"', n=120)
    loaded = load_trained(folder)
    assert loaded.stateful and read_metadata(folder).kind == done.study.delivered == kind
    log = np.loadtxt(folder.parent / "run1.csv", delimiter=",", skiprows=1)
    rows, _ = windows(Segment(log[:, 1:3], log[:, 3:], log[:, :0]), done.study.model.layout)
    state, expected = done.study.model.initial(1), []
    for row in rows:
        y, state = done.study.model.step(row[None], state)
        expected.append(y[0])
    np.testing.assert_allclose(run_graph(loaded.graph, rows), expected, atol=1e-5)
    assert verify(compile_graph(loaded.graph), rows.astype(np.float32)).passed


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sha256": "0" * 64}, ("sha256", "Train again")),
        ({"nd": 4}, ("takes 9 words", "11", "nd 4 x 2")),
        ({"outputs": ()}, ("missing required field `outputs`",)),
        ({"format": 9}, ("format 9", "expected 1")),
        ({"file": "../plant.onnx"}, ("regex",)),
        ({"file": "none.onnx", "sha256": ""}, ("no such model file",)),
    ],
)
def test_what_does_not_fit_is_refused(folder: Path, tmp_path: Path, changes: dict[str, object], words: tuple[str, ...]):
    with pytest.raises(ModelError) as caught:
        load_trained(edited(folder, tmp_path, **changes))
    assert all(word in str(caught.value) for word in words), caught.value


def test_a_folder_without_metadata_and_damaged_metadata_are_refused(tmp_path: Path):
    with pytest.raises(ModelError, match=r"no model\.toml"):
        load_trained(tmp_path)
    (tmp_path / "model.toml").write_text("name = ")
    with pytest.raises(ModelError, match=r"model\.toml"):
        load_trained(tmp_path)


def test_a_model_made_elsewhere_is_described_by_hand(folder: Path, tmp_path: Path):
    loaded = load_trained(edited(folder, tmp_path, sha256="", name="elsewhere"))
    assert loaded.graph.name == "elsewhere"
    assert loaded == replace(loaded, nd=3)
