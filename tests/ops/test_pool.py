"""pool against torch's max_pool2d and avg_pool2d and against plain loops, and its C against float64."""

import ctypes
from pathlib import Path

import numpy as np
import pytest

from nn4mc.api import compile_graph
from nn4mc.errors import GraphError
from nn4mc.importers.builder import GraphBuilder
from nn4mc.ir import Array, Node
from nn4mc.ops import operator
from tests.c_batch import build_batch
from tests.kernel_cases import SOURCE, Case, worst_errors

POOL = operator("pool")
PLAIN = {"kind": "max", "kernel": (2, 2), "strides": (2, 2), "dilations": (1, 1), "pads": (0, 0, 0, 0)}


def random_case(rng: np.random.Generator, **fixed: object) -> Case:
    """A pooling where every position meets an element."""
    while True:
        height, width = int(rng.integers(1, 9)), int(rng.integers(1, 9))
        attributes = {
            "kind": str(rng.choice(["max", "average"])),
            "kernel": tuple(rng.integers(1, 5, 2).tolist()),
            "strides": tuple(rng.integers(1, 4, 2).tolist()),
            "dilations": tuple(rng.integers(1, 3, 2).tolist()),
            "pads": tuple(rng.integers(0, 3, 4).tolist()),
            "count_include_pad": bool(rng.integers(2)),
            **fixed,
        }
        shape = (int(rng.integers(1, 3)), height, width, int(rng.integers(1, 8)))
        case = Case("pool", attributes, [rng.normal(size=shape).astype(np.float32)])
        try:
            case.reference()
        except GraphError:
            continue
        return case


def in_loops(case: Case) -> Array:
    """The definition, element by element."""
    at, (x,) = case.attributes, case.inputs
    (top, left, _, _), kernel = at["pads"], at["kernel"]
    made = POOL.shapes(Node("p", "pool", (), (), at), [x.shape])[0]
    y = np.zeros(made)
    for n, row, column, channel in np.ndindex(*made):
        met = []
        for i, j in np.ndindex(*kernel):
            h = row * at["strides"][0] - top + i * at["dilations"][0]
            w = column * at["strides"][1] - left + j * at["dilations"][1]
            if 0 <= h < x.shape[1] and 0 <= w < x.shape[2]:
                met.append(float(x[n, h, w, channel]))
        if at["kind"] == "max":
            y[n, row, column, channel] = max(met)
        else:
            y[n, row, column, channel] = sum(met) / (kernel[0] * kernel[1] if at["count_include_pad"] else len(met))
    return y


def test_is_its_definition():
    rng = np.random.default_rng(1)
    for _ in range(60):
        case = random_case(rng)
        np.testing.assert_allclose(case.reference()[0], in_loops(case), atol=1e-12)


def test_is_torch_max_pool2d():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(2)
    for _ in range(40):
        kernel, pad = tuple(rng.integers(2, 5, 2).tolist()), int(rng.integers(2))
        case = random_case(rng, kind="max", kernel=kernel, pads=(pad,) * 4)
        x = torch.tensor(case.inputs[0], dtype=torch.float64).permute(0, 3, 1, 2)
        at = case.attributes
        expected = torch.nn.functional.max_pool2d(x, kernel, at["strides"], pad, at["dilations"])
        np.testing.assert_array_equal(case.reference()[0], expected.permute(0, 2, 3, 1).numpy())


def test_is_torch_avg_pool2d():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(3)
    for _ in range(40):
        kernel, pad = tuple(rng.integers(2, 5, 2).tolist()), int(rng.integers(2))
        case = random_case(rng, kind="average", kernel=kernel, pads=(pad,) * 4, dilations=(1, 1))
        x = torch.tensor(case.inputs[0], dtype=torch.float64).permute(0, 3, 1, 2)
        at = case.attributes
        expected = torch.nn.functional.avg_pool2d(
            x, kernel, at["strides"], pad, count_include_pad=at["count_include_pad"]
        )
        np.testing.assert_allclose(case.reference()[0], expected.permute(0, 2, 3, 1).numpy(), atol=1e-12)


def test_c_is_float64_within_1e_6_of_the_range(tmp_path: Path):
    rng = np.random.default_rng(4)
    assert worst_errors([random_case(rng) for _ in range(50)], tmp_path).max() < 1e-6


def test_overflow_is_not_lost_in_a_maximum(tmp_path: Path):
    builder = GraphBuilder("lost", "test")
    x = builder.input("x", (1, 1, 3, 1))
    square = builder.node("mul", "square", [x, x])
    nothing = builder.node("sub", "nothing", [square, square])
    at = {**PLAIN, "kernel": (1, 3), "strides": (1, 1)}
    network = compile_graph(builder.finish([builder.node("pool", "pool", [nothing], at)], SOURCE))
    run = build_batch([network], tmp_path)["lost"].library.lost_run
    context, out = (ctypes.c_float * 64)(), (ctypes.c_float * 1)()
    assert run(context, (ctypes.c_float * 3)(1.0, 2.0, 3.0), out) == 0
    for place in range(3):  # Inf - Inf is NaN, at each place of the kernel in turn
        values = [1e30 if i == place else 1.0 for i in range(3)]
        assert run(context, (ctypes.c_float * 3)(*values), out) != 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "min"}, "kind is 'min'"),
        ({"kernel": (5, 1)}, "does not fit the height 4"),
        ({"kernel": (2,)}, "kernel is"),
        ({"pads": (2, 0, 0, 0)}, "position 0 the kernel meets only padding"),
        ({"pads": (0, 0, 0, 3)}, "meets only padding"),
        ({"strides": (0, 0)}, "strides is"),
        ({"count_include_pad": 1}, "expected true or false"),
    ],
)
def test_refuses_what_does_not_fit(change: dict[str, object], message: str):
    with pytest.raises(GraphError, match=message):
        POOL.shapes(Node("p", "pool", (), (), {**PLAIN, **change}), [(1, 4, 4, 2)])
