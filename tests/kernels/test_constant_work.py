"""The work does not depend on the numbers: every finite input, however extreme, takes the same instructions."""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pytest

from benchmarks.networks import NETWORKS
from nn4mc.api import Network, compile_graph, compile_model
from nn4mc.ir import INT8, Attribute, Float32Array, Graph
from nn4mc.ops import OPERATORS
from tests.contract.folders import every_operator
from tests.core_batch import CoreBatch
from tests.emulator.families import convolution, normalisation, recurrence
from tests.operator_cases import Case, graph_of
from tests.ops.test_quantized import cases as quantized_cases

pytestmark = pytest.mark.emulator

ROWS = 1000
SHAPE = (1, 4, 4, 3)
Attributes = Mapping[str, Attribute]
CONV: Attributes = {"strides": (1, 1), "dilations": (1, 1), "pads": (1, 1, 1, 1), "groups": 1}
POOL: Attributes = {
    "kernel": (2, 2), "strides": (1, 1), "dilations": (1, 1), "pads": (1, 1, 0, 0), "count_include_pad": False
}  # fmt: skip
PAD: Attributes = {"before": (1, 2), "after": (0, 1), "mode": "constant", "value": 0.5}
RECURRENT = ("tanh", "sigmoid", "relu", "hard_sigmoid6", "hard_sigmoid", "softsign")


def weights(*shape: int) -> Float32Array:
    return np.random.default_rng(sum(shape)).uniform(-1, 1, shape).astype(np.float32)


def recurrent(op: str, gates: int, biases: int, states: int, **attributes: Attribute) -> Case:
    constants = (weights(gates * 5, 3), weights(gates * 5, 5), weights(biases * 5))
    return Case(op, ((2, 1, 3), *[(1, 5)] * states, *constants), {"reverse": False, **attributes})


def cases() -> dict[str, Case]:
    """Return one operator at a time."""
    made = {name: Case(name, ((7,),), low=0.1) for name, one in OPERATORS.items() if one.elementwise}
    alphas: dict[str, Attributes] = {"leaky_relu": {"alpha": 0.1}, "elu": {"alpha": 1.3}, "celu": {"alpha": 0.7}}
    alphas |= {"hard_sigmoid": {"alpha": 0.2, "beta": 0.5}, "clip": {"minimum": -0.5, "maximum": 0.5}}
    alphas["relu_general"] = {"negative_slope": 0.1, "threshold": 1.5, "max_value": 4.0}
    made |= {name: Case(name, ((7,),), attributes) for name, attributes in alphas.items()}
    made |= {name: Case(name, ((3, 5), (3, 1))) for name in ("add", "sub", "mul", "div", "maximum", "minimum")}
    made["prelu"] = Case("prelu", ((3, 5), weights(5)))
    for name in ("reduce_max", "reduce_min", "reduce_mean", "reduce_sum"):
        made[name] = Case(name, ((3, 5),), {"axes": (0,), "keepdims": False})
    made["softmax"] = Case("softmax", ((3, 5),), {"axis": 1})
    made["layer_norm"] = Case("layer_norm", ((3, 5), weights(5), weights(5)), {"axis": 1, "epsilon": 1e-5})
    made["matmul"] = Case("matmul", ((3, 5), (5, 2)))
    made["dense"] = Case("dense", ((9,), weights(19, 9), weights(19)))
    made["conv"] = Case("conv", (SHAPE, weights(5, 3, 3, 3), weights(5)), CONV)
    made["conv_depthwise"] = Case("conv", (SHAPE, weights(3, 3, 3, 1), weights(3)), {**CONV, "groups": 3})
    made |= {f"pool_{kind}": Case("pool", (SHAPE,), {**POOL, "kind": kind}) for kind in ("max", "average")}
    made["pad"] = Case("pad", ((3, 5),), PAD)
    for name in RECURRENT:
        made[f"rnn_{name}"] = recurrent("rnn", 1, 1, 1, activation=name)
        gate = name if name not in ("tanh", "relu", "softsign") else "sigmoid"
        both = {"activation": name, "gate_activation": gate}
        made |= {f"gru_{name}_{after}": recurrent("gru", 3, 4, 1, reset_after=bool(after), **both) for after in (0, 1)}
        made[f"lstm_{name}"] = recurrent("lstm", 4, 4, 2, **both)
    return made


CASES = cases()
QUANTIZED = {f"q_{name}": case for name, case in quantized_cases().items()}
SATURATED = ("q_dense_left_shift", "q_dense_tiny_factor", "q_softmax_steep")
"""Whose factors leave few different outputs."""
WHOLE: Mapping[str, Callable[[], Graph]] = {
    **{name.lower(): build for name, build in NETWORKS.items()},
    "every": every_operator, "convolution": convolution, "recurrence": recurrence, "normalisation": normalisation,
}  # fmt: skip


def any_inputs(network: Network, rows: int = ROWS) -> npt.NDArray[np.generic]:
    """Return finite inputs of every kind: any bits, small, huge, subnormal, saturating, zeros, and mixtures."""
    rng, width = np.random.default_rng(4), network.plan.in_len
    if network.graph.tensors[network.graph.inputs[0]].dtype == INT8:
        return rng.integers(-128, 128, (rows, width)).astype(np.int8)
    words = rng.integers(0, 2**32, (rows, width), np.uint32)
    signs = words & np.uint32(1 << 31)
    kinds = [
        words,
        rng.normal(size=(rows, width)).astype(np.float32).view(np.uint32),
        (rng.normal(size=(rows, width)) * 100).astype(np.float32).view(np.uint32),
        signs | rng.integers(0, 2**23, (rows, width), np.uint32),
        signs | np.float32(3.4028235e38).view(np.uint32),
        signs,
        np.zeros_like(words),
    ]
    one_kind_a_row = rng.integers(0, len(kinds) + 3, (rows, 1))
    mixed = rng.integers(0, len(kinds), (rows, width))
    found = np.choose(np.where(one_kind_a_row < len(kinds), one_kind_a_row, mixed), kinds).view(np.float32).copy()
    found[~np.isfinite(found)] = -1.5
    return found


@pytest.fixture(scope="module")
def networks() -> dict[str, Network]:
    found = {name: compile_graph(graph_of(case, f"op_{name}"), f"op_{name}") for name, case in CASES.items()}
    found |= {name: case.network(name) for name, case in QUANTIZED.items()}
    found |= {name: compile_graph(build(), f"net_{name}") for name, build in WHOLE.items()}
    return found | {"raptor": compile_model("raptor")}


@pytest.fixture(scope="module")
def core(networks: dict[str, Network], tmp_path_factory: pytest.TempPathFactory) -> CoreBatch:
    return CoreBatch(list(networks.values()), tmp_path_factory.mktemp("core"))


@pytest.mark.parametrize("name", [*CASES, *QUANTIZED, *WHOLE, "raptor"])
def test_a_step_takes_the_same_instructions_for_all_inputs(name: str, networks: dict[str, Network], core: CoreBatch):
    _, out, counts = core.counted(networks[name], any_inputs(networks[name]))
    if name not in SATURATED:
        assert len(np.unique(out, axis=0)) > ROWS // 10, "the inputs made something happen"
    assert set(counts) == {counts[0]}
