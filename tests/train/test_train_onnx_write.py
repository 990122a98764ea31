"""The file that is written is the model that was fitted: in the float64 reference, and in C built for this machine."""

import numpy as np
import pytest

from nn4mc.api import compile_graph
from nn4mc.importers import load
from nn4mc.importers.options import ImportOptions
from nn4mc.ir import Array, Float32Array
from nn4mc.reference import run as run_graph
from nn4mc.train.linear_fit import Shape, fit_arx, fit_hammerstein
from nn4mc.train.models import Feedforward, Layer, Model
from nn4mc.train.onnx_write import onnx_bytes
from nn4mc.train.window import Layout, differences, windows
from nn4mc.verify import verify
from tests.train.plants import make_runs, slack
from tests.train.test_train_rollout import random_recurrent

LAYOUT = Layout(m=2, p=1, q=1, nd=3, dd=3)


def dense(layout: Layout, levels: bool) -> Feedforward:
    rng = np.random.default_rng(4)
    z = differences(layout, levels).shape[1]
    sizes = (z, 5, 4, layout.p)
    layers = tuple(
        Layer(rng.standard_normal((a, b)) / 3, rng.standard_normal(b) / 3, activation)
        for a, b, activation in zip(sizes[:-1], sizes[1:], ("tanh", "relu", ""), strict=True)
    )
    return Feedforward(
        layout, Layer(rng.standard_normal((layout.width, layout.p)) / 9, np.ones(layout.p)), layers, levels=levels
    )


def cases() -> list[tuple[str, Model]]:
    runs = make_runs(slack, q=1)
    bare, short = Layout(2, 1, 0, 3, 3), Layout(3, 2, 0, 1, 1)
    return [
        ("arx", fit_arx(runs, LAYOUT)),
        ("hammerstein", fit_hammerstein(runs, LAYOUT, Shape(3, False), (0.1,))[0]),
        ("hammerstein_levels", fit_hammerstein(runs, bare, Shape(2, True), (0.1,))[0]),
        ("dense", dense(LAYOUT, False)),
        ("dense_levels", dense(bare, True)),
        ("dense_one_block", dense(short, False)),
        ("gru", random_recurrent(LAYOUT, "gru", np.random.default_rng(1))),
        ("lstm", random_recurrent(bare, "lstm", np.random.default_rng(2))),
        ("gru_one_block", random_recurrent(short, "gru", np.random.default_rng(3))),
    ]


def inputs(layout: Layout) -> Float32Array:
    runs = make_runs(slack, n=80, q=1)
    if (layout.m, layout.p) == (2, 1):
        return windows(runs[0].segments[0], layout)[0].astype(np.float32)
    return np.random.default_rng(0).standard_normal((60, layout.width)).astype(np.float32)


def predictions(model: Model, rows: Float32Array) -> Array:
    state, made = model.initial(1), []
    for row in rows.astype(np.float64):
        y, state = model.step(row[None], state)
        made.append(y[0])
    return np.array(made)


@pytest.mark.parametrize(("name", "model"), cases(), ids=[name for name, _ in cases()])
def test_the_compiled_file_is_the_model(name: str, model: Model, tmp_path):
    path = tmp_path / f"{name}.onnx"
    path.write_bytes(onnx_bytes(model, name))
    graph = load(path, ImportOptions(stateful=bool(model.initial(1))))
    rows = inputs(model.layout)
    expected = predictions(model, rows)
    # The file's weights are float32: some 1e-7 of what is summed.
    np.testing.assert_allclose(run_graph(graph, rows), expected, atol=3e-6 * max(1.0, np.abs(expected).max()))
    network = compile_graph(graph)
    assert network.plan.in_len == model.layout.width
    assert verify(network, rows).passed


def test_the_same_model_gives_the_same_bytes():
    for name, model in cases()[::3]:
        assert onnx_bytes(model, name) == onnx_bytes(model, name)


def test_onnxruntime_agrees(tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    for name, model in cases()[:6]:
        session = onnxruntime.InferenceSession(onnx_bytes(model, name), providers=["CPUExecutionProvider"])
        for row in inputs(model.layout)[:5]:
            (found,) = session.run(["prediction"], {"window": row[None]})
            np.testing.assert_allclose(found, model.step(row[None].astype(np.float64), ())[0], rtol=1e-4, atol=1e-5)
