"""Names of anyone's making become C names that compile, and comments stay comments."""

import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn4mc.api import Network, compile_graph
from nn4mc.build.host import WARNINGS
from nn4mc.codegen.identifiers import c_identifier, comment_text
from nn4mc.codegen.names import unique
from nn4mc.errors import ConfigError
from nn4mc.ir import Graph, Node, State, Tensor
from tests.contract.folders import compiled
from tests.graphs import constant, graph

HOSTILE = [
    "*/",
    "/*",
    "//",
    "a*/ int main(void) { return 1; } /*",
    "line\nbreak",
    "\r\n",
    "\\",
    "back\\\nslash",
    "??/",
    "???/",
    '"',
    'a"; }',
    "while",
    "class",
    "int",
    "main",
    "{{ 7 * 7 }}",
    "{% raise %}",
    "{#",
    "émile",
    "层",
    "\x00",
    "\x1b[31m",
    "",
    " ",
    "0",
    "3net",
    "_",
    "__a",
    "x" * 10_000,
    "%s%n",
    "size_t",
    "uint32_t",
    "NULL",
    "FLT_MAX",
    "INT8_C",
    "offsetof",
    "nn4mc",
    "nn4mc_gru",
    "nn4mc_copy",
    "nn4mc_status_t",
    "stdint",
    "stddef",
    "float",
    "features",
    "size",
    "int8",
    "wchar",
    "controller",
    "trace",
    "trace_main",
    "examples",
    "network",
    "in",
    "out",
    "golden_in",
    "step",
    "error",
    "i",
    "gru",
    "\ud800",
]
OWN = "probe probe_run probe_init probe_t probe_status_t PROBE_IN_LEN PROBE_H initial_state_0".split()


def net(title: str, constants: tuple[str, ...] = ("w", "b"), layer: str = "layer", state: str = "s") -> Graph:
    """Return y = W x + b with a state, its parts called as given."""
    weights, bias = constants
    tensors = [
        Tensor("x", (2,)),
        Tensor("y", (2,)),
        Tensor(state, (2,)),
        constant(weights, np.eye(2)),
        constant(bias, [1, 2]),
    ]
    nodes = [Node(layer, "dense", ("x", weights, bias), ("y",), {"activation": "tanh"})]
    return graph(tensors, nodes, states=[State(state, "y", np.ones(2, np.float32))], name=title)


def assert_compiles(networks: list[Network], tmp_path) -> None:
    """As C and as C++, each network in a folder of its own, all in a call each."""
    sources = []
    for i, network in enumerate(networks):
        folder = tmp_path / str(i)
        network.write(folder)
        json.loads((folder / "library.json").read_text())
        sources.append(f"{i}/{network.name}.c")
    for language in (["gcc", "-std=c99"], ["g++", "-x", "c++", "-std=c++11"]):
        compiled([*language, *WARNINGS, "-fsyntax-only", *sources], tmp_path)


def test_networks_with_hostile_names_compile(tmp_path):
    assert_compiles([compile_graph(net(name)) for name in HOSTILE], tmp_path)


def test_networks_with_hostile_names_find_the_system_headers(tmp_path):
    for name in ("stdint", "stddef", "float", "features"):
        network = compile_graph(net(name))
        network.write(tmp_path / network.name)
        flags = ["gcc", "-std=c99", *WARNINGS, "-fsyntax-only", "-I.", f"{network.name}.c", "examples/main.c"]
        compiled(flags, tmp_path / network.name)


def test_tensors_layers_and_states_with_hostile_names_compile(tmp_path):
    networks = []
    for name in [*HOSTILE, *OWN]:
        other = f"{name}2"
        networks.append(compile_graph(net("probe", (name, other), layer=name, state=f"{name}3"), name="probe"))
    assert_compiles(networks, tmp_path)


def test_tensors_equal_after_sanitising_stay_apart(tmp_path):
    pairs = [("a b", "a\tb"), ("w.1", "w/1"), ("x" * 10_000, "x" * 9_999 + "y"), ("é", "è"), ("a_", "a__")]
    assert_compiles([compile_graph(net("probe", pair)) for pair in pairs], tmp_path)


@given(st.text(max_size=60))
def test_an_identifier_is_one_and_is_stable(text: str):
    name = c_identifier(text)
    assert re.fullmatch("[A-Za-z][A-Za-z0-9_]{0,53}", name)
    assert c_identifier(text) == name


@given(st.lists(st.sampled_from(["a b", "a.b", "a_b", "w", "W", "while"]), max_size=12))
def test_unique_names_are_unique(texts: list[str]):
    taken: set[str] = set()
    names = [unique(text, taken) for text in texts]
    assert len(set(names)) == len(names)


@given(st.text(alphabet=st.one_of(st.sampled_from('*/?\\"\n'), st.characters()), max_size=120))
def test_comment_text_is_one_harmless_line(text: str):
    found = comment_text(text)
    assert all(" " <= letter <= "~" for letter in found)
    assert not re.search(r"\*/|/\*|\?\?|\\|\"", found)
    assert len(comment_text(text[:80])) <= 2 * 80


def test_plain_names_stay_as_they_are():
    assert [c_identifier(name) for name in ("raptor", "gru_1_weights", "W", "layer1")] == [
        "raptor",
        "gru_1_weights",
        "W",
        "layer1",
    ]


@pytest.mark.parametrize("name", ["two words", "while", "Upper", "nn4mc_gru", "3net", "*/", "stdint", "size"])
def test_a_name_asked_for_that_cannot_be_is_refused_with_one_that_can(name: str):
    with pytest.raises(ConfigError, match="cannot name C functions; '") as caught:
        compile_graph(net("probe"), name=name)
    suggested = str(caught.value).split("'")[-2]
    assert compile_graph(net("probe"), name=suggested).name == suggested
