"""Activations: references against the formulas and torch, C against the references, every one in one library."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from nn4mc.api import compile_graph
from nn4mc.errors import GraphError
from nn4mc.importers.builder import GraphBuilder
from nn4mc.ir import Attribute, Graph, Source
from nn4mc.ops import OPERATORS
from nn4mc.reference import run
from tests.c_batch import build_batch
from tests.operator_cases import Case, reference, worst_errors

Values = npt.NDArray[np.float64]
Attributes = dict[str, Attribute]

X = np.array([-30.0, -6.0, -3.0, -2.5, -1.0, -0.3, -1e-9, 0.0, 1e-9, 0.4, 1.0, 2.5, 3.0, 5.0, 6.0, 7.5, 40.0])

FORMULAS: dict[str, Callable[[float], float]] = {
    "relu6": lambda x: min(max(x, 0), 6),
    "silu": lambda x: x / (1 + math.exp(-x)),
    "softplus": lambda x: math.log1p(math.exp(x)),
    "softsign": lambda x: x / (1 + abs(x)),
    "mish": lambda x: x * math.tanh(math.log1p(math.exp(x))),
    "selu": lambda x: 1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * math.expm1(x)),
    "exp": math.exp,
    "log": lambda x: math.log(x) if x > 0 else math.nan,
    "sqrt": lambda x: math.sqrt(x) if x >= 0 else math.nan,
    "neg": lambda x: -x,
    "abs": abs,
    "reciprocal": lambda x: 1 / x,
    "erf": math.erf,
    "gelu": lambda x: x * 0.5 * math.erfc(-x / math.sqrt(2)),
    "gelu_tanh": lambda x: 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "sparse_plus": lambda x: 0 if x <= -1 else (x + 1) ** 2 / 4 if x < 1 else x,
    "hard_swish": lambda x: x * min(max(x + 3, 0), 6) / 6,
    "hard_sigmoid6": lambda x: min(max(x + 3, 0), 6) / 6,
}

PARAMETRIC: list[tuple[str, Attributes]] = [
    ("leaky_relu", {"alpha": 0.1}),
    ("elu", {"alpha": 1.3}),
    ("celu", {"alpha": 0.7}),
    ("hard_sigmoid", {"alpha": 0.2, "beta": 0.5}),
    ("clip", {"minimum": -1.0}),
    ("clip", {"maximum": 2}),
    ("clip", {"minimum": -0.5, "maximum": 0.5}),
    ("clip", {}),
    ("relu_general", {"negative_slope": 0.1, "threshold": 1.5, "max_value": 4.0}),
    ("relu_general", {"negative_slope": 0.0, "threshold": -1.5}),
]


def domain(name: str) -> tuple[float, float]:
    return (0.1, 6.0) if name in ("log", "sqrt", "reciprocal") else (-6.0, 6.0)


@pytest.mark.parametrize("name", FORMULAS)
def test_reference_is_the_formula(name: str):
    x = X[X > 0] if domain(name)[0] > 0 else X
    np.testing.assert_allclose(
        reference(name, [x]), [FORMULAS[name](one) for one in x.tolist()], rtol=1e-12, atol=1e-15
    )


def test_every_elementwise_operator_is_in_these_tests():
    elsewhere = {"identity", "relu", "sigmoid", "tanh"}
    assert {name for name, one in OPERATORS.items() if one.elementwise} == {*FORMULAS, *elsewhere}


def test_parametric_references_are_torchs():
    torch = pytest.importorskip("torch")
    f, x = torch.nn.functional, torch.from_numpy(X)
    same = {
        "leaky_relu": f.leaky_relu(x, 0.1),
        "elu": f.elu(x, 1.3),
        "celu": f.celu(x, 0.7),
    }
    for name, attributes in PARAMETRIC[:3]:
        np.testing.assert_allclose(reference(name, [X], **attributes), same[name].numpy(), rtol=1e-12)
    for name in ("silu", "softplus", "softsign", "mish", "selu", "gelu", "relu6"):
        np.testing.assert_allclose(reference(name, [X]), getattr(f, name)(x).numpy(), rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(
        reference("gelu_tanh", [X]), f.gelu(x, approximate="tanh").numpy(), rtol=1e-9, atol=1e-12
    )
    np.testing.assert_allclose(reference("hard_swish", [X]), f.hardswish(x).numpy(), rtol=1e-12)
    np.testing.assert_allclose(reference("hard_sigmoid6", [X]), f.hardsigmoid(x).numpy(), rtol=1e-12, atol=1e-15)


def test_bounds_of_clip_are_optional_and_the_upper_one_wins():
    assert reference("clip", [X]).tolist() == X.tolist()
    assert reference("clip", [[-2.0, 0.0, 2.0]], minimum=1.0).tolist() == [1.0, 1.0, 2.0]
    assert reference("clip", [[-2.0, 0.0, 2.0]], minimum=1.0, maximum=-1.0).tolist() == [-1.0, -1.0, -1.0]


def test_keras_relu_in_its_four_regions():
    x = [-2.0, 1.0, 1.5, 2.0, 5.0]
    found = reference("relu_general", [x], negative_slope=0.1, threshold=1.5, max_value=4.0)
    np.testing.assert_allclose(found, [-0.35, -0.05, 0.0, 2.0, 4.0])
    below = reference("relu_general", [[-2.0, -1.0, 0.5]], negative_slope=0.0, threshold=-1.5)
    assert below.tolist() == [0.0, -1.0, 0.5]


def test_hard_sigmoid_of_keras_2():
    found = reference("hard_sigmoid", [[-3.0, 0.0, 1.0, 3.0]], alpha=0.2, beta=0.5)
    np.testing.assert_allclose(found, [0.0, 0.5, 0.7, 1.0])


@pytest.mark.parametrize("name", ["leaky_relu", "elu", "hard_sigmoid", "relu_general"])
def test_a_missing_attribute_is_an_error_that_names_it(name: str):
    with pytest.raises(GraphError, match=r"attribute (alpha|negative_slope) is None, expected a number"):
        reference(name, [X])


def test_celu_of_no_width_is_an_error():
    with pytest.raises(GraphError, match="alpha"):
        reference("celu", [X], alpha=0.0)


def test_c_is_the_reference(tmp_path: Path):
    rng = np.random.default_rng(1)
    cases = []
    for inside in (False, True):
        for name in FORMULAS:
            low, high = domain(name)
            shape = tuple(rng.integers(1, 6, rng.integers(1, 4)).tolist())
            cases.append(Case(name, (shape,), low=low, high=high, inside=inside))
        cases += [Case(name, ((3, 7),), attributes, -6.0, 6.0, inside=inside) for name, attributes in PARAMETRIC]
    errors = worst_errors(cases, tmp_path)
    assert [(case, error) for case, error in zip(cases, errors, strict=True) if error > 3e-7] == []


def behind_a_product(name: str) -> Graph:
    """Return a dense layer whose output is in the domain of ``name``, and that activation."""
    rng = np.random.default_rng(2)
    builder = GraphBuilder(f"fused_{name}", "test")
    weights = builder.constant("w", rng.uniform(-1, 1, (5, 4)))
    bias = builder.constant("b", np.full(5, 4.5))
    product = builder.node("dense", "product", [builder.input("x", (4,)), weights, bias])
    return builder.finish([builder.node(name, "activation", [product])], Source("test", "0" * 64))


def test_c_of_an_activation_fused_behind_a_product(tmp_path: Path):
    graphs = {name: behind_a_product(name) for name, one in OPERATORS.items() if one.elementwise}
    networks = {name: compile_graph(graph) for name, graph in graphs.items()}
    assert all(len(network.graph.nodes) == 1 for network in networks.values())
    built = build_batch(list(networks.values()), tmp_path)
    x = np.random.default_rng(3).uniform(-1, 1, (4, 4)).astype(np.float32)
    for name, graph in graphs.items():
        expected = run(graph, x)
        np.testing.assert_allclose(built[f"fused_{name}"].run(x), expected, atol=1e-6 * np.abs(expected).max())
