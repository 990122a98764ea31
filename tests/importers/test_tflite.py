"""TensorFlow Lite float models: generated C against the real interpreter, and what is refused."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow")

import keras
import tensorflow as tf
from keras import layers

from nn4mc.api import compile_graph
from nn4mc.errors import UnsupportedError
from nn4mc.importers import load
from nn4mc.importers.options import ImportOptions
from nn4mc.reference import run
from tests.c_batch import CNetwork, build_batch
from tests.core_batch import apart_in_the_core
from tests.importers import tflite_by_hand as by_hand
from tests.importers.tflite_models import convert, function, interpret, keras_function, save

ROWS = 20
TOLERANCE = 1e-5
"""Of the range of a model's outputs."""


def weights(*shape: int) -> Any:
    rng = np.random.default_rng(sum(shape))
    return tf.constant(rng.normal(0.0, 0.5, shape).astype(np.float32))


def sequential(shape: tuple[int, ...], *stack: Any) -> Any:
    keras.utils.set_random_seed(5)
    return keras_function(keras.Sequential([layers.Input(shape), *stack]))


def rank_one(name: str) -> Any:
    """An activation of a dense layer, by its name in tf.nn."""
    return function(lambda x: getattr(tf.nn, name)(3.0 * x @ weights(6, 8)), (1, 6))


def unary(compute: Any, shape: tuple[int, ...] = (1, 3, 8)) -> Any:
    return function(compute, shape)


def separable() -> Any:
    return sequential(
        (9, 7, 3),
        layers.SeparableConv2D(5, 3, strides=2, padding="same", depth_multiplier=2),
        layers.BatchNormalization(),
        layers.ReLU(6.0),
        layers.GlobalAveragePooling2D(),
        layers.Dense(3, activation="softmax"),
    )


def branches() -> Any:
    keras.utils.set_random_seed(6)
    a, b = keras.Input((5,)), keras.Input((3,))
    joined = layers.Concatenate()([layers.Dense(4, activation="tanh")(a), b])
    left, right = layers.Dense(4, activation="elu")(joined), layers.Dense(4)(joined)
    model = keras.Model([a, b], [layers.Maximum()([left, right]), layers.Multiply()([left, right])])
    return keras_function(model)


def matmul(x: Any, y: Any) -> Any:
    return tf.matmul(x, y, transpose_b=True)


CASES: Mapping[str, Any] = {
    "dense_stack": lambda: sequential(
        (6,), layers.Dense(8, activation="relu"), layers.Dense(5, activation="tanh"), layers.Dense(3, use_bias=False)
    ),
    "dense_3d": lambda: sequential((4, 6), layers.Dense(3, activation="relu6"), layers.Dense(2)),
    "conv_same": lambda: sequential((8, 7, 3), layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")),
    "conv_valid": lambda: sequential((8, 7, 3), layers.Conv2D(4, (2, 3), activation="tanh")),
    "conv_dilated": lambda: sequential((9, 9, 2), layers.Conv2D(3, 3, dilation_rate=2)),
    "conv_1d": lambda: sequential((12, 3), layers.Conv1D(4, 3, strides=2), layers.Conv1D(2, 2, padding="causal")),
    "conv_1d_dilated": lambda: sequential((9, 2), layers.Conv1D(3, 3, dilation_rate=2, padding="causal")),
    "conv_groups": lambda: sequential((6, 6, 4), layers.Conv2D(6, 3, groups=2)),
    "depthwise": lambda: sequential((7, 7, 3), layers.DepthwiseConv2D(3, depth_multiplier=2, activation="relu6")),
    "separable": separable,
    "pools": lambda: sequential(
        (9, 8, 2), layers.MaxPooling2D(3, 2, padding="same"), layers.AveragePooling2D(2, 1, padding="same")
    ),
    "pool_1d": lambda: sequential((11, 2), layers.MaxPooling1D(3, 2), layers.AveragePooling1D(2)),
    "branches": branches,
    "unrolled_gru": lambda: sequential((4, 3), layers.GRU(5, unroll=True), layers.Dense(2)),
    "unrolled_lstm": lambda: sequential((4, 3), layers.LSTM(5, unroll=True, return_sequences=True)),
    "layer_norm": lambda: sequential((4, 6), layers.LayerNormalization(), layers.Flatten(), layers.Dense(2)),
    **{name: lambda name=name: rank_one(name) for name in ("relu", "relu6", "sigmoid", "tanh", "elu", "softmax")},
    **{name: lambda name=name: rank_one(name) for name in ("gelu", "silu", "softplus", "selu", "log_softmax")},
    "selu_where_exp_overflows": lambda: unary(lambda x: tf.nn.selu(200.0 * x)),
    "relu_with_threshold": lambda: sequential((9,), layers.ReLU(max_value=0.7, negative_slope=0.1, threshold=0.2)),
    "selections": lambda: function(
        lambda x, y: tf.where((x <= y) & ~(x < 0.0), x, tf.where((y >= 0.3) | (x > 0.5), x - y, 2.0 * y)),
        (1, 9),
        (1, 9),
    ),
    "gelu_tanh": lambda: unary(lambda x: tf.nn.gelu(3.0 * x, approximate=True)),
    "leaky_relu": lambda: unary(lambda x: tf.nn.leaky_relu(x, 0.3)),
    "prelu": lambda: sequential((4, 4, 3), layers.PReLU(keras.initializers.RandomUniform(), shared_axes=[1, 2])),
    "hard_swish": lambda: unary(lambda x: 6.0 * x * tf.nn.relu6(6.0 * x + 3.0) / 6.0),
    "softmax_beta": lambda: unary(lambda x: tf.nn.softmax(4.0 * x)),
    "exp_log": lambda: unary(lambda x: tf.math.log(tf.exp(x) + 1.5)),
    "roots": lambda: unary(lambda x: tf.sqrt(tf.abs(x)) - tf.math.rsqrt(tf.square(x) + 0.5)),
    "powers": lambda: unary(lambda x: -(x**3) + tf.pow(tf.abs(x) + 0.1, 0.5)),
    "l2_normalize": lambda: unary(lambda x: tf.math.l2_normalize(x, axis=-1)),
    "squared_difference": lambda: unary(lambda x: tf.math.squared_difference(x, tf.reverse(x, [2]))),
    "arithmetic": lambda: function(
        lambda x, y: tf.nn.relu(x + y) * (x - 0.5) / (tf.abs(y) + 1.0) + tf.minimum(x, y), (1, 4, 3), (4, 1)
    ),
    "clip": lambda: unary(lambda x: tf.clip_by_value(3.0 * x, -1.0, 1.0) + tf.maximum(x, 0.2)),
    "concat_split": lambda: unary(lambda x: tf.concat([2.0 * part for part in tf.split(x, [3, 1, 4], 2)][::-1], 2)),
    "split_even": lambda: unary(lambda x: tf.add_n(tf.split(x, 4, 2))),
    "pack_unpack": lambda: unary(lambda x: tf.stack([row + 1.0 for row in tf.unstack(x, axis=1)], axis=-1)),
    "strided_slice": lambda: unary(lambda x: 2.0 * x[:, ::-2, 1:7:3] + x[:, 0, tf.newaxis, 3:5]),
    "slice": lambda: unary(lambda x: 2.0 * tf.slice(x, [0, 1, 2], [1, 2, -1])),
    "transpose": lambda: unary(lambda x: tf.transpose(x, [2, 0, 1]) * 2.0),
    "expand_squeeze": lambda: unary(lambda x: tf.squeeze(2.0 * tf.expand_dims(x, 2), [0, 2])),
    "pad": lambda: unary(
        lambda x: tf.pad(tf.pad(x, [[0, 0], [1, 0], [2, 1]]), [[0, 0], [0, 1], [1, 0]], constant_values=3.0)
    ),
    "mirror_pad": lambda: unary(
        lambda x: tf.pad(tf.pad(x, [[0, 0], [2, 1], [0, 3]], "REFLECT"), [[0, 0], [2, 2], [1, 3]], "SYMMETRIC")
    ),
    "reductions": lambda: unary(
        lambda x: tf.reduce_mean(x, [1, 2]) + tf.reduce_sum(x, [0, 2])[0] * tf.reduce_max(x, 2) - tf.reduce_min(x)
    ),
    "gather": lambda: unary(lambda x: tf.gather(x, [[2, 0], [1, 1]], axis=1) * 2.0),
    "tile": lambda: unary(lambda x: tf.tile(x, [1, 2, 3]) * tf.broadcast_to(x[:, :1, :1], [1, 6, 24])),
    "batch_matmul": lambda: function(matmul, (2, 3, 4), (2, 5, 4)),
    "computed_weights": lambda: function(matmul, (3, 4), (5, 4)),
    "folded_shapes": lambda: unary(lambda x: tf.reshape(2.0 * x, [tf.shape(x)[0], -1])),
}
BY_HAND: Mapping[str, bytes] = {
    "rnn": by_hand.rnn(6, 3, 4),
    "rnn_time_major": by_hand.rnn(5, 3, 4, time_major=True),
    "lstm": by_hand.lstm(6, 3, 4),
    "lstm_time_major": by_hand.lstm(5, 3, 4, time_major=True),
}
FLOAT16 = ("dense_stack", "separable")
NAMES = (*CASES, *BY_HAND, *(f"{name}_float16" for name in FLOAT16))


@pytest.fixture(scope="session")
def contents() -> Mapping[str, bytes]:
    """Every model's file, by name."""
    made = {name: convert(build()) for name, build in CASES.items()}
    return {**made, **BY_HAND, **{f"{name}_float16": convert(CASES[name](), "float16") for name in FLOAT16}}


@pytest.fixture(scope="session")
def networks(contents: Mapping[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, CNetwork]:
    """Every model compiled, in one library."""
    folder = tmp_path_factory.mktemp("tflite")
    graphs = [load(save(folder, name, content)) for name, content in contents.items()]
    return build_batch([compile_graph(graph, f"m_{graph.name}") for graph in graphs], folder)


@pytest.mark.parametrize("name", NAMES)
def test_c_computes_what_the_interpreter_computes(
    name: str, contents: Mapping[str, bytes], networks: Mapping[str, CNetwork]
) -> None:
    network = networks[f"m_{name}"]
    rows = np.random.default_rng(7).uniform(-1.0, 1.0, (ROWS, network.network.plan.in_len)).astype(np.float32)
    expected = interpret(contents[name], rows)
    found = network.run(rows)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= TOLERANCE * np.ptp(expected)


def test_stateful_carries_the_state_as_the_interpreter_does(tmp_path: Path) -> None:
    """One time step a call: the interpreter keeps its state tensors until they are reset."""
    content = by_hand.lstm(1, 3, 4)
    graph = load(save(tmp_path, "step", content), ImportOptions(stateful=True))
    assert len(graph.states) == 2
    rows = np.random.default_rng(3).uniform(-1.0, 1.0, (12, 3)).astype(np.float32)
    expected = interpret(content, rows, reset=False)
    assert np.abs(run(graph, rows) - expected).max() <= TOLERANCE * np.ptp(expected)


def test_stateful_needs_one_step_and_a_state(tmp_path: Path, contents: Mapping[str, bytes]) -> None:
    for name, said in (("lstm", "one time step"), ("dense_stack", "carries a state")):
        with pytest.raises(UnsupportedError, match=said):
            load(save(tmp_path, name, contents[name]), ImportOptions(stateful=True))


def test_dynamic_range_weights_are_multiplied_by_their_scales(tmp_path: Path) -> None:
    """The float result: the interpreter's own kernel also rounds its inputs to 8 bits, which is why it lies apart."""
    content = convert(sequential((48,), layers.Dense(32, activation="relu")), "dynamic")
    graph = load(save(tmp_path, "dynamic", content))
    interpreter = tf.lite.Interpreter(model_content=content)
    (weights,) = (one for one in interpreter.get_tensor_details() if one["dtype"] == np.int8)
    scales = weights["quantization_parameters"]["scales"].reshape(-1, 1)
    rows = np.random.default_rng(4).uniform(-1.0, 1.0, (ROWS, 48)).astype(np.float32)
    expected = np.maximum(rows @ (interpreter.get_tensor(weights["index"]) * scales).T, 0.0)
    assert np.abs(run(graph, rows) - expected).max() <= TOLERANCE * np.ptp(expected)
    assert np.abs(interpret(content, rows) - expected).max() <= 0.02 * np.ptp(expected)


def test_dynamic_range_convolutions_lie_near_the_interpreter(tmp_path: Path) -> None:
    stack = (layers.Conv2D(16, 3, activation="relu"), layers.DepthwiseConv2D(3), layers.Conv2D(32, 3))
    content = convert(sequential((8, 8, 16), *stack), "dynamic")
    details = tf.lite.Interpreter(model_content=content).get_tensor_details()
    assert sum(one["dtype"] == np.int8 for one in details) >= 2
    rows = np.random.default_rng(6).uniform(-1.0, 1.0, (ROWS, 8 * 8 * 16)).astype(np.float32)
    expected = interpret(content, rows)
    found = run(load(save(tmp_path, "dynamic", content)), rows)
    assert np.abs(found - expected).max() <= 0.03 * np.ptp(expected)


def test_weights_used_at_every_step_of_an_unrolled_layer_are_stored_once(networks: Mapping[str, CNetwork]) -> None:
    tensors = networks["m_unrolled_gru"].network.graph.tensors.values()
    assert sum(one.data.size for one in tensors if one.data is not None) < 2 * (3 * 5 * (3 + 5 + 2) + 12)


def test_every_operator_without_a_kernel_is_named_at_once(tmp_path: Path) -> None:
    compute = function(lambda x: tf.sin(x) + tf.floor(x) + tf.nn.relu(x) + tf.cos(x), (1, 4))
    with pytest.raises(UnsupportedError) as caught:
        load(save(tmp_path, "trigonometry", convert(compute)))
    for said in ("trigonometry.tflite", "SIN", "FLOOR", "COS"):
        assert said in str(caught.value)
    assert "RELU" not in str(caught.value)


def test_a_loop_is_refused_with_what_works(tmp_path: Path) -> None:
    path = save(tmp_path, "loop", convert(sequential((4, 3), layers.GRU(5), layers.Dense(2))))
    with pytest.raises(UnsupportedError, match=r"WHILE .*unroll=True"):
        load(path)


def test_peepholes_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="peephole"):
        load(save(tmp_path, "peephole", by_hand.lstm(3, 2, 2, peephole=True)))


def test_an_axis_of_unknown_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="fixed input shape"):
        load(save(tmp_path, "free", convert(function(lambda x: 2.0 * x, (1, None)))))


def test_a_keras_model_converted_directly_has_a_free_batch(tmp_path: Path) -> None:
    """Its shapes are computed at run time from the batch, which is 1 here."""
    keras.utils.set_random_seed(2)
    stack = (layers.Conv1D(4, 3, dilation_rate=2, padding="causal"), layers.Flatten(), layers.Dense(3))
    model = keras.Sequential([layers.Input((8, 2)), *stack])
    content = tf.lite.TFLiteConverter.from_keras_model(model).convert()
    graph = load(save(tmp_path, "direct", content))
    rows = np.random.default_rng(5).uniform(-1.0, 1.0, (ROWS, 16)).astype(np.float32)
    expected = interpret(content, rows)
    assert np.abs(run(graph, rows) - expected).max() <= TOLERANCE * np.ptp(expected)


def test_a_file_of_two_signatures_is_refused(tmp_path: Path) -> None:
    module = tf.Module()
    module.one, module.two = (
        tf.function(compute, input_signature=[tf.TensorSpec((1, 3), tf.float32)]) for compute in (tf.tanh, tf.nn.relu)
    )
    concrete = [module.one.get_concrete_function(), module.two.get_concrete_function()]
    tf.saved_model.save(module, tmp_path / "saved", signatures=dict(zip(("one", "two"), concrete, strict=True)))
    content = tf.lite.TFLiteConverter.from_saved_model(str(tmp_path / "saved")).convert()
    with pytest.raises(UnsupportedError, match="2 subgraphs"):
        load(save(tmp_path, "two", content))


def test_a_flex_operator_is_refused_by_name(tmp_path: Path) -> None:
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function(tf.math.erf, (1, 4))])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
    with pytest.raises(UnsupportedError, match=r"FlexErf.*builtin operators only"):
        load(save(tmp_path, "flex", converter.convert()))


@pytest.mark.emulator
def test_the_core_gives_the_bits_of_the_generic_build(networks: Mapping[str, CNetwork], tmp_path: Path) -> None:
    assert apart_in_the_core([one.network for one in networks.values()], tmp_path) == []
