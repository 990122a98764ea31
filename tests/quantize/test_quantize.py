"""The pass and its C: what becomes of each layer, how far it is from float, and that the C is what the graph says."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.networks import NETWORKS
from nn4mc.api import Network, compile_graph
from nn4mc.errors import ConfigError, ModelError
from nn4mc.importers import load
from nn4mc.ir import Graph, Tensor
from nn4mc.passes import lower
from nn4mc.quantize import Quantized, Quantizing, Recording, Scheme, calibrate, quantize
from nn4mc.quantize.report import measure, sensitivities
from nn4mc.reference import run
from nn4mc.verify import verify
from tests.c_batch import CNetwork, build_batch
from tests.quantize.models import MODELS, gru, inputs_for, perceptron, pooled, recording

SCHEMES = (Scheme(), Scheme("int8", "int16"), Scheme("int16", "int16"))
# Of the largest output: 8 bits are 0.4 % of a weight or a value, a few layers of them, and what a relu6 or tanh clips.
LARGEST_ERROR = {"int8": 0.06, "int16": 6e-4}
schemes = pytest.mark.parametrize("scheme", SCHEMES, ids=lambda one: f"{one.weights}-{one.activations}")


def quantized(graph: Graph, scheme: Scheme) -> Quantized:
    lowered = lower(graph)
    return quantize(lowered, calibrate(lowered, [recording(graph)]), scheme)


def named(scheme: Scheme, graph: Graph) -> str:
    return f"{graph.name}_{scheme.weights}_{scheme.activations}"


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, CNetwork]:
    """Every model in every scheme, in one library."""
    made: list[Network] = []
    for make in (*MODELS, *NETWORKS.values()):
        graph = make()
        for scheme in SCHEMES:
            asked = Quantizing(scheme, (recording(graph),))
            made.append(compile_graph(graph, named(scheme, graph), quantizing=asked))
    return build_batch(made, tmp_path_factory.mktemp("quantized"))


@schemes
@pytest.mark.parametrize("make", [*MODELS, *NETWORKS.values()], ids=lambda one: one.__name__)
def test_c_is_what_the_graph_says_and_close_to_float(
    make: Callable[[], Graph], scheme: Scheme, networks: Mapping[str, CNetwork]
):
    graph = make()
    c = networks[named(scheme, graph)]
    rows = inputs_for(graph, 60, seed=9)
    exact, expected, found = run(lower(graph), rows), run(c.network.graph, rows), c.run(rows)
    assert np.abs(found - expected).max() < 2e-4, "roundings to int16 steps that fall the other way"
    assert c.selftest() <= c.network.emitted.golden.limit < 1e-2
    largest = LARGEST_ERROR[scheme.weights if scheme.activations == "int16" else "int8"]
    assert scheme.weights == "int16" or np.abs(expected - exact).max() > 1e-5, "it was quantised"
    bound = largest if scheme.activations == scheme.weights else LARGEST_ERROR["int8"]
    assert np.abs(found - exact).max() <= bound * np.abs(exact).max()


def operators(made: Quantized) -> dict[str, str]:
    return {node.name: node.op for node in made.graph.nodes}


def test_a_perceptron_stays_in_int8_between_its_ends():
    made = quantized(perceptron(), Scheme())
    assert operators(made) == {"first": "q_dense", "second": "q_dense", "third": "q_dense", "last": "q_dense_float"}
    types = {name: made.graph.tensors[made.layers[name].makes].dtype for name in made.layers}
    assert types == {"first": "int8", "second": "int8", "third": "int8", "last": "float32"}
    tables = {node.name: len(node.inputs) == 6 for node in made.graph.nodes if node.op == "q_dense"}
    assert tables == {"first": True, "second": False, "third": True}


def test_int16_activations_take_limits_in_integers_and_functions_in_float():
    made = quantized(perceptron(), Scheme("int8", "int16"))
    assert operators(made)["first"] == "q_dense_float", "tanh has no table of int16"
    assert operators(made)["second"] == "q_dense"
    assert made.graph.tensors[made.layers["second"].makes].dtype == "int16"


def test_what_lies_between_two_layers_stays_in_int8():
    made = quantized(pooled(), Scheme())
    found = operators(made)
    assert found["leak"] == "q_table" and found["pool"] == "q_pool" and found["turn"] == "reverse"
    inner = [tensor for tensor in made.graph.tensors.values() if tensor.data is None and tensor.dtype == "int8"]
    assert len(inner) == 6
    assert [node.op for node in made.graph.nodes].count("to_steps") == 1


def test_a_layer_kept_float_is_the_float_layer_and_its_neighbours_adapt():
    made = quantized(perceptron(), Scheme(keep_float=frozenset({"second"})))
    assert operators(made)["first"] == "q_dense_float"
    assert operators(made)["second"] == "dense"
    assert operators(made)["third"] == "q_dense"
    assert made.kept == {"second": "asked for"}
    assert "second" not in made.layers


def test_every_layer_kept_but_one_is_closer_to_float_than_none():
    graph = perceptron()
    rows, exact = inputs_for(graph, 60, seed=3), run(lower(graph), inputs_for(graph, 60, seed=3))
    all_of_it = run(quantized(graph, Scheme()).graph, rows)
    one = run(quantized(graph, Scheme(keep_float=frozenset({"first", "second", "third"}))).graph, rows)
    assert np.abs(one - exact).max() < np.abs(all_of_it - exact).max()


def test_names_that_are_not_there_and_nothing_left_are_said():
    with pytest.raises(
        ConfigError, match=re.escape("no layer 'frist' to keep float. Layers with weights: first, second")
    ):
        quantized(perceptron(), Scheme(keep_float=frozenset({"frist"})))
    with pytest.raises(ModelError, match="no layer to quantise"):
        quantized(perceptron(), Scheme(keep_float=frozenset({"first", "second", "third", "last"})))
    with pytest.raises(ConfigError, match="int16 weights with int8 activations"):
        Scheme("int16", "int8")
    with pytest.raises(ConfigError, match="--calibrate FILE"):
        compile_graph(perceptron(), quantizing=Quantizing())


def without(graph: Graph, change: Callable[[Tensor], np.ndarray]) -> Graph:
    """Return a graph with its constants changed."""
    tensors = {
        name: replace(tensor, data=change(tensor).astype(np.float32)) if tensor.data is not None else tensor
        for name, tensor in graph.tensors.items()
    }
    return replace(graph, tensors=tensors)


@schemes
@pytest.mark.parametrize("make", MODELS, ids=lambda one: one.__name__)
def test_weights_of_zero_give_the_biases(make: Callable[[], Graph], scheme: Scheme):
    graph = without(make(), lambda tensor: np.zeros(tensor.shape) if len(tensor.shape) > 1 else tensor.data)
    made, rows = quantized(graph, scheme), inputs_for(graph, 5)
    exact = run(lower(graph), rows)
    assert np.abs(run(made.graph, rows) - exact).max() <= LARGEST_ERROR[scheme.activations] * np.abs(exact).max() + 1e-9


@schemes
@pytest.mark.parametrize("make", MODELS, ids=lambda one: one.__name__)
def test_all_constants_zero_give_zero(make: Callable[[], Graph], scheme: Scheme):
    graph = without(make(), lambda tensor: np.zeros(tensor.shape))
    assert not run(quantized(graph, scheme).graph, inputs_for(graph, 5)).any()


@schemes
def test_inputs_that_were_always_zero_or_constant_do_no_harm(scheme: Scheme):
    graph = perceptron()
    rows = inputs_for(graph)
    rows[:, 0], rows[:, 1] = 0.0, 0.5
    lowered = lower(graph)
    for given in (rows, np.zeros_like(rows)):
        made = quantize(lowered, calibrate(lowered, [Recording("r", given)]), scheme)
        exact = run(lowered, given)
        limit = LARGEST_ERROR[scheme.activations if scheme.weights == "int16" else "int8"]
        assert np.abs(run(made.graph, given) - exact).max() <= limit * np.abs(exact).max()


@schemes
def test_no_input_leaves_the_range(scheme: Scheme):
    """Far beyond the calibrated range inputs saturate: finite answers, never a sum that wraps around."""
    graph = perceptron()
    made, rows = quantized(graph, scheme).graph, inputs_for(graph, 5)
    far, farther = run(made, 1e6 * rows), run(made, 1e30 * rows)
    assert np.isfinite(far).all()
    np.testing.assert_array_equal(far, farther)


def test_a_bias_far_above_its_weights_survives():
    graph = perceptron()
    tensors = dict(graph.tensors)
    name = "last_w"
    tensors[name] = replace(tensors[name], data=tensors[name].data * np.float32(1e-12))
    tiny = replace(graph, tensors=tensors)
    exact = run(lower(tiny), inputs_for(tiny, 5))
    np.testing.assert_allclose(run(quantized(tiny, Scheme()).graph, inputs_for(tiny, 5)), exact, rtol=1e-6)


def test_a_quantised_model_is_not_quantised_again():
    graph = lower(perceptron())
    tensors = {**graph.tensors, "x": replace(graph.tensors["x"], dtype="int8")}
    with pytest.raises(ModelError, match="quantised already"):
        calibrate(replace(graph, tensors=tensors), [recording(perceptron())])


def test_the_report_measures_what_the_graphs_do():
    graph = gru()
    made, one = quantized(graph, Scheme()), recording(graph)
    found = measure(made, [one], [0])
    difference = run(made.graph, one.rows) - run(made.original, one.rows)
    assert found.output.rms == pytest.approx(np.sqrt(np.mean(difference**2)))
    assert found.output.largest == pytest.approx(np.abs(difference).max())
    assert [layer.name for layer in found.layers] == ["first", "gru", "last"]
    assert all(0 < layer.weight_error < 0.01 and layer.output.sqnr_db > 25 for layer in found.layers)
    assert all(layer.saturated == 0.0 for layer in found.layers), "calibrated on the same inputs"
    doubled = measure(made, [Recording("far", 8 * one.rows)], [0])
    assert doubled.layers[0].saturated > 0.3, "three of four uniform inputs lie beyond twice the calibrated range"


def test_sensitivities_are_those_of_one_layer_at_a_time():
    graph = gru()
    made, one = quantized(graph, Scheme()), recording(graph)
    exact = run(made.original, one.rows)
    for found in sensitivities(made, Scheme(), [one], [0]):
        others = frozenset(made.layers) - {found.name}
        alone = run(quantized(graph, Scheme(keep_float=others)).graph, one.rows)
        assert found.alone == pytest.approx(np.sqrt(np.mean((alone - exact) ** 2)))
        assert found.all_but_it < measure(made, [one], [0]).output.rms * 1.5


@schemes
def test_raptor_passes_verify_and_its_own_test(scheme: Scheme, tmp_path: Path):
    graph = load("raptor")
    network = compile_graph(graph, quantizing=Quantizing(scheme))
    assert verify(network, steps=200).passed
    assert graph.source.examples is not None
    exact, found = run(lower(graph), graph.source.examples), run(network.graph, graph.source.examples)
    error = np.sqrt(np.mean((exact - found) ** 2)) / np.sqrt(np.mean(exact**2))
    assert error < (0.012 if scheme.weights == "int8" else 3e-4)
