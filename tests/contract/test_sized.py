"""What the header and `inspect` state is what the compiler makes of it: context, constants, stack."""

import re
import subprocess
from pathlib import Path

import pytest

from nn4mc.api import Network, compile_graph, compile_model
from nn4mc.build.cross import deepest_stack
from nn4mc.errors import BuildError
from nn4mc.inspect import inspect
from nn4mc.target import TARGETS
from tests.contract.folders import compile_every, compiled, stateless


def macros(network: Network) -> dict[str, int]:
    header = network.emitted.files[f"{network.name}.h"]
    return {name: int(value) for name, value in re.findall(rf"#define {network.name.upper()}_(\w+) (\d+)\n", header)}


@pytest.mark.parametrize("make", [lambda: compile_model("raptor"), compile_every], ids=["raptor", "every"])
def test_header_and_plan_agree_and_the_context_is_exactly_state_and_arena(tmp_path: Path, make):
    network = make()
    plan, stated = network.plan, macros(network)
    assert (stated["IN_LEN"], stated["OUT_LEN"]) == (plan.in_len, plan.out_len)
    assert (stated["STATE_LEN"], stated["ARENA_LEN"]) == (plan.state_len, plan.arena_len)
    network.write(tmp_path)
    expected = 4 * (plan.state_len + plan.arena_len)
    check = f'#include "{network.name}.h"\ntypedef char exact[sizeof({network.name}_t) == {expected} ? 1 : -1];\n'
    (tmp_path / "check.c").write_text(check)
    compiled(["gcc", "-std=c99", "-fsyntax-only", "check.c"], tmp_path)
    assert f"{network.name}_t {expected} bytes" in network.emitted.files[f"{network.name}.h"]


@pytest.mark.parametrize("make", [lambda: compile_model("raptor"), compile_every], ids=["raptor", "every"])
def test_const_bytes_is_what_the_arrays_take(tmp_path: Path, make):
    network = make()
    network.write(tmp_path)
    compiled(["gcc", "-std=c99", "-O0", "-c", f"{network.name}.c", "-o", "x.o"], tmp_path)
    text = subprocess.run(["nm", "-S", "x.o"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in text.splitlines()]
    arrays = [int(row[1], 16) for row in rows if len(row) == 4 and row[2] == "r" and "." not in row[3]]
    assert sum(arrays) == macros(network)["CONST_BYTES"] == network.emitted.const_bytes


def test_a_network_without_memory_says_so():
    stated = macros(compile_graph(stateless()))
    assert (stated["STATE_LEN"], stated["ARENA_LEN"]) == (0, 0)


@pytest.mark.emulator
def test_raptor_keeps_to_its_budget_on_the_target(raptor: Network):
    found = inspect(raptor, TARGETS["cortex-m4f"])
    assert found.code is not None
    assert found.code.flash <= 12 * 1024
    assert found.code.ram == 0
    assert found.parameters == 2084 - 16 - 32, "h0 is zero, and the biases of two gates are summed"
    assert found.macs == 1952


@pytest.mark.emulator
@pytest.mark.parametrize("target", TARGETS)
def test_inspect_counts_all_memory_and_a_bounded_stack(target: str):
    network = compile_every(target)
    found = inspect(network, TARGETS[target])
    assert found.state_bytes == 4 * network.plan.state_len and found.arena_bytes == 4 * network.plan.arena_len
    assert found.const_bytes == network.emitted.const_bytes
    assert found.weight_bytes == 4 * found.parameters
    assert found.code is not None
    assert found.code.flash > found.const_bytes
    assert 0 < found.code.stack <= 512


CALLS = """
node: { title: "run" label: "run\\n32 bytes (static)" }
node: { title: "x.c:a" label: "a\\n16 bytes (static)" }
node: { title: "b" label: "b\\n100 bytes (static)" }
edge: { sourcename: "run" targetname: "x.c:a" }
edge: { sourcename: "run" targetname: "leaf" }
edge: { sourcename: "x.c:a" targetname: "b" }
"""


def test_the_stack_is_that_of_the_deepest_path():
    assert deepest_stack([CALLS], "run") == 148
    assert deepest_stack([CALLS], "a") == 116


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ('edge: { sourcename: "b" targetname: "run" }', "calls itself"),
        ('node: { title: "c" label: "c\\n8 bytes (dynamic)" }', "no bound is known"),
    ],
)
def test_an_unbounded_stack_is_refused(more: str, message: str):
    with pytest.raises(BuildError, match=message):
        deepest_stack([CALLS, more], "run")
