"""The generated code finds a fault in itself: any weight changed where it matters, and a fault of one bit."""

import ctypes
import re
from pathlib import Path

import numpy as np
import pytest

from nn4mc.api import Network
from nn4mc.codegen.literals import float_literal
from nn4mc.codegen.runtime import runtime_folder
from nn4mc.codegen.write import write_files
from tests.c_network import CNetwork, build_library, load
from tests.contract.folders import compile_every

EXPONENT_BIT = 25
ARRAYS = re.compile(r"static const float (\w+)\[\d+\] = \{\n(.*?)\n\};", re.DOTALL)


def arrays(network: Network) -> dict[str, list[str]]:
    """Return the literals of every weight array of a network's C."""
    found = {
        name: body.replace("\n", " ").split() for name, body in ARRAYS.findall(network.emitted.files[c_file(network)])
    }
    return {name: words for name, words in found.items() if not name.startswith("golden")}


def c_file(network: Network) -> str:
    return f"{network.name}.c"


def flipped(network: Network, array: str, index: int) -> str:
    """Return the C with one bit of one weight turned over: its magnitude changes by a factor of 4 or more."""
    text = network.emitted.files[c_file(network)]

    def change(found: re.Match[str]) -> str:
        if found[1] != array:
            return found[0]
        words = found[2].split()
        value = np.float32(words[index].rstrip("f,"))
        changed = (value.view(np.uint32) ^ np.uint32(1 << EXPONENT_BIT)).view(np.float32)
        words[index] = f"{float_literal(changed)},"
        return found[0].replace(found[2], " ".join(words))

    return ARRAYS.sub(change, text)


def selftest_of(text: str, network: Network, folder: Path) -> float:
    folder.mkdir()
    write_files(folder, {**network.emitted.files, c_file(network): text})
    sources = [
        folder / c_file(network),
        *sorted(runtime_folder().glob("nn4mc_[!go]*.c")),
        runtime_folder() / "nn4mc_gru.c",
    ]
    library = ctypes.CDLL(str(build_library(sources, folder / "x.so")))
    return CNetwork(library, network).selftest()


@pytest.mark.parametrize("which", ["raptor", "every"])
def test_passes_on_the_code_as_generated_and_leaves_it_initialised(tmp_path: Path, raptor: Network, which: str):
    network = raptor if which == "raptor" else compile_every()
    (c,) = load([network], tmp_path)
    context, fresh = c.context(), c.context()
    error = c._function("selftest", ctypes.c_float)(context.pointer)
    assert 0 <= error <= network.emitted.golden.limit
    assert (context.bits[: network.plan.state_len] == fresh.bits[: network.plan.state_len]).all()
    assert context.guarded()


def test_finds_one_flipped_bit_in_every_array_of_raptor(tmp_path: Path, raptor: Network):
    """The largest weight of each array, so that the neuron behind it is awake in the golden vectors."""
    for array, words in arrays(raptor).items():
        values = np.array([float(word.rstrip("f,")) for word in words])
        for index in np.argsort(-np.abs(values))[:2]:
            text = flipped(raptor, array, int(index))
            assert text != raptor.emitted.files[c_file(raptor)]
            error = selftest_of(text, raptor, tmp_path / f"{array}_{index}")
            assert error > raptor.emitted.golden.limit, f"{array}[{index}]"


def test_golden_vectors_take_hundreds_of_bytes_and_are_the_float64_answers(raptor: Network):
    golden = raptor.emitted.golden
    assert 0 < 4 * (golden.inputs.size + golden.outputs.size) <= 512
    assert golden.limit == pytest.approx(1e-5 * np.abs(golden.outputs).max())
    np.testing.assert_array_equal(golden.inputs, raptor.graph.source.examples[: len(golden.inputs)])
