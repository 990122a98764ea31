"""Many generated networks in one shared library: one call of the compiler, one load, thousands of runs."""

import ctypes
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nn4mc.api import Network
from nn4mc.build.host import WARNINGS, host_compiler
from nn4mc.codegen.golden import interface_type
from nn4mc.codegen.runtime import runtime_folder
from nn4mc.codegen.write import write_files

FLAGS = ("-std=c99", "-O1", "-ffp-contract=off", "-fPIC", "-shared", *WARNINGS)


@dataclass(frozen=True)
class CNetwork:
    """One network of a batch, callable like the C: a sequence of steps from the initial state."""

    network: Network
    library: ctypes.CDLL

    def run(self, inputs: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the outputs (steps, out) for ``inputs`` (steps, in), each in the network's own type."""
        statuses, out = self.answers(inputs)
        assert not statuses.any(), f"{self.network.name}_run answered {statuses}"
        return out

    def answers(self, inputs: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int32], npt.NDArray[Any]]:
        """Return the status of each step, 0 or negative, and the outputs as :meth:`run` does."""
        plan, graph, name = self.network.plan, self.network.graph, self.network.name
        context = (ctypes.c_float * max(1, plan.state_len + plan.arena_len))()
        rows = np.ascontiguousarray(inputs, interface_type(graph, graph.inputs)).reshape(len(inputs), plan.in_len)
        out = np.zeros((len(rows), plan.out_len), interface_type(graph, graph.outputs))
        getattr(self.library, f"{name}_init")(context)
        step = getattr(self.library, f"{name}_run")
        statuses = [
            step(context, ctypes.c_void_p(row.ctypes.data), ctypes.c_void_p(result.ctypes.data))
            for row, result in zip(rows, out, strict=True)
        ]
        return np.array(statuses, np.int32), out

    def selftest(self) -> float:
        """Return what the C's own self-test returns."""
        plan = self.network.plan
        context = (ctypes.c_float * max(1, plan.state_len + plan.arena_len))()
        function = getattr(self.library, f"{self.network.name}_selftest")
        function.restype = ctypes.c_float
        return float(function(context))


def build_batch(networks: Sequence[Network], folder: Path, *flags: str) -> Mapping[str, CNetwork]:
    """Compile networks of distinct names into one library in ``folder``; returns them by name.

    ``flags`` configure network and runtime, beside what the compiler always gets.
    """
    assert len({network.name for network in networks}) == len(networks)
    sources = []
    for network in networks:
        own = {name: network.emitted.files[name] for name in (f"{network.name}.h", f"{network.name}.c")}
        write_files(folder, own)
        sources.append(folder / f"{network.name}.c")
    runtime = runtime_folder()
    library = folder / "batch.so"
    command = [host_compiler(), *FLAGS, *flags, f"-I{folder}", f"-I{runtime}", *sources, *sorted(runtime.glob("*.c"))]
    done = subprocess.run([*command, "-o", library], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    loaded = ctypes.CDLL(str(library))
    return {network.name: CNetwork(network, loaded) for network in networks}
