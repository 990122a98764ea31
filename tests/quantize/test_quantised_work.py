"""The work of a quantised network is the same for every input: the emulated core counts one number of instructions."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nn4mc.api import compile_graph
from nn4mc.ir import Graph
from nn4mc.profile.folder import read_folder
from nn4mc.profile.link import build
from nn4mc.profile.runner import NetworkRunner
from nn4mc.quantize import Quantizing, Scheme
from nn4mc.target import TARGETS
from tests.quantize.models import MODELS, inputs_for, recording

pytestmark = pytest.mark.emulator
EXTREMES = np.float32([0.0, 1e30, -1e30, 1e-40, 3e38, -0.0])


@pytest.mark.parametrize("scheme", [Scheme(), Scheme("int16", "int16")], ids=lambda one: one.weights)
@pytest.mark.parametrize("make", MODELS, ids=lambda one: one.__name__)
def test_every_input_takes_the_same_instructions(tmp_path: Path, make: Callable[[], Graph], scheme: Scheme):
    graph = make()
    compile_graph(graph, quantizing=Quantizing(scheme, (recording(graph),))).write(tmp_path / "c")
    folder = read_folder(tmp_path / "c")
    runner = NetworkRunner(build(folder, TARGETS["cortex-m4f"], tmp_path / "build").elf, folder)
    drawn = 3.0 * inputs_for(graph, 60)
    extreme = np.random.default_rng(1).choice(EXTREMES, drawn.shape)
    assert len(set(runner.instructions(np.concatenate([drawn, extreme])).tolist())) == 1
