"""Many networks in one program of the emulated core, held against the generic build on this machine, bit for bit."""

import atexit
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nn4mc.api import Network
from nn4mc.build.cross import FLAGS, sources_in
from nn4mc.build.host import WARNINGS
from nn4mc.codegen.emit import emit
from nn4mc.codegen.golden import interface_type, trial_inputs
from nn4mc.codegen.runtime import code_defines, runtime_folder
from nn4mc.codegen.write import write_files
from nn4mc.profile.core import CCM, Core, Memory
from nn4mc.target import DEFAULT_CODE, GENERIC, CodeOptions, Target, target
from tests.c_batch import build_batch

BIG_FLASH = Memory("flash", 0x08000000, 64 << 20)
BIG_RAM = Memory("RAM", 0x20000000, 256 << 20)
BIG_SCRIPT = Path(__file__).with_name("big.ld")
FREE_AT = BIG_RAM.at + (1 << 20)
"""Where the program's own variables have ended."""
CORE = target("cortex-m4f")
STEPS = 3


class CoreBatch:
    """Networks in one emulated core."""

    def __init__(self, networks: Sequence[Network], folder: Path, code: CodeOptions = DEFAULT_CODE) -> None:
        """Build them in ``folder``, each as it was compiled, beside one runtime with assembly, for ``code``."""
        sources = []
        for network in networks:
            own = {name: network.emitted.files[name] for name in (f"{network.name}.h", f"{network.name}.c")}
            write_files(folder, own)
            sources.append(folder / f"{network.name}.c")
        elf = folder / "batch.elf"
        link = ["-nostdlib", f"-Wl,-T,{BIG_SCRIPT}", "-Wl,-e,0"]
        headers = [*WARNINGS, f"-I{folder}", f"-I{runtime_folder()}"]
        flags = [*CORE.flags, *FLAGS, *_defines(CORE, code)]
        _compile([*flags, *headers, *link, *sources, *_runtime_objects(code), "-lgcc", "-o", elf])
        self._core = Core(elf, (BIG_FLASH, BIG_RAM, CCM), count_conditionals=False)

    def answers(self, network: Network, inputs: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int32], npt.NDArray[Any]]:
        """Return statuses and outputs, as CNetwork.answers of this machine."""
        statuses, out, _ = self.counted(network, inputs)
        return statuses, out

    def counted(
        self, network: Network, inputs: npt.NDArray[Any]
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[Any], list[int]]:
        """Return the instructions of each step as well, from call to return."""
        core, plan, graph = self._core, network.plan, network.graph
        rows = np.asarray(inputs, interface_type(graph, graph.inputs)).reshape(len(inputs), plan.in_len)
        out = np.zeros((len(rows), plan.out_len), interface_type(graph, graph.outputs))
        context = FREE_AT
        given = context + 4 * (plan.state_len + plan.arena_len + 2)
        made = given + (rows[0].nbytes + 7 & ~3)
        core.call(f"{network.name}_init", context)
        statuses, instructions = [], []
        for row, result in zip(rows, out, strict=True):
            core.write(given, row.tobytes())
            core.write(made, result.tobytes())
            before = core.instructions
            statuses.append(core.call(f"{network.name}_run", context, given, made))
            instructions.append(core.instructions - before)
            result[:] = np.frombuffer(core.read(made, result.nbytes), result.dtype)
        return np.array(statuses, np.uint32).view(np.int32), out, instructions


def apart_in_the_core(networks: Sequence[Network], folder: Path, code: CodeOptions = DEFAULT_CODE) -> list[str]:
    """Return what differs between the generic build on this machine and the assembly in the core; best nothing.

    ``networks`` are of the target cortex-m4f, compiled with ``code``, and of distinct names.
    """
    any_core = target(GENERIC)
    generic = [replace(one, emitted=emit(one.graph, one.plan, one.name, any_core, code)) for one in networks]
    here = build_batch(generic, folder / "here", *_defines(any_core, code))
    core = CoreBatch(networks, folder / "core", code)
    found = []
    for network in networks:
        rows = _inputs(network)
        expected_status, expected = here[network.name].answers(rows)
        status, made = core.answers(network, rows)
        if status.tolist() != expected_status.tolist():
            found.append(f"{network.name}: status {status.tolist()}, not {expected_status.tolist()}")
        words = (made.view(np.uint32) != expected.view(np.uint32)) if made.dtype == np.float32 else made != expected
        if words.any():
            at = tuple(np.argwhere(words)[0])
            found.append(
                f"{network.name}: {words.sum()} of {words.size} words, first {made[at]!r} for {expected[at]!r}"
            )
    return found


def _defines(core: Target, code: CodeOptions) -> list[str]:
    """Return what `nn4mc compile` writes into nn4mc_config.h, as options of the compiler."""
    return [f"-D{one.replace(' ', '=', 1)}" for one in code_defines(core, code, const_bytes=0)]


def _inputs(network: Network) -> npt.NDArray[Any]:
    """Return the self-test's inputs, whose answers are finite, and some more of which nothing is known."""
    more = trial_inputs(network.graph, STEPS, seed=1)
    return np.concatenate([network.emitted.golden.inputs, more])


@cache
def _runtime_objects(code: CodeOptions) -> tuple[Path, ...]:
    """Return the whole runtime, compiled once."""
    folder = Path(tempfile.mkdtemp(prefix="nn4mc-test-runtime-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    sources = sources_in(runtime_folder())
    _compile([*CORE.flags, *FLAGS, *_defines(CORE, code), "-c", *sources], folder)
    return tuple(folder / f"{source.stem}.o" for source in sources)


def _compile(words: Sequence[str | Path], folder: Path | None = None) -> None:
    done = subprocess.run([CORE.compiler, *words], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
