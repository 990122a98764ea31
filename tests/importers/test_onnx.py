"""ONNX models mean in nn4mc what ONNX' own reference evaluator says."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx.helper import make_node as node

from nn4mc.api import compile_graph
from nn4mc.errors import ModelError, UnsupportedError
from nn4mc.importers.limits import Limits
from nn4mc.importers.options import ImportOptions
from nn4mc.passes import lower
from tests.importers.onnx_models import NEWEST, error_of, floats, model, read

TOLERANCE = 2e-6
C_SHAPES = [(), (1,), (4,), (1, 4), (3, 1), (3, 4)]


@pytest.mark.parametrize("opset", range(13, NEWEST + 1))
def test_every_opset_from_13_on_is_read(opset: int, tmp_path: Path) -> None:
    reduce_mean = node("ReduceMean", ["c"], ["d"], axes=[1], keepdims=1)
    if opset >= 18:
        reduce_mean = node("ReduceMean", ["c", "axes"], ["d"], keepdims=1)
    split = {"num_outputs": 2} if opset >= 18 else {}
    nodes = [
        node("Gemm", ["x", "w", "b"], ["a"], transB=1),
        node("Unsqueeze", ["a", "axes"], ["a3"]),
        node("Pad", ["a3", "pads", "zero"], ["p"], mode="constant"),
        node("Squeeze", ["p", "axes"], ["s"]),
        node("Clip", ["s", "low", "high"], ["c"]),
        reduce_mean,
        node("Sub", ["c", "d"], ["e"]),
        node("Split", ["e"], ["f", "g"], axis=1, **split),
        node("Mul", ["f", "g"], ["h"]),
        node("Softmax", ["h"], ["y"], axis=-1),
    ]
    stored = {
        "w": floats(6, 5, seed=1),
        "b": floats(6, seed=2),
        "axes": np.array([1]),
        "pads": np.array([0, 0, 1, 0, 0, 1]),
        "zero": np.array(0.25, np.float32),
        "low": np.array(-0.5, np.float32),
        "high": np.array(0.5, np.float32),
    }
    made = model(nodes, {"x": ["batch", 5]}, ["y"], stored, opset)
    made.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    assert error_of(made, tmp_path) < TOLERANCE


@pytest.mark.parametrize("trans_b", [0, 1])
@pytest.mark.parametrize("c_shape", [None, *C_SHAPES])
def test_gemm_with_constant_weights_is_a_dense_layer(
    trans_b: int, c_shape: tuple[int, ...] | None, tmp_path: Path
) -> None:
    stored = {"b": floats(*((4, 5) if trans_b else (5, 4)), seed=1)}
    if c_shape is not None:
        stored["c"] = np.asarray(floats(*c_shape, seed=2), np.float32)
    gemm = node("Gemm", ["a", *stored], ["y"], alpha=0.5, beta=2.0, transA=1, transB=trans_b)
    made = model([gemm], {"a": [5, 3]}, ["y"], stored)
    assert error_of(made, tmp_path) < TOLERANCE
    assert "dense" in {one.op for one in lower(read(made, tmp_path)).nodes}


@pytest.mark.parametrize(
    ("left", "right"), [((4,), (4, 3)), ((2, 4), (4,)), ((5, 2, 4), (4, 3)), ((1, 2, 4), (5, 4, 3)), ((4,), (4,))]
)
@pytest.mark.parametrize("constant", [True, False])
def test_matmul_of_any_ranks(left: tuple[int, ...], right: tuple[int, ...], constant: bool, tmp_path: Path) -> None:
    inputs = {"a": left} if constant else {"a": left, "b": right}
    stored = {"b": floats(*right, seed=3)} if constant else {}
    assert error_of(model([node("MatMul", ["a", "b"], ["y"])], inputs, ["y"], stored), tmp_path) < TOLERANCE


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"strides": [2, 1], "pads": [1, 0, 2, 1]},
        {"dilations": [1, 2], "group": 2},
        {"auto_pad": "SAME_UPPER", "strides": [2, 2]},
        {"auto_pad": "SAME_LOWER", "strides": [2, 2]},
        {"auto_pad": "VALID", "group": 4},
    ],
)
def test_convolutions(attributes: dict[str, object], tmp_path: Path) -> None:
    weights = floats(8, 4 // int(str(attributes.get("group", 1))), 3, 2, seed=4)
    conv = node("Conv", ["x", "w", "b"], ["y"], **attributes)
    made = model([conv], {"x": (1, 4, 7, 6)}, ["y"], {"w": weights, "b": floats(8, seed=5)})
    assert error_of(made, tmp_path) < TOLERANCE


def test_two_1d_convolutions_leave_no_transpose_between_them(tmp_path: Path) -> None:
    nodes = [
        node("Conv", ["x", "w"], ["a"], pads=[1, 1]),
        node("Relu", ["a"], ["b"]),
        node("Conv", ["b", "v"], ["y"], strides=[2]),
    ]
    made = model(nodes, {"x": (1, 3, 9)}, ["y"], {"w": floats(4, 3, 3), "v": floats(5, 4, 3, seed=1)})
    assert error_of(made, tmp_path) < TOLERANCE
    assert [one.op for one in lower(read(made, tmp_path)).nodes].count("transpose") == 2


def test_a_layer_norm_and_a_gelu_in_parts_are_put_together(tmp_path: Path) -> None:
    nodes = [
        node("ReduceMean", ["x"], ["mean"], axes=[-1]),
        node("Sub", ["x", "mean"], ["d"]),
        node("Pow", ["d", "two"], ["d2"]),
        node("ReduceMean", ["d2"], ["variance"], axes=[-1]),
        node("Add", ["variance", "epsilon"], ["v"]),
        node("Sqrt", ["v"], ["deviation"]),
        node("Div", ["d", "deviation"], ["n"]),
        node("Mul", ["n", "scale"], ["s"]),
        node("Add", ["s", "bias"], ["l"]),
        node("Div", ["l", "root"], ["r"]),
        node("Erf", ["r"], ["e"]),
        node("Add", ["e", "one"], ["e1"]),
        node("Mul", ["l", "e1"], ["m"]),
        node("Mul", ["m", "half"], ["y"]),
    ]
    stored = {name: np.array(value, np.float32) for name, value in _SCALARS.items()}
    stored |= {"scale": floats(8, seed=1), "bias": floats(8, seed=2)}
    made = model(nodes, {"x": (1, 3, 8)}, ["y"], stored, 17)
    assert error_of(made, tmp_path) < TOLERANCE
    assert [one.op for one in lower(read(made, tmp_path)).nodes] == ["layer_norm", "gelu"]


_SCALARS = {
    "two": 2.0,
    "three": 3.0,
    "epsilon": 1e-5,
    "root": 2.0**0.5,
    "one": 1.0,
    "half": 0.5,
    "cubic": 0.044715,
    "scale": (2.0 / np.pi) ** 0.5,
}
_IDIOMS = {
    "silu": [node("Sigmoid", ["x"], ["s"]), node("Mul", ["s", "x"], ["y"])],
    "mish": [node("Softplus", ["x"], ["s"]), node("Tanh", ["s"], ["t"]), node("Mul", ["x", "t"], ["y"])],
    "softsign": [node("Abs", ["x"], ["a"]), node("Add", ["one", "a"], ["b"]), node("Div", ["x", "b"], ["y"])],
    "gelu": [
        node("Mul", ["x", "half"], ["h"]),
        node("Div", ["x", "root"], ["r"]),
        node("Erf", ["r"], ["e"]),
        node("Add", ["one", "e"], ["p"]),
        node("Mul", ["h", "p"], ["y"]),
    ],
    "gelu_tanh": [
        node("Pow", ["x", "three"], ["x3"]),
        node("Mul", ["cubic", "x3"], ["c"]),
        node("Add", ["x", "c"], ["a"]),
        node("Mul", ["a", "scale"], ["b"]),
        node("Tanh", ["b"], ["t"]),
        node("Add", ["t", "one"], ["p"]),
        node("Mul", ["half", "p"], ["q"]),
        node("Mul", ["x", "q"], ["y"]),
    ],
}


@pytest.mark.parametrize("op", _IDIOMS)
def test_an_activation_in_parts_is_put_together(op: str, tmp_path: Path) -> None:
    stored = {name: np.array(value, np.float32) for name, value in _SCALARS.items()}
    made = model(_IDIOMS[op], {"x": (1, 9)}, ["y"], stored)
    assert error_of(made, tmp_path) < TOLERANCE
    assert [one.op for one in lower(read(made, tmp_path)).nodes] == [op]


def test_parts_that_something_else_reads_stay_apart(tmp_path: Path) -> None:
    nodes = [*_IDIOMS["silu"], node("Neg", ["s"], ["z"])]
    made = model(nodes, {"x": (1, 9)}, ["y", "z"])
    assert error_of(made, tmp_path) < TOLERANCE
    assert [one.op for one in lower(read(made, tmp_path)).nodes] == ["sigmoid", "mul", "neg"]


def test_numbers_that_are_not_those_of_the_idiom_stay_apart(tmp_path: Path) -> None:
    stored = {name: np.array(value * 1.01, np.float32) for name, value in _SCALARS.items() if name != "three"}
    stored["three"] = np.array(3.0, np.float32)
    for op in ("gelu", "gelu_tanh", "softsign"):
        made = model(_IDIOMS[op], {"x": (1, 9)}, ["y"], stored)
        assert error_of(made, tmp_path) < TOLERANCE
        assert len(lower(read(made, tmp_path)).nodes) > 1


def test_the_flatten_that_torch_writes_for_a_symbolic_batch_is_a_view(tmp_path: Path) -> None:
    nodes = [
        node("Shape", ["x"], ["shape"]),
        node("Gather", ["shape", "zero"], ["n"], axis=0),
        node("Unsqueeze", ["n", "axes"], ["n1"]),
        node("Concat", ["n1", "rest"], ["to"], axis=0),
        node("Reshape", ["x", "to"], ["flat"]),
        node("MatMul", ["flat", "w"], ["y"]),
    ]
    stored = {"zero": np.array(0), "axes": np.array([0]), "rest": np.array([-1]), "w": floats(12, 5)}
    graph = lower(read(model(nodes, {"x": ("batch", 3, 4)}, ["y"], stored), tmp_path))
    assert [one.op for one in graph.nodes] == ["reshape", "dense"]
    assert graph.tensors[graph.outputs[0]].shape == (1, 5)


def test_an_operator_that_onnx_defines_by_others_is_read_as_these(tmp_path: Path) -> None:
    attention = node("Attention", ["q", "k", "v"], ["y"], q_num_heads=2, kv_num_heads=2)
    shapes = {"q": (1, 3, 8), "k": (1, 5, 8), "v": (1, 5, 8)}
    assert error_of(model([attention], shapes, ["y"], opset=23), tmp_path) < TOLERANCE


def test_nodes_that_no_output_needs_are_not_read(tmp_path: Path) -> None:
    nodes = [node("Relu", ["x"], ["y"]), node("NonZero", ["x"], ["unused"])]
    assert [one.op for one in read(model(nodes, {"x": (3,)}, ["y"]), tmp_path).nodes] == ["relu"]


def test_all_unsupported_nodes_are_named_at_once(tmp_path: Path) -> None:
    nodes = [
        node("NonMaxSuppression", ["x", "x"], ["a"], name="boxes"),
        node("Det", ["x"], ["b"], name="determinant"),
        node("Relu", ["b"], ["c"], name="innocent"),
        node("Gather", ["x", "b"], ["d"], name="lookup", domain="com.example"),
        node("MaxPool", ["x"], ["e", "where"], name="pool", kernel_shape=[2]),
        node("Sum", ["c", "d", "e", "where", "a"], ["y"], name="sum"),
    ]
    with pytest.raises(UnsupportedError) as raised:
        read(model(nodes, {"x": (1, 4, 4)}, ["y"]), tmp_path)
    assert all(name in str(raised.value) for name in ("boxes", "determinant", "lookup", "com.example", "pool"))
    assert "innocent" not in str(raised.value)


@pytest.mark.parametrize("name", ["If", "Loop", "Scan"])
def test_graphs_inside_nodes_are_refused(name: str, tmp_path: Path) -> None:
    inner = onnx.helper.make_graph([], "inner", [], [])
    made = model([node(name, ["x"], ["y"], name="branch", body=inner)], {"x": (1,)}, ["y"])
    with pytest.raises(UnsupportedError, match=f"branch.*{name}"):
        read(made, tmp_path)


def test_a_symbolic_batch_is_one(tmp_path: Path) -> None:
    nodes = [node("Add", ["x", "h"], ["y"])]
    graph = read(model(nodes, {"x": ("n", 4), "h": (2, "n", 4)}, ["y"]), tmp_path)
    assert [graph.tensors[name].shape for name in graph.inputs] == [(1, 4), (2, 1, 4)]


@pytest.mark.parametrize("shape", [("seq_len", 1, 4), (1, "width"), (1, None)])
def test_another_symbolic_size_is_an_error_that_says_what_to_do(shape: tuple[int | str, ...], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"'x' has the symbolic size .*Export with fixed sizes"):
        read(model([node("Relu", ["x"], ["y"])], {"x": shape}, ["y"]), tmp_path)


@pytest.mark.parametrize(
    ("limits", "what"),
    [
        (Limits(nodes=1), "number of nodes"),
        (Limits(parameters=10), "number of parameters"),
        (Limits(tensor_values=3), "number of values"),
        (Limits(macs=10), "multiply-accumulates"),
        (Limits(file_bytes=20), "size in bytes"),
    ],
)
def test_limits_are_kept(limits: Limits, what: str, tmp_path: Path) -> None:
    nodes = [node("MatMul", ["x", "w"], ["a"]), node("Relu", ["a"], ["y"])]
    made = model(nodes, {"x": (1, 4)}, ["y"], {"w": floats(4, 5)})
    with pytest.raises(ModelError, match=what):
        read(made, tmp_path, ImportOptions(limits=limits))


@pytest.mark.parametrize("op", ["Log", "Sqrt"])
def test_a_root_and_a_logarithm_get_golden_vectors_that_they_have_answers_to(op: str, tmp_path: Path) -> None:
    network = compile_graph(read(model([node(op, ["x"], ["y"])], {"x": (1, 9)}, ["y"]), tmp_path))
    golden = network.emitted.golden
    assert (golden.inputs > 0.0).all()
    assert np.isfinite(golden.outputs).all()


def test_a_model_that_only_answers_nan_is_an_error(tmp_path: Path) -> None:
    nodes = [node("Abs", ["x"], ["a"]), node("Neg", ["a"], ["n"]), node("Sqrt", ["n"], ["y"])]
    with pytest.raises(ModelError, match="answers NaN or Inf"):
        compile_graph(read(model(nodes, {"x": (1, 9)}, ["y"]), tmp_path))
