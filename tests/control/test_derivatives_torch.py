"""First and second derivatives of every differentiable operator, against torch's autograd in float64."""

from collections.abc import Mapping

import numpy as np
import pytest
import torch

from nn4mc.control.rules import ACTIVATIONS, RULES
from nn4mc.control.rules_recurrent import RECURRENT_RULES
from nn4mc.ops import OPERATORS as KERNELS
from nn4mc.ops.activation import ACTIVATION
from tests.control.derivative_cases import CASES, SLIDING, draw, evaluate, graph_and_point, whole_tape
from tests.control.torch_operators import OPERATORS, POINTWISE, torch_function
from tests.operator_cases import Case

RELATIVE = 1e-9
FUSED = sorted(name for name in ACTIVATIONS if name in KERNELS and KERNELS[name].elementwise)
"""What may stand behind a product."""
POSITIVE = ("log", "sqrt")
MORE = (
    *(Case("dense", ((4,), draw(3, 4), draw(3)), {"activation": one}) for one in FUSED if one not in POSITIVE),
    *(Case("dense", ((4,), np.abs(draw(3, 4)), draw(3) ** 2), {"activation": one}, low=0.1) for one in POSITIVE),
    *(Case("conv", ((1, 1, 5, 2), draw(4, 1, 3, 1), draw(4)), {"strides": (1, 1), "dilations": (1, 2),
      "pads": (0, 2, 0, 2), "groups": 2, "activation": one}) for one in ("relu", "gelu")),
    Case("pool", ((1, 3, 4, 2),), {**SLIDING, "kind": "average", "kernel": (2, 2), "count_include_pad": True}),
    Case("pad", ((2, 4),), {"before": (0, 2), "after": (0, 1), "mode": "reflect"}),
    Case("pad", ((2, 4),), {"before": (0, 2), "after": (0, 1), "mode": "edge"}),
    Case("matmul", ((2, 2, 3), (3, 2))),
    Case("matmul", ((2, 3), (3,))),
    Case("softmax", ((3, 2),), {"axis": 0}),
    Case("layer_norm", ((2, 2, 3), draw(2, 3), draw(2, 3)), {"axis": 1, "epsilon": 1e-3}),
    Case("concat", ((2, 1), (2, 2), draw(2, 1)), {"axis": 1}),
    Case("transpose", ((2, 3, 2),), {"perm": (2, 0, 1)}),
)  # fmt: skip
BOTH = [case for case in (*CASES, *MORE) if case.attributes.get("reset_after") is not False]
"""torch has no GRU that resets before its product."""

KINKS: Mapping[str, tuple[float, ...]] = {
    "abs": (0.0,), "celu": (0.0,), "elu": (0.0,), "hard_sigmoid": (-2.5, 2.5), "hard_sigmoid6": (-3.0, 3.0),
    "hard_swish": (-3.0, 3.0), "leaky_relu": (0.0,), "prelu": (0.0,), "relu": (0.0,), "relu6": (0.0, 6.0),
    "relu_general": (0.0, 2.0), "selu": (0.0,), "softsign": (0.0,), "sparse_plus": (-1.0, 1.0),
}  # fmt: skip
"""Where a function of one number has no derivative, or no second one; docs/nmpc.md has the others."""


def off(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.abs(found - expected).max() / max(1.0, float(np.abs(expected).max())))


def test_every_rule_has_its_counterpart():
    assert {*OPERATORS} == {*RULES, *RECURRENT_RULES}
    assert {*POINTWISE} == {*ACTIVATIONS}
    assert {case.op for case in BOTH} == {*OPERATORS}


IDS = [f"{i}_{case.op}_{case.attributes.get(ACTIVATION, '')}".rstrip("_") for i, case in enumerate(BOTH)]


@pytest.mark.parametrize("case", BOTH, ids=IDS)
def test_value_first_and_second_derivative_are_those_of_autograd(case: Case):
    made, point = graph_and_point(case)
    assert all(np.abs(point - kink).min() > 1e-3 for kink in KINKS.get(case.op, ()))
    function, at = torch_function(case), torch.tensor(point)
    jet = evaluate(whole_tape(made), point)
    assert off(jet.value, function(at).detach().numpy()) <= RELATIVE
    jacobian = torch.autograd.functional.jacobian(function, at)
    assert off(jet.first, jacobian.numpy().T) <= RELATIVE
    assert jet.second is not None
    hessians = [torch.autograd.functional.hessian(lambda x, i=i: function(x)[i], at) for i in range(len(jacobian))]
    assert off(jet.second, torch.stack(hessians, dim=-1).numpy()) <= RELATIVE


@pytest.mark.parametrize("op", sorted({*KINKS} & {*POINTWISE}))
def test_a_kink_has_a_finite_slope_between_those_of_its_sides(op: str):
    """At a kink any slope in between is a subgradient; on either side it is torch's."""
    kinks = KINKS[op]
    made, _ = graph_and_point(
        Case(op, ((3 * len(kinks),),), {"alpha": 0.2, "beta": 0.5} if op == "hard_sigmoid" else {})
    )
    beside = np.array([kink + side for kink in kinks for side in (-1e-6, 0.0, 1e-6)])
    jet = evaluate(whole_tape(made), beside)
    below, at, above = np.diag(jet.first).reshape(-1, 3).T
    assert jet.second is not None and np.isfinite(jet.second).all()
    assert (np.minimum(below, above) - 1e-5 <= at).all() and (at <= np.maximum(below, above) + 1e-5).all()
