"""Damaged and hostile TensorFlow Lite files: a graph or an error that names the file, never anything else."""

import struct
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow")

import tensorflow as tf

from nn4mc.errors import ModelError, Nn4mcError, UnsupportedError
from nn4mc.importers import load
from nn4mc.importers.limits import Limits
from nn4mc.importers.options import ImportOptions
from nn4mc.importers.tflite_flatbuffer import Table, root
from tests.importers import tflite_by_hand as by_hand
from tests.importers.tflite_models import convert, function, save

MUTATIONS = 300
WORDS = (0, 1, 2, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFC, 0x00010000)


def _network(x: tf.Tensor) -> tf.Tensor:
    rng = np.random.default_rng(0)
    weights = [rng.normal(0.0, 0.5, shape).astype(np.float32) for shape in ((3, 3, 2, 4), (16, 5))]
    x = tf.nn.relu6(tf.nn.conv2d(x, weights[0], 2, "SAME"))
    x = tf.concat([x[:, ::-1], tf.reduce_mean(x, [1, 2], keepdims=True) * x], 2)
    return tf.nn.softmax(tf.reshape(x, [2, 16]) @ weights[1])


@pytest.fixture(scope="module")
def originals() -> dict[str, bytes]:
    """A float and an int8 model."""
    concrete = function(_network, (1, 4, 4, 2))
    return {"float": convert(concrete), "int8": convert(concrete, "int8")}


def mutated(content: bytes, seed: int) -> bytes:
    """A shorter file, a few bytes changed, or a word replaced by one that offsets and sizes dislike."""
    rng = np.random.default_rng(seed)
    changed = bytearray(content)
    if seed % 3 == 0:
        return bytes(changed[: rng.integers(0, len(changed))])
    if seed % 3 == 1:
        for place in rng.integers(0, len(changed), rng.integers(1, 8)):
            changed[place] = rng.integers(0, 256)
        return bytes(changed)
    for place in rng.integers(0, len(changed) - 4, rng.integers(1, 3)) & ~3:
        changed[place : place + 4] = struct.pack("<I", rng.choice((*WORDS, len(changed), len(changed) - 4)))
    return bytes(changed)


@pytest.mark.parametrize("kind", ["float", "int8"])
def test_a_mutated_file_gives_a_graph_or_an_error_that_names_it(
    kind: str, originals: dict[str, bytes], tmp_path: Path
) -> None:
    outcomes = {"graph": 0, "error": 0}
    for seed in range(MUTATIONS):
        path = save(tmp_path, "mutated", mutated(originals[kind], seed))
        try:
            load(path)
            outcomes["graph"] += 1
        except ModelError as error:
            assert str(path) in str(error), f"seed {seed}"
            outcomes["error"] += 1
    assert outcomes["error"] > MUTATIONS // 2
    assert outcomes["graph"] > 0


@pytest.mark.parametrize("kind", ["float", "int8"])
def test_every_cut_file_is_refused_or_read(kind: str, originals: dict[str, bytes], tmp_path: Path) -> None:
    """A flatbuffer is written back to front: what is cut off its end is mostly weights and tables near the root."""
    content = originals[kind]
    for length in range(0, len(content), 37):
        try:
            load(save(tmp_path, "cut", content[:length]))
        except Nn4mcError as error:
            assert "cut.tflite" in str(error)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a TensorFlow Lite model"),
        (b"\x00" * 64, "not a TensorFlow Lite model"),
        (b"\xff\xff\xff\xffTFL3" + b"\x00" * 64, "damaged"),
        (b"\x08\x00\x00\x00TFL3" + b"\x00" * 64, "damaged|version"),
    ],
)
def test_what_is_not_a_model_is_said_so(content: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=said):
        load(save(tmp_path, "nonsense", content))


def test_caps_hold_and_can_be_raised(originals: dict[str, bytes], tmp_path: Path) -> None:
    path = save(tmp_path, "float", originals["float"])
    for limits in (Limits(parameters=100), Limits(nodes=3), Limits(file_bytes=500)):
        with pytest.raises(ModelError, match="limit"):
            load(path, ImportOptions(limits))
    assert load(path).nodes


def test_a_long_and_hostile_name_is_cut(tmp_path: Path) -> None:
    writer = by_hand.Writer()
    x = writer.tensor("x*/\n{{ 7 }}\\" + "é" * 10_000, (1, 4))
    y = writer.tensor("*/", (1, 4))
    writer.operator(by_hand.schema.BuiltinOperator.RELU, [x], [y], 0, None)
    graph = load(save(tmp_path, "names", writer.finish([x], [y])))
    assert max(len(name) for name in graph.tensors) < 250


@pytest.mark.parametrize("outputs", [["x"], ["constant"]])
def test_an_output_that_is_an_input_or_a_constant(outputs: list[str], tmp_path: Path) -> None:
    writer = by_hand.Writer()
    tensors = {"x": writer.tensor("x", (1, 4)), "constant": writer.tensor("c", (4,), np.ones(4))}
    y = writer.tensor("y", (1, 4))
    writer.operator(by_hand.schema.BuiltinOperator.RELU, [tensors["x"]], [y], 0, None)
    path = save(tmp_path, "outputs", writer.finish([tensors["x"]], [y, *(tensors[name] for name in outputs)]))
    if outputs == ["x"]:
        assert len(load(path).outputs) == 2
    else:
        with pytest.raises(ModelError, match="does not depend on an input"):
            load(path)


def test_operators_that_share_everything_do_not_multiply_work(tmp_path: Path) -> None:
    """A small file can name the same large tensors thousands of times: what is made of it is capped."""
    writer = by_hand.Writer()
    x = writer.tensor("x", (1, 1000))
    weights = writer.tensor("w", (1000, 1000), np.ones((1000, 1000)))
    options = by_hand.schema.FullyConnectedOptionsT()
    for _ in range(200):
        y = writer.tensor("y", (1, 1000))
        code, kind = by_hand.schema.BuiltinOperator.FULLY_CONNECTED, by_hand.schema.BuiltinOptions.FullyConnectedOptions
        writer.operator(code, [x, weights, -1], [y], kind, options)
        x = y
    with pytest.raises(ModelError, match="limit"):
        load(save(tmp_path, "shared", writer.finish([0], [x])))


def test_uint8_and_16_bit_models_are_refused_with_advice(tmp_path: Path) -> None:
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function(tf.nn.relu, (1, 4))])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([np.ones((1, 4), np.float32) * i] for i in range(-3, 3))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.uint8
    with pytest.raises(UnsupportedError, match=r"UINT8: convert with int8"):
        load(save(tmp_path, "uint8", converter.convert()))


def test_fields_are_read_within_their_table() -> None:
    """A vtable that points outside its table, or a table outside the file, is damage."""
    whole = struct.pack("<I4sHHHHiI", 16, b"TFL3", 6, 8, 4, 0, 8, 7)
    assert root(whole, b"TFL3", {"a": 0}, "f").number("a", "I") == 7
    assert root(whole, b"TFL3", {"a": 0, "b": 1}, "f").number("b", "I", 5) == 5
    beyond = struct.pack("<I4sHHHHiI", 16, b"TFL3", 6, 8, 6, 0, 8, 7)
    with pytest.raises(ModelError, match="damaged"):
        root(beyond, b"TFL3", {"a": 0}, "f").number("a", "I")
    with pytest.raises(ModelError, match="damaged"):
        Table(whole, 4_000, {"a": 0}, "f").number("a", "I")
