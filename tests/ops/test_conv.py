"""conv against torch's conv2d and a loop, and its C against float64 over strides, dilations, pads and groups."""

from pathlib import Path

import numpy as np
import pytest

from nn4mc.api import compile_graph
from nn4mc.errors import GraphError
from nn4mc.importers.builder import GraphBuilder
from nn4mc.ir import Array, Node
from nn4mc.ops import operator
from nn4mc.passes import lower
from tests.c_batch import build_batch
from tests.kernel_cases import SOURCE, Case, worst_errors

CONV = operator("conv")
PLAIN = {"strides": (1, 1), "dilations": (1, 1), "pads": (0, 0, 0, 0), "groups": 1}


def draw(rng: np.random.Generator, *shape: int) -> Array:
    return rng.normal(size=shape).astype(np.float32)


def random_case(rng: np.random.Generator) -> Case:
    """A convolution that fits: dense, grouped or depthwise, at times over one row (1D) or with a kernel of 1."""
    while True:
        channels, outputs, groups = _channels(rng)
        height, width = int(rng.integers(1, 9)), int(rng.integers(1, 12))
        kernel = tuple(rng.integers(1, 5, 2).tolist())
        if rng.random() < 0.2:
            height, kernel = 1, (1, kernel[1])
        attributes = {
            "strides": tuple(rng.integers(1, 4, 2).tolist()),
            "dilations": tuple(rng.integers(1, 4, 2).tolist()),
            "pads": tuple(rng.integers(0, 5, 4).tolist()),
            "groups": groups,
        }
        x = draw(rng, int(rng.integers(1, 3)), height, width, channels)
        case = Case("conv", attributes, [x], [draw(rng, outputs, *kernel, channels // groups), draw(rng, outputs)])
        try:
            case.reference()
        except GraphError:
            continue
        return case


def _channels(rng: np.random.Generator) -> tuple[int, int, int]:
    kind, small, factor = rng.integers(3), int(rng.integers(2, 5)), int(rng.integers(1, 4))
    if kind == 0:
        return int(rng.integers(1, 9)), int(rng.integers(1, 10)), 1
    if kind == 1:
        return small * factor, small * int(rng.integers(1, 6)), small
    channels = int(rng.integers(2, 11))
    return channels, channels * factor, channels


def test_is_torch_conv2d():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    for _ in range(80):
        case = random_case(rng)
        (x,), (weights, bias), at = case.inputs, case.constants, case.attributes
        top, left, bottom, right = at["pads"]
        first = torch.tensor(x, dtype=torch.float64).permute(0, 3, 1, 2)
        expected = torch.nn.functional.conv2d(
            torch.nn.functional.pad(first, (left, right, top, bottom)),
            torch.tensor(weights, dtype=torch.float64).permute(0, 3, 1, 2),
            torch.tensor(bias, dtype=torch.float64),
            stride=at["strides"],
            dilation=at["dilations"],
            groups=at["groups"],
        )
        np.testing.assert_allclose(case.reference()[0], expected.permute(0, 2, 3, 1).numpy(), atol=1e-12)


def test_c_is_float64_within_1e_6_of_the_range(tmp_path: Path):
    rng = np.random.default_rng(2)
    assert worst_errors([random_case(rng) for _ in range(90)], tmp_path).max() < 1e-6


def test_c_has_the_same_bits_in_the_blocks_of_either_target(tmp_path: Path):
    rng = np.random.default_rng(3)
    cases = [random_case(rng) for _ in range(12)]
    found = []
    for target in ("cortex-m4f", "generic"):
        networks = [case.network(f"case_{i}", target) for i, case in enumerate(cases)]
        batch = build_batch(networks, tmp_path / target)
        runs = zip(networks, cases, strict=True)
        found.append([batch[network.name].run(case.inputs[0][np.newaxis]).tobytes() for network, case in runs])
    assert found[0] == found[1]


def test_causal_1d_convolution_sees_the_past_alone():
    x = np.float32([[1], [10], [100], [1000]]).reshape(1, 1, 4, 1)
    weights = np.float32([1, 2, 4]).reshape(1, 1, 3, 1)
    case = Case("conv", {**PLAIN, "pads": (0, 2, 0, 0)}, [x], [weights, np.zeros(1, np.float32)])
    assert case.reference()[0].ravel().tolist() == [4.0, 42.0, 421.0, 4210.0]


def test_group_o_over_outputs_of_a_group_sees_its_own_channels():
    x = np.float32([1, 10, 100, 1000]).reshape(1, 1, 1, 4)
    weights = np.ones((2, 1, 1, 2), np.float32)
    case = Case("conv", {**PLAIN, "groups": 2}, [x], [weights, np.float32([0.5, 0.25])])
    assert case.reference()[0].ravel().tolist() == [11.5, 1100.25]


def test_counts_the_macs_of_the_full_kernel():
    node = Node("c", "conv", (), (), {**PLAIN, "groups": 2})
    assert CONV.macs(node, [(1, 5, 6, 4), (8, 3, 3, 2), (8,)]) == 3 * 4 * 8 * (3 * 3 * 2)


def test_takes_an_activation_behind_it_and_applies_it_in_c(tmp_path: Path):
    rng = np.random.default_rng(4)
    builder = GraphBuilder("fused", "test")
    x = builder.input("x", (1, 4, 4, 2))
    constants = [builder.constant("w", draw(rng, 3, 2, 2, 2)), builder.constant("b", draw(rng, 3))]
    out = builder.node("relu", "act", [builder.node("conv", "conv", [x, *constants], PLAIN)])
    graph = builder.finish([out], SOURCE)
    assert [(node.op, node.attributes["activation"]) for node in lower(graph).nodes] == [("conv", "relu")]
    network = compile_graph(graph)
    found = build_batch([network], tmp_path)["fused"].selftest()
    assert found <= network.emitted.golden.limit
    assert network.emitted.golden.outputs.min() == 0.0


@pytest.mark.parametrize(
    ("change", "shapes", "message"),
    [
        ({}, [(4, 4, 2), (3, 2, 2, 2), (3,)], "x has shape"),
        ({}, [(1, 4, 4, 2), (3, 2, 2), (3,)], "weights have shape"),
        ({}, [(1, 4, 4, 2), (3, 2, 2, 1), (3,)], "weights has shape"),
        ({}, [(1, 4, 4, 2), (3, 2, 2, 2), (2,)], "bias has shape"),
        ({}, [(1, 4, 4, 2), (3, 5, 2, 2), (3,)], "does not fit the height 4"),
        ({"groups": 2}, [(1, 4, 4, 2), (3, 2, 2, 1), (3,)], "2 groups do not divide"),
        ({"groups": 0}, [(1, 4, 4, 2), (3, 2, 2, 2), (3,)], "0 groups do not divide"),
        ({"strides": (0, 1)}, [(1, 4, 4, 2), (3, 2, 2, 2), (3,)], "strides is"),
        ({"strides": (1,)}, [(1, 4, 4, 2), (3, 2, 2, 2), (3,)], "strides is"),
        ({"dilations": (1, 1 << 40)}, [(1, 4, 4, 2), (3, 2, 2, 2), (3,)], "dilations is"),
        ({"pads": (0, 0, -1, 0)}, [(1, 4, 4, 2), (3, 2, 2, 2), (3,)], "pads is"),
        ({"activation": "nothing"}, [(1, 4, 4, 2), (3, 2, 2, 2), (3,)], "activation 'nothing'"),
    ],
)
def test_refuses_what_does_not_fit(change: dict[str, object], shapes: list[tuple[int, ...]], message: str):
    with pytest.raises(GraphError, match=message):
        CONV.shapes(Node("c", "conv", (), (), {**PLAIN, **change}), shapes)
