"""ONNX' recurrent layers: gate orders, directions, layouts, initial states, and one step that carries its state."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx.helper import make_node as node
from onnx.reference import ReferenceEvaluator

from nn4mc.errors import UnsupportedError
from nn4mc.importers.options import ImportOptions
from nn4mc.passes import lower
from nn4mc.reference import run
from tests.importers.onnx_models import error_of, floats, model, read

TOLERANCE = 2e-6
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
TIME, BATCH, WIDTH, HIDDEN = 5, 2, 3, 4


def _weights(kind: str, directions: int = 1) -> dict[str, np.ndarray]:
    rows = GATES[kind] * HIDDEN
    return {
        "w": floats(directions, rows, WIDTH, seed=1),
        "r": floats(directions, rows, HIDDEN, seed=2),
        "b": floats(directions, 2 * rows, seed=3),
    }


def _outputs(kind: str) -> list[str]:
    return ["y", "h", "c"][: 3 if kind == "LSTM" else 2]


def _model(kind: str, stored: dict[str, np.ndarray], **attributes: object) -> onnx.ModelProto:
    layer = node(kind, ["x", "w", "r", "b"], _outputs(kind), hidden_size=HIDDEN, **attributes)
    return model([layer], {"x": (TIME, BATCH, WIDTH)}, _outputs(kind), stored)


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_a_window_forward(kind: str, tmp_path: Path) -> None:
    assert error_of(_model(kind, _weights(kind)), tmp_path) < TOLERANCE


def test_a_gru_that_resets_after_the_product(tmp_path: Path) -> None:
    assert error_of(_model("GRU", _weights("GRU"), linear_before_reset=1), tmp_path) < TOLERANCE


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_both_directions_are_a_forward_layer_and_one_on_reversed_time(kind: str, tmp_path: Path) -> None:
    stored = _weights(kind, 2)
    x = floats(TIME, BATCH, WIDTH, seed=9)
    made = _model(kind, stored, direction="bidirectional")
    (found,) = run(lower(read(made, tmp_path)), x.reshape(1, -1))
    halves = []
    for index, backwards in enumerate((False, True)):
        one = _model(kind, {name: values[index : index + 1] for name, values in stored.items()})
        y, *last = ReferenceEvaluator(one).run(None, {"x": x[::-1] if backwards else x})
        halves.append([y[::-1] if backwards else y, *last])
    expected = [np.concatenate(pair, axis=0 if i else 1) for i, pair in enumerate(zip(*halves, strict=True))]
    np.testing.assert_allclose(found, np.concatenate([one.ravel() for one in expected]), atol=TOLERANCE)


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_batch_first_is_the_same_layer_transposed(kind: str, tmp_path: Path) -> None:
    stored, x = _weights(kind, 2), floats(TIME, BATCH, WIDTH, seed=9)
    (plain,) = run(lower(read(_model(kind, stored, direction="bidirectional"), tmp_path)), x.reshape(1, -1))
    made = _model(kind, stored, direction="bidirectional", layout=1)
    made.graph.input[0].CopyFrom(onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, (BATCH, TIME, WIDTH)))
    (found,) = run(lower(read(made, tmp_path)), x.transpose(1, 0, 2).reshape(1, -1))
    whole = TIME * 2 * BATCH * HIDDEN
    expected = plain[:whole].reshape(TIME, 2, BATCH, HIDDEN).transpose(2, 0, 1, 3)
    np.testing.assert_allclose(found[:whole].reshape(expected.shape), expected, atol=1e-12)
    for at in range(whole, len(plain), 2 * BATCH * HIDDEN):
        state = plain[at : at + 2 * BATCH * HIDDEN].reshape(2, BATCH, HIDDEN).transpose(1, 0, 2)
        np.testing.assert_allclose(found[at : at + state.size], state.ravel(), atol=1e-12)


def test_initial_states_are_inputs_or_constants(tmp_path: Path) -> None:
    stored = {**_weights("LSTM"), "c0": floats(1, BATCH, HIDDEN, seed=5)}
    layer = node("LSTM", ["x", "w", "r", "b", "", "h0", "c0"], ["y", "h", "c"], hidden_size=HIDDEN)
    made = model([layer], {"x": (TIME, BATCH, WIDTH), "h0": (1, BATCH, HIDDEN)}, ["y", "h", "c"], stored)
    assert error_of(made, tmp_path) < TOLERANCE


def test_what_torch_writes_for_a_gru_and_a_linear_layer(tmp_path: Path) -> None:
    """Batch first: a transpose in, a squeeze of the directions and a transpose out, the last step by Gather."""
    nodes = [
        node("Transpose", ["x"], ["t"], perm=[1, 0, 2]),
        node("GRU", ["t", "w", "r", "b", "", "h0"], ["y", ""], hidden_size=HIDDEN, linear_before_reset=1),
        node("Squeeze", ["y", "one"], ["s"]),
        node("Transpose", ["s"], ["u"], perm=[1, 0, 2]),
        node("Gather", ["u", "last"], ["g"], axis=1),
        node("Gemm", ["g", "v", "c"], ["z"], transB=1),
    ]
    stored = {
        **_weights("GRU"),
        "h0": np.zeros((1, 1, HIDDEN), np.float32),
        "one": np.array([1]),
        "last": np.array(-1),
        "v": floats(2, HIDDEN, seed=6),
        "c": floats(2, seed=7),
    }
    made = model(nodes, {"x": (1, TIME, WIDTH)}, ["z"], stored)
    assert error_of(made, tmp_path) < TOLERANCE
    assert {one.op for one in lower(read(made, tmp_path)).nodes} == {"reshape", "gru", "slice", "dense"}


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_one_step_that_carries_its_state_walks_the_window(kind: str, tmp_path: Path) -> None:
    stored, x = _weights(kind), floats(TIME, 1, WIDTH, seed=9)
    layer = node(kind, ["x", "w", "r", "b"], ["y"], hidden_size=HIDDEN)
    window = model([layer], {"x": (TIME, 1, WIDTH)}, ["y"], stored)
    step = model([layer], {"x": ("time", "batch", WIDTH)}, ["y"], stored)
    graph = read(step, tmp_path, ImportOptions(stateful=True))
    assert len(graph.states) == (2 if kind == "LSTM" else 1)
    (expected,) = ReferenceEvaluator(window).run(None, {"x": x})
    found = run(lower(graph), x.reshape(TIME, -1))
    np.testing.assert_allclose(found.ravel(), expected.ravel(), atol=TOLERANCE)


@pytest.mark.parametrize(
    ("attributes", "what"),
    [
        ({"clip": 1.0}, "clip"),
        ({"input_forget": 1}, "input_forget"),
        ({"activations": ["Sigmoid", "Elu", "Tanh"]}, "Elu"),
        ({"activations": ["Sigmoid", "Tanh", "Relu"]}, "cell and output"),
        ({"activations": ["HardSigmoid", "Tanh", "Tanh"], "activation_alpha": [0.3]}, "activation_alpha"),
    ],
)
def test_options_without_a_kernel_are_refused_by_name(attributes: dict[str, object], what: str, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match=what):
        read(_model("LSTM", _weights("LSTM"), **attributes), tmp_path)


def test_peepholes_are_refused_unless_they_are_zero(tmp_path: Path) -> None:
    layer = node("LSTM", ["x", "w", "r", "b", "", "", "", "p"], ["y"], hidden_size=HIDDEN)
    for peephole, refused in ((1.0, True), (0.0, False)):
        stored = {**_weights("LSTM"), "p": np.full((1, 3 * HIDDEN), peephole, np.float32)}
        made = model([layer], {"x": (TIME, BATCH, WIDTH)}, ["y"], stored)
        if refused:
            with pytest.raises(UnsupportedError, match="peepholes"):
                read(made, tmp_path)
        else:
            read(made, tmp_path)


def test_sequence_lens_are_refused_unless_they_are_the_whole_window(tmp_path: Path) -> None:
    layer = node("GRU", ["x", "w", "r", "b", "lens"], ["y"], hidden_size=HIDDEN)
    for length, refused in ((TIME - 1, True), (TIME, False)):
        stored = {**_weights("GRU"), "lens": np.full(BATCH, length, np.int32)}
        made = model([layer], {"x": (TIME, BATCH, WIDTH)}, ["y"], stored)
        if refused:
            with pytest.raises(UnsupportedError, match="sequence_lens"):
                read(made, tmp_path)
        else:
            read(made, tmp_path)


def test_stateful_wants_one_step_forward(tmp_path: Path) -> None:
    stateful = ImportOptions(stateful=True)
    with pytest.raises(UnsupportedError, match="one time step, found 5"):
        read(_model("GRU", _weights("GRU")), tmp_path, stateful)
