"""Files of Keras 2, written by hand: the same graph as Keras 3's file of the same net, but where the two differ."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nn4mc.importers import load
from nn4mc.ir import Graph
from nn4mc.reference import run
from tests.importers.keras_files import entry, sequential, start, write_keras, write_keras_2

RNG = np.random.default_rng(0)


def draw(*shape: int) -> np.ndarray[Any, Any]:
    return RNG.normal(size=shape).astype(np.float32)


def old(kind: str, name: str, /, calls: Any = None, **config: Any) -> dict[str, Any]:
    """Return a layer of Keras 2 in JSON."""
    made = {"class_name": kind, "config": {"name": name, "trainable": True, "dtype": "float32", **config}}
    return made if calls is None else {**made, "name": name, "inbound_nodes": calls}


def old_input(*shape: int, name: str = "x") -> dict[str, Any]:
    return old("InputLayer", name, calls=[], batch_input_shape=[None, *shape], sparse=False, ragged=False)


def same(one: Graph, other: Graph) -> bool:
    """Whether two graphs have the same nodes and constants."""
    names = list(one.tensors) == list(other.tensors) and one.nodes == other.nodes
    return names and all(
        tensor.data is None or np.array_equal(tensor.data, other.tensors[name].data)
        for name, tensor in one.tensors.items()
    )


def answer(graph: Graph, *inputs: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return run(graph, np.concatenate([one.ravel() for one in inputs])[None])[0]


def test_sequential_of_both_versions_is_one_graph(tmp_path: Path) -> None:
    kernel, bias, depth, point, slope = draw(3, 2, 4), draw(4), draw(3, 4, 2), draw(1, 8, 3), draw(1, 3)
    statistics = [np.abs(draw(4)) for _ in range(4)]
    gru, recurrent, both = draw(3, 6), draw(2, 6), draw(2, 6)
    conv = {"filters": 4, "kernel_size": [3], "strides": [1], "padding": "same", "activation": "relu"}
    separable = {"filters": 3, "kernel_size": [3], "depth_multiplier": 2, "use_bias": False, "activation": "linear"}
    memory = {"units": 2, "activation": "tanh", "recurrent_activation": "sigmoid", "reset_after": True}
    layers = [
        ("Conv1D", "c", conv),
        ("BatchNormalization", "b", {"axis": [2], "epsilon": 0.01}),
        ("SeparableConv1D", "s", separable),
        ("PReLU", "p", {"shared_axes": [1]}),
        ("GRU", "g", memory),
    ]
    new = sequential(start(8, 2), *(entry(kind, name, **config) for kind, name, config in layers))
    numbered = {
        "layers/conv1d": [kernel, bias],
        "layers/batch_normalization": statistics,
        "layers/separable_conv1d": [depth, point],
        "layers/p_re_lu": [slope],
        "layers/gru/cell": [gru, recurrent, both],
    }
    named = {
        "c": {"c/kernel:0": kernel, "c/bias:0": bias},
        "b": dict(zip(["b/gamma:0", "b/beta:0", "b/moving_mean:0", "b/moving_variance:0"], statistics, strict=True)),
        "s": {"s/depthwise_kernel:0": depth, "s/pointwise_kernel:0": point},
        "p": {"p/alpha:0": slope},
        "g": {"g/gru_cell/kernel:0": gru, "g/gru_cell/recurrent_kernel:0": recurrent, "g/gru_cell/bias:0": both},
    }
    first, *others = [old(kind, name, **config) for kind, name, config in layers]
    first["config"]["batch_input_shape"] = [None, 8, 2]
    config = {"class_name": "Sequential", "config": {"name": "net", "layers": [first, *others]}}
    one = load(write_keras(tmp_path / "net.keras", new, numbered))
    assert same(one, load(write_keras_2(tmp_path / "net.h5", config, named)))
    oldest = {"class_name": "Sequential", "config": [first, *others]}
    assert len(load(write_keras_2(tmp_path / "oldest.h5", oldest, named, "2.1.0")).nodes) == len(one.nodes)


def test_functional_calls_shared_layers_and_constants(tmp_path: Path) -> None:
    kernel, bias = draw(3, 3), draw(3)
    layers = [
        old_input(3, name="a"),
        old_input(3, name="b"),
        old("Dense", "d", units=3, activation="linear", calls=[[["a", 0, 0, {}]], [["b", 0, 0, {}]]]),
        old("Add", "sum", calls=[[["d", 0, 0, {}], ["d", 1, 0, {}]]]),
        old(
            "TFOpLambda",
            "tf.math.subtract",
            function="math.subtract",
            calls=[["_CONSTANT_VALUE", -1, 1.0, {"y": ["sum", 0, 0]}]],
        ),
        old(
            "TFOpLambda",
            "tf.mul",
            function="math.multiply",
            calls=[["tf.math.subtract", 0, 0, {"y": 2.0, "name": None}]],
        ),
    ]
    config = {
        "name": "net",
        "layers": layers,
        "input_layers": [["a", 0, 0], ["b", 0, 0]],
        "output_layers": [["tf.mul", 0, 0]],
    }
    path = tmp_path / "net.h5"
    graph = load(
        write_keras_2(path, {"class_name": "Model", "config": config}, {"d": {"d/kernel:0": kernel, "d/bias:0": bias}})
    )
    a, b = draw(3), draw(3)
    expected = 2.0 * (1.0 - (a @ kernel + bias + b @ kernel + bias))
    assert np.allclose(answer(graph, a, b), expected, atol=1e-6)


def test_nested_weights_stand_trained_first_and_calls_count_from_one(tmp_path: Path) -> None:
    inner = [
        old("InputLayer", "i", batch_input_shape=[None, 3]),
        old("BatchNormalization", "n", axis=[1], epsilon=0.0),
        old("Dense", "frozen", units=3, activation="linear", use_bias=False),
        old("Dense", "d", units=3, activation="linear", use_bias=False),
    ]
    inner[2]["config"]["trainable"] = False
    nested = {"class_name": "Sequential", "config": {"name": "inner", "layers": inner}}
    layers = [
        old_input(3),
        {**nested, "name": "inner", "inbound_nodes": [[["x", 0, 0, {}]], [["inner", 1, 0, {}]]]},
    ]
    config = {"name": "net", "layers": layers, "input_layers": [["x", 0, 0]], "output_layers": [["inner", 2, 0]]}
    gamma, beta, mean, variance = draw(3), draw(3), draw(3), np.abs(draw(3)) + 0.5
    frozen, d = draw(3, 3), draw(3, 3)
    weights = {
        "n/gamma:0": gamma,
        "n/beta:0": beta,
        "d/kernel:0": d,
        "n/moving_mean:0": mean,
        "n/moving_variance:0": variance,
        "frozen/kernel:0": frozen,
    }
    graph = load(write_keras_2(tmp_path / "net.h5", {"class_name": "Functional", "config": config}, {"inner": weights}))

    def once(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return ((x - mean) / np.sqrt(variance) * gamma + beta) @ frozen @ d

    x = draw(3)
    assert np.allclose(answer(graph, x), once(once(x)), atol=1e-4)


def test_initial_states_stand_behind_the_sequence(tmp_path: Path) -> None:
    layers = [
        old_input(4, 2),
        old_input(3, name="h"),
        old("SimpleRNN", "r", units=3, activation="tanh", calls=[[["x", 0, 0, {}], ["h", 0, 0, {}]]]),
    ]
    config = {
        "name": "net",
        "layers": layers,
        "input_layers": [["x", 0, 0], ["h", 0, 0]],
        "output_layers": [["r", 0, 0]],
    }
    kernel, recurrent, bias = draw(2, 3), draw(3, 3), draw(3)
    weights = {"r/cell/kernel:0": kernel, "r/cell/recurrent_kernel:0": recurrent, "r/cell/bias:0": bias}
    graph = load(write_keras_2(tmp_path / "net.h5", {"class_name": "Functional", "config": config}, {"r": weights}))
    x, h = draw(4, 2), draw(3)
    state = h
    for row in x:
        state = np.tanh(row @ kernel + bias + state @ recurrent)
    assert np.allclose(answer(graph, x, h), state, atol=1e-6)


@pytest.mark.parametrize(
    ("layer", "function"),
    [
        (old("Activation", "f", activation="hard_sigmoid"), lambda x: np.clip(0.2 * x + 0.5, 0, 1)),
        (old("LeakyReLU", "f", alpha=0.25), lambda x: np.where(x > 0, x, 0.25 * x)),
        (
            old("ReLU", "f", max_value=1.0, negative_slope=0.5, threshold=0.0),
            lambda x: np.where(x > 0, np.minimum(x, 1), x / 2),
        ),
        (old("ThresholdedReLU", "f", theta=0.7), lambda x: np.where(x > 0.7, x, 0.0)),
        (old("Softmax", "f", axis=-1), lambda x: np.exp(x) / np.exp(x).sum()),
    ],
)
def test_activations_where_the_versions_differ(tmp_path: Path, layer: Any, function: Any) -> None:
    config = {"class_name": "Sequential", "config": {"name": "net", "layers": [old_input(9), layer]}}
    graph = load(write_keras_2(tmp_path / "net.h5", config, {}))
    x = np.linspace(-4.0, 4.0, 9)
    assert np.allclose(answer(graph, x), function(x), atol=1e-6)


def test_version_decides_hard_sigmoid_inside_recurrent_layers(tmp_path: Path) -> None:
    config = {"units": 2, "activation": "tanh", "recurrent_activation": "hard_sigmoid"}
    weights = {f"l/{name}:0": draw(n, 8) for name, n in (("kernel", 3), ("recurrent_kernel", 2))} | {
        "l/bias:0": draw(8)
    }
    net = {
        "class_name": "Sequential",
        "config": {"name": "net", "layers": [old_input(4, 3), old("LSTM", "l", **config)]},
    }
    two, three = (load(write_keras_2(tmp_path / f"{v[0]}.h5", net, {"l": weights}, v)) for v in ("2.4.0", "3.0.0"))
    found = [
        next(node.attributes["gate_activation"] for node in graph.nodes if node.op == "lstm") for graph in (two, three)
    ]
    assert found == ["hard_sigmoid", "hard_sigmoid6"]


def test_bidirectional_without_a_backward_layer_in_the_file(tmp_path: Path) -> None:
    inner = {
        "class_name": "SimpleRNN",
        "config": {"name": "r", "units": 2, "activation": "tanh", "return_sequences": False},
    }
    layer = old("Bidirectional", "both", layer=inner, merge_mode="concat")
    arrays = [draw(3, 2), draw(2, 2), draw(2), draw(3, 2), draw(2, 2), draw(2)]
    names = [
        f"both/{way}_r/cell/{name}:0"
        for way in ("forward", "backward")
        for name in ("kernel", "recurrent_kernel", "bias")
    ]
    config = {"class_name": "Sequential", "config": {"name": "net", "layers": [old_input(4, 3), layer]}}
    path = write_keras_2(tmp_path / "net.h5", config, {"both": dict(zip(names, arrays, strict=True))})
    x = draw(4, 3)
    expected = []
    for (kernel, recurrent, bias), rows in ((arrays[:3], x), (arrays[3:], x[::-1])):
        state = np.zeros(2)
        for row in rows:
            state = np.tanh(row @ kernel + bias + state @ recurrent)
        expected.extend(state)
    assert np.allclose(answer(load(path), x), expected, atol=1e-6)


def test_files_of_a_real_keras_2(tmp_path: Path) -> None:
    keras = pytest.importorskip("tf_keras")
    layers = keras.layers
    inner = keras.Sequential(
        [
            keras.Input((6, 5)),
            layers.Conv1D(5, 3, padding="causal", activation="hard_sigmoid"),
            layers.Bidirectional(layers.LSTM(2, return_sequences=True, recurrent_activation="hard_sigmoid")),
            layers.TimeDistributed(layers.Dense(2)),
            layers.BatchNormalization(),
            layers.DepthwiseConv1D(2, depth_multiplier=2),
            layers.SeparableConv1D(2, 2),
        ],
        name="inner",
    )
    x = keras.Input((6, 5))
    _, h = layers.GRU(3, return_state=True)(x)
    model = keras.Model(x, [1.0 - layers.GRU(3)(inner(x), initial_state=h), layers.GlobalMaxPooling1D()(inner(x))])
    given = draw(1, 6, 5)
    expected = np.concatenate([np.asarray(one).ravel() for one in model(given)])
    for suffix in (".h5", ".keras"):
        model.save(tmp_path / f"net{suffix}")
        assert np.abs(answer(load(tmp_path / f"net{suffix}"), given) - expected).max() <= 1e-5 * np.ptp(expected)
