"""Quantised operators: C equals the reference exactly, and the reference is the arithmetic it claims to be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tests.c_batch
from nn4mc.api import Network, compile_graph
from nn4mc.errors import GraphError, ModelError
from nn4mc.fixed_point import quantize_multiplier, rescale, rescale_once, to_int8
from nn4mc.importers.builder import GraphBuilder
from nn4mc.ir import FLOAT32, INT8, Attribute, Node, Source
from nn4mc.ops import operator
from nn4mc.reference import run

ROWS = 60
FULL = {"minimum": -128, "maximum": 127}
SUM = {"zero_1": 3, "multiplier_1": 2**30 + 5, "shift_1": 0, "zero_2": -7, "multiplier_2": 2**30 + 9, "shift_2": -1}


@dataclass(frozen=True)
class Case:
    """An operator on int8 (or float32) inputs of given shapes, with constants behind them."""

    op: str
    shapes: Sequence[tuple[int, ...]]
    attributes: Mapping[str, Attribute]
    constants: Sequence[np.ndarray] = ()
    types: tuple[str, str] = (INT8, INT8)

    def network(self, name: str) -> Network:
        builder = GraphBuilder(name, "test")
        inputs = [builder.input(f"x{i}", shape, self.types[0]) for i, shape in enumerate(self.shapes)]
        inputs += [builder.constant(f"c{i}", values) for i, values in enumerate(self.constants)]
        made = builder.node(self.op, "tested", inputs, self.attributes, self.types[1])
        return compile_graph(builder.finish([made], Source("test", "0" * 64)))


def layer(rng: np.random.Generator, *weights: int, shift: int = -8) -> tuple[np.ndarray, ...]:
    """Constants of a dense layer or convolution: weights, bias, multipliers and shifts."""
    rows = weights[0]
    return (
        rng.integers(-127, 128, weights).astype(np.int8),
        rng.integers(-5000, 5000, rows).astype(np.int32),
        rng.integers(2**30, 2**31, rows).astype(np.int32),
        rng.integers(shift - 2, shift + 1, rows).astype(np.int32),
    )


Attributes = dict[str, Attribute]
NONE = (0, 0, 0, 0)


def window(
    strides: tuple[int, int] = (1, 1), pads: tuple[int, ...] = NONE, groups: int = 1, apart: int = 1
) -> Attributes:
    return {"strides": strides, "pads": pads, "groups": groups, "dilations": (apart, apart)}


def cases() -> Mapping[str, Case]:
    rng = np.random.default_rng(1)
    scaling: Attributes = {"input_zero": -3, "output_zero": 11, **FULL}
    pool: Attributes = {
        "strides": (2, 1),
        "pads": (1, 0, 1, 2),
        "dilations": (1, 1),
        "kernel": (3, 3),
        **FULL,
    }
    add: Attributes = {**SUM, "multiplier": 2**30 + 77, "shift": -18, "output_zero": -5, **FULL}
    mul: dict[str, Attribute] = {
        "zero_1": -128,
        "zero_2": 127,
        "multiplier": 2**31 - 1,
        "shift": -8,
        "output_zero": 4,
        **FULL,
    }
    mean: Attributes = {"input_zero": -9, "multiplier": 2**30 + 3, "shift": -3, "output_zero": 2}
    table = rng.integers(-128, 128, 256).astype(np.int8)
    powers = np.exp(-0.05 * np.arange(256.0))
    steep = np.exp(-9.0 * np.arange(256.0))
    soft: Attributes = {"scale": 1 / 256, "zero_point": -128}
    return {
        "dense": Case("q_dense", [(3, 17)], scaling, layer(rng, 5, 17)),
        "dense_clamped": Case("q_dense", [(17,)], {**scaling, "minimum": 11, "maximum": 40}, layer(rng, 9, 17)),
        "dense_left_shift": Case("q_dense", [(4,)], scaling, layer(rng, 3, 4, shift=12)),
        "dense_tiny_factor": Case("q_dense", [(4,)], scaling, layer(rng, 3, 4, shift=-29)),
        "conv": Case("q_conv", [(1, 6, 5, 3)], {**window((2, 1), (1, 0, 2, 1)), **scaling}, layer(rng, 4, 3, 2, 3)),
        "conv_groups": Case("q_conv", [(1, 5, 5, 4)], {**window(groups=2, apart=2), **scaling}, layer(rng, 6, 2, 2, 2)),
        "conv_depthwise": Case("q_conv", [(1, 5, 4, 3)], {**window(groups=3), **scaling}, layer(rng, 6, 3, 3, 1)),
        "conv_batch": Case("q_conv", [(2, 4, 4, 2)], {**window(), **scaling}, layer(rng, 3, 1, 1, 2)),
        "conv_left_shift": Case("q_conv", [(1, 3, 3, 1)], {**window(), **scaling}, layer(rng, 2, 2, 2, 1, shift=14)),
        "max_pool": Case("q_pool", [(2, 7, 5, 3)], {**pool, "kind": "max"}),
        "average_pool": Case("q_pool", [(2, 7, 5, 3)], {**pool, "kind": "average"}),
        "average_pool_clamped": Case(
            "q_pool", [(1, 7, 5, 3)], {**pool, "kind": "average", "minimum": 0, "maximum": 20}
        ),
        "softmax": Case("q_softmax", [(4, 9)], soft, [powers]),
        "softmax_steep": Case("q_softmax", [(9,)], soft, [steep]),
        "table": Case("q_table", [(4, 9)], {}, [table]),
        "add": Case("q_add", [(3, 4), (3, 4)], add),
        "add_stretched": Case("q_add", [(2, 3, 1), (4,)], add),
        "sub": Case("q_add", [(3, 4), (1, 4)], {**add, "multiplier_2": -(2**31 - 1)}),
        "mul": Case("q_mul", [(3, 4), (3, 4)], mul),
        "mul_stretched": Case("q_mul", [(4,), (3, 1)], mul),
        "mean": Case("q_mean", [(2, 3, 5, 2)], {**mean, "axes": (1, 2), "keepdims": False}),
        "mean_last": Case("q_mean", [(3, 5)], {**mean, "axes": (1,), "keepdims": True}),
        "requantize": Case("requantize", [(30,)], {**scaling, "multiplier": 2**30 + 12345, "shift": 1}),
        "quantize": Case("quantize", [(30,)], {"scale": 0.0078125, "zero_point": 5}, types=(FLOAT32, INT8)),
        "dequantize": Case("dequantize", [(30,)], {"scale": 0.1, "zero_point": -128}, types=(INT8, FLOAT32)),
    }


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tests.c_batch.CNetwork]:
    """Every case in one library, which stops at the first undefined behaviour."""
    made = [case.network(f"q_{name}") for name, case in cases().items()]
    flags = tests.c_batch.FLAGS
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tests.c_batch, "FLAGS", (*flags, "-fsanitize=undefined", "-fsanitize-undefined-trap-on-error"))
        return tests.c_batch.build_batch(made, tmp_path_factory.mktemp("quantized"))


def rows(kind: str, length: int) -> np.ndarray:
    """Random inputs; some hold only extremes."""
    rng = np.random.default_rng(2)
    if kind == FLOAT32:
        return rng.choice([1.0, 0.00390625, 0.01171875, -0.00390625, 3e38, -3e38, 0.3], (ROWS, length)).astype(
            np.float32
        )
    drawn = rng.integers(-128, 128, (ROWS, length))
    drawn[::3] = rng.choice([-128, 127], drawn[::3].shape)
    return drawn.astype(np.int8)


@pytest.mark.parametrize("name", cases())
def test_c_equals_the_reference(name: str, networks: Mapping[str, tests.c_batch.CNetwork]) -> None:
    network = networks[f"q_{name}"]
    inputs = rows(cases()[name].types[0], network.network.plan.in_len)
    expected = run(network.network.graph, inputs)
    assert name == "dense_tiny_factor" or len(np.unique(expected)) > 1
    np.testing.assert_array_equal(network.run(inputs), expected)


@given(st.floats(1e-9, 1e9))
def test_a_factor_is_as_near_as_31_bits_allow(real: float) -> None:
    multiplier, shift = quantize_multiplier(real)
    assert 2**30 <= multiplier < 2**31
    assert abs(multiplier * 2.0 ** (shift - 31) - real) <= real * 2.0**-31


def test_factors_too_large_are_refused_and_too_small_are_zero() -> None:
    with pytest.raises(ValueError, match="too large"):
        quantize_multiplier(2.0**31)
    assert quantize_multiplier(2.0**-40) == (0, 0)


@given(st.integers(-(2**31), 2**31 - 1), st.integers(2**30, 2**31 - 1), st.integers(-31, 0))
def test_scaling_is_rounded_to_nearest(value: int, multiplier: int, shift: int) -> None:
    """Once: within half a step; twice: within half a step and half of what the first rounding leaves."""
    exact = Fraction(value) * multiplier / 2 ** (31 - shift)
    assert abs(int(rescale_once(np.array(value), multiplier, shift)) - exact) <= Fraction(1, 2)
    assert abs(int(rescale(np.array(value), multiplier, shift)) - exact) <= Fraction(1, 2) + Fraction(
        1, 2 ** (1 - shift)
    )


def test_a_left_shift_beyond_int32_saturates() -> None:
    assert rescale(np.array([2**20, -(2**20)]), 2**31 - 1, 20).tolist() == [2**31 - 2, -(2**31 - 1)]


def test_quantize_rounds_halves_away_from_zero_and_saturates() -> None:
    values = np.array([0.5, 1.5, -0.5, -2.5, 0.49999997, 1e30, -1e30], np.float32)
    assert to_int8(values, 1.0, 0).tolist() == [1.0, 2.0, -1.0, -3.0, 0.0, 127.0, -128.0]


def test_softmax_is_within_a_step_of_the_real_one() -> None:
    x = np.random.default_rng(3).integers(-128, 128, (200, 12)).astype(np.float64)
    table = np.exp(-0.03 * np.arange(256.0)).astype(np.float32).astype(np.float64)
    node = Node("s", "q_softmax", (), (), {"scale": 1 / 256, "zero_point": -128})
    (found,) = operator("q_softmax").reference(node, [x, table])
    powers = np.exp(0.03 * (x - x.max(axis=1, keepdims=True)))
    real = powers / powers.sum(axis=1, keepdims=True)
    assert np.abs((found + 128) / 256 - real).max() <= 0.51 / 256


@pytest.mark.parametrize(
    ("op", "shapes", "attributes", "said"),
    [
        ("q_dense", [(3,), (2, 4), (2,), (2,), (2,)], {}, "input"),
        ("q_dense", [(4,), (2, 4), (2,), (1,), (2,)], {}, "multiplier"),
        ("q_conv", [(1, 5, 5, 3), (4, 3, 3, 2), (4,), (4,), (4,)], window(), "channels"),
        ("q_pool", [(1, 4, 4, 1)], {**window(pads=(2, 0, 0, 0)), "kind": "max", "kernel": (2, 2)}, "padding alone"),
        ("q_table", [(4,), (255,)], {}, "table"),
        ("q_mean", [(2, 3, 4)], {"axes": (0, 2), "keepdims": False}, "neighbours"),
        ("quantize", [(4,)], {"scale": 0.0, "zero_point": 0}, "scale"),
    ],
)
def test_what_does_not_fit_is_said(op: str, shapes: Sequence[Any], attributes: Mapping[str, Any], said: str) -> None:
    with pytest.raises(GraphError, match=said):
        operator(op).shapes(Node("n", op, (), (), attributes), shapes)


def test_the_builder_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=str(tmp_path)):
        builder = GraphBuilder("n", str(tmp_path))
        builder.node("q_pool", "p", [builder.input("x", (3,), INT8)], {"kind": "max"})
