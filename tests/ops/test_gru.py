"""gru against torch.nn.GRU and the equations of Keras' GRU layer in loops; its C, its memory, and RAPTOR's."""

import math
from pathlib import Path

import numpy as np
import pytest

from nn4mc.api import Network, compile_graph, compile_model
from nn4mc.errors import GraphError
from nn4mc.importers.builder import GraphBuilder
from nn4mc.ir import Array, Node
from nn4mc.ops import operator
from nn4mc.ops.gru import from_keras_order, merge_biases
from nn4mc.passes import lower
from nn4mc.plan import Region
from nn4mc.reference import run
from tests.c_batch import build_batch
from tests.kernel_cases import SOURCE
from tests.recurrent_cases import bits_of_steps_and_window, draw, errors_of_windows, random_window, stepwise

GRU = operator("gru")
TIME, BATCH, IN, HIDDEN = 4, 2, 5, 3
SHAPES = [(TIME, BATCH, IN), (BATCH, HIDDEN), (9, IN), (9, HIDDEN), (12,)]


def node(reset_after: object = True, **attributes: object) -> Node:
    return Node("g", "gru", ("x", "h", "w", "u", "b"), ("y", "h_n"), {"reset_after": reset_after, **attributes})


def sigmoid(v: float) -> float:
    return 1 / (1 + math.exp(-v))


def dot(row: Array, vector: Array) -> float:
    return sum(float(a) * float(b) for a, b in zip(row, vector, strict=True))


def keras_gru(x: Array, h: Array, *, kernel: Array, recurrent: Array, bias: Array, reset_after: bool) -> list[float]:
    """Keras: kernel (in, 3 units) in columns z, r, h; bias (2, 3 units) if reset_after, else (3 units)."""
    input_bias, recurrent_bias = (bias[0], bias[1]) if reset_after else (bias, np.zeros(3 * HIDDEN))
    m = [dot(kernel[:, i], x) + input_bias[i] for i in range(3 * HIDDEN)]
    inner = [dot(recurrent[:, i], h) + recurrent_bias[i] for i in range(3 * HIDDEN)]
    z = [sigmoid(m[i] + inner[i]) for i in range(HIDDEN)]
    r = [sigmoid(m[HIDDEN + i] + inner[HIDDEN + i]) for i in range(HIDDEN)]
    gated = np.array([r[i] * h[i] for i in range(HIDDEN)])
    out = []
    for i in range(HIDDEN):
        at = 2 * HIDDEN + i
        hidden = r[i] * inner[at] if reset_after else dot(recurrent[:, at], gated)
        out.append(z[i] * h[i] + (1 - z[i]) * math.tanh(m[at] + hidden))
    return out


def test_is_torch_gru_in_both_directions():
    torch = pytest.importorskip("torch")
    module = torch.nn.GRU(IN, HIDDEN, bidirectional=True)
    x, h = torch.randn(TIME, BATCH, IN), torch.randn(2, BATCH, HIDDEN)
    expected, last = module(x, h)
    weights = {name: value.detach().numpy() for name, value in module.named_parameters()}
    for index, suffix in enumerate(["l0", "l0_reverse"]):
        bias = merge_biases(weights[f"bias_ih_{suffix}"], weights[f"bias_hh_{suffix}"])
        matrices = [weights[f"weight_ih_{suffix}"], weights[f"weight_hh_{suffix}"]]
        y, h_n = GRU.reference(node(reverse=bool(index)), [x.numpy(), h[index].numpy(), *matrices, bias])
        of_direction = expected[..., index * HIDDEN : (index + 1) * HIDDEN].detach().numpy()
        np.testing.assert_allclose(y, of_direction, atol=2e-6)
        np.testing.assert_allclose(h_n, last[index].detach().numpy(), atol=2e-6)


@pytest.mark.parametrize("reset_after", [True, False])
def test_is_keras_gru(reset_after: bool):
    rng = np.random.default_rng(1)
    x, h = draw(rng, TIME, IN), draw(rng, HIDDEN)
    kernel, recurrent = draw(rng, IN, 9), draw(rng, HIDDEN, 9)
    bias = draw(rng, 2, 9) if reset_after else draw(rng, 9)
    of_input, of_hidden = (bias[0], bias[1]) if reset_after else (bias, np.zeros(9, np.float32))
    merged = merge_biases(from_keras_order(of_input), from_keras_order(of_hidden))
    constants = [from_keras_order(kernel.T), from_keras_order(recurrent.T), merged]
    y, h_n = GRU.reference(node(reset_after), [x[:, np.newaxis], h[np.newaxis], *constants])
    state, arrays = h, {"kernel": kernel, "recurrent": recurrent, "bias": bias}
    for t in range(TIME):
        state = np.array(keras_gru(x[t], state, **arrays, reset_after=reset_after))
        np.testing.assert_allclose(y[t, 0], state, rtol=1e-6)
    np.testing.assert_array_equal(h_n[0], y[-1, 0])


def test_keras_gate_order_z_r_h_becomes_r_z_n():
    rows = np.array([[1.0], [2.0], [3.0]], np.float32)
    assert from_keras_order(rows).ravel().tolist() == [2.0, 1.0, 3.0]


def test_biases_of_r_and_z_are_summed_and_those_of_n_kept_apart():
    merged = merge_biases(np.float32([1, 2, 3]), np.float32([10, 20, 30]))
    assert merged.tolist() == [11.0, 22.0, 3.0, 30.0]
    assert merged.dtype == np.float32


def test_c_windows_are_float64_within_1e_6_of_the_range(tmp_path: Path):
    assert errors_of_windows("gru", 32, tmp_path).max() < 1e-6


@pytest.mark.parametrize("reset_after", [True, False])
def test_c_step_by_step_has_the_bits_of_the_window(tmp_path: Path, reset_after: bool):
    case = random_window("gru", np.random.default_rng(4), reverse=False, reset_after=reset_after)
    steps, window = bits_of_steps_and_window(case, tmp_path)
    assert steps == window


def test_an_output_nobody_reads_takes_no_memory():
    case = random_window("gru", np.random.default_rng(3))
    _, hidden = case.inputs[1].shape
    for outputs in ((0,), (1,), (0, 1)):
        plan = type(case)(case.op, case.attributes, case.inputs, case.constants, outputs).network("net").plan
        assert plan.arena_len == 4 * hidden, "the gates alone"
        assert len([one for one in plan.locations.values() if one.region is Region.OUTPUT]) == len(outputs)


def behind_a_dense(read_h_again: bool) -> Network:
    """A window whose first state is made by a node, and used once more behind it or not."""
    rng = np.random.default_rng(8)
    builder = GraphBuilder(f"again_{read_h_again}".lower(), "test")
    x, first = builder.input("x", (3, 1, IN)), builder.input("first", (1, HIDDEN))
    h = builder.node("tanh", "h", [first])
    constants = [builder.constant(name, draw(rng, *shape)) for name, shape in zip("wub", SHAPES[2:], strict=True)]
    builder.node("gru", "gru", [x, h, *constants], {"reset_after": True})
    last = builder.node("neg", "last", [builder.outputs()[1]])
    outputs = [last, builder.node("neg", "again", [h])] if read_h_again else [last]
    return compile_graph(builder.finish(outputs, SOURCE))


def test_a_first_state_is_overwritten_only_when_nobody_reads_it_again(tmp_path: Path):
    networks = {again: behind_a_dense(again) for again in (True, False)}
    for again, network in networks.items():
        nodes = {one.name: one for one in network.graph.nodes}
        h, h_n = nodes["gru"].inputs[1], nodes["gru"].outputs[1]
        assert (network.plan.locations[h] == network.plan.locations[h_n]) is not again
    batch = build_batch(list(networks.values()), tmp_path)
    rows = draw(np.random.default_rng(9), 5, 3 * IN + HIDDEN)
    for network in networks.values():
        found = batch[network.name].run(rows)
        np.testing.assert_allclose(found, run(network.graph, rows), atol=1e-6)


def test_one_step_writes_its_state_in_place_and_nothing_else():
    network = stepwise(random_window("gru", np.random.default_rng(7)), "one")
    (state,) = network.graph.states
    assert network.plan.locations[state.after] == network.plan.locations[state.before]
    code = network.emitted.files["one.c"]
    (gru,) = (node for node in network.graph.nodes if node.op == "gru")
    name = "gru" if gru.attributes["reset_after"] else "gru_before"
    assert f"nn4mc_{name}_step(&{name}, in, network->state, network->state, network->arena);" in code
    assert "for (size_t step = 0; step < 1" not in code


def test_raptor_is_one_step_on_its_state():
    network = compile_model("raptor")
    assert (network.plan.arena_len, network.plan.state_len, network.plan.copies) == (80, 16, ())
    assert [one.op for one in network.graph.nodes if not operator(one.op).view] == ["dense", "gru", "dense"]
    code = network.emitted.files["raptor.c"]
    assert "nn4mc_gru_step(&gru, network->arena + 64, network->state, network->state, network->arena);" in code


def test_an_activation_behind_it_is_not_taken_for_its_own():
    builder = GraphBuilder("net", "test")
    rng = np.random.default_rng(2)
    inputs = [builder.input("x", SHAPES[0]), builder.input("h", SHAPES[1])]
    inputs += [builder.constant(name, draw(rng, *shape)) for name, shape in zip("wub", SHAPES[2:], strict=True)]
    out = builder.node("relu", "act", [builder.node("gru", "gru", inputs, {"reset_after": True})])
    assert [one.op for one in lower(builder.finish([out], SOURCE)).nodes] == ["gru", "relu"]


def test_counts_macs_and_scratch():
    assert GRU.macs(node(), SHAPES) == TIME * BATCH * (9 * IN + 9 * HIDDEN)
    assert GRU.scratch(node(), SHAPES) == 4 * HIDDEN


@pytest.mark.parametrize(
    ("index", "shape", "message"),
    [
        (2, (9, 4), "W has shape"),
        (3, (3, HIDDEN), "U has shape"),
        (4, (9,), "bias has shape"),
        (0, (TIME, IN), "x has shape"),
        (1, (3, HIDDEN), "a state has shape"),
    ],
)
def test_refuses_shapes_that_do_not_fit(index: int, shape: tuple[int, ...], message: str):
    with pytest.raises(GraphError, match=message):
        GRU.shapes(node(), [*SHAPES[:index], shape, *SHAPES[index + 1 :]])


@pytest.mark.parametrize("value", [None, 1, "yes"])
def test_refuses_reset_after_that_is_no_truth_value(value: object):
    with pytest.raises(GraphError, match="reset_after must be true or false"):
        GRU.shapes(node(value), SHAPES)
