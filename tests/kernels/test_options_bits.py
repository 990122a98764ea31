"""Options of the generated C: for each of them the core gives the bits of the generic build on this machine."""

import itertools
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from benchmarks.networks import NETWORKS
from nn4mc.api import Network, compile_graph
from nn4mc.ir import Graph
from nn4mc.target import ACTIVATION_ERRORS, DEFAULT_CODE, CodeOptions
from tests.contract.folders import every_operator
from tests.core_batch import CoreBatch, apart_in_the_core
from tests.emulator.families import convolution, normalisation, recurrence
from tests.graphs import random_graph, seeded

pytestmark = pytest.mark.emulator

BUILDERS: Mapping[str, Callable[[], Graph]] = {
    **{name.lower(): build for name, build in NETWORKS.items()},
    "every": every_operator, "convolution": convolution, "recurrence": recurrence, "normalisation": normalisation,
    **{f"drawn_{i}": lambda i=i: random_graph(seeded(70_000 + i), f"drawn_{i}") for i in range(6)},
}  # fmt: skip
OPTIONS = [
    *(CodeOptions(mac, weights, optimize=size)
      for mac, (weights, size) in itertools.product(("mul-add", "fma"), (("flash", "speed"), ("ram", "size")))),
    CodeOptions(weights="ccm"),
    *(CodeOptions(activation_error=error) for error in ACTIVATION_ERRORS[1:]),
]  # fmt: skip


def networks(code: CodeOptions) -> list[Network]:
    return [compile_graph(build(), f"net_{name}", code=code) for name, build in BUILDERS.items()]


@pytest.mark.parametrize(
    "code", OPTIONS, ids=lambda code: f"{code.mac}-{code.weights}-{code.optimize}-{code.activation_error}"
)
def test_the_core_gives_the_bits_of_the_generic_build(code: CodeOptions, tmp_path: Path):
    assert apart_in_the_core(networks(code), tmp_path, code) == []


def test_the_comparison_sees_one_rounding_too_few(tmp_path: Path):
    """Networks of one multiply-accumulate, and a runtime of the other: most answers differ in some bit."""
    found = networks(DEFAULT_CODE)
    fused, plain = (CoreBatch(found, tmp_path / mac, CodeOptions(mac=mac)) for mac in ("fma", "mul-add"))
    rows = [one.emitted.golden.inputs for one in found]
    apart = [
        (fused.answers(one, given)[1] != plain.answers(one, given)[1]).any()
        for one, given in zip(found, rows, strict=True)
    ]
    assert sum(apart) > len(apart) // 2
