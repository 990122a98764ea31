"""A second emulator counts the instructions of the same program: QEMU, whose clock is made of instructions."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nn4mc.api import Network, compile_graph, compile_model
from nn4mc.profile.core import Memory
from nn4mc.profile.folder import read_folder
from nn4mc.profile.runner import NetworkRunner
from tests.emulator.families import convolution, recurrence
from tests.emulator.machines import CORTEX_M4F, answer

pytestmark = pytest.mark.emulator

MPS2 = (Memory("code", 0x00000000, 4 << 20), Memory("RAM", 0x20000000, 4 << 20))
SHIFT = 10
NS_A_TICK = 40
"""SysTick of mps2-an386 counts at 25 MHz."""
ROWS = 20


def qemu_counts(network: Network, rows: np.ndarray, folder: Path) -> np.ndarray:
    """Return the instructions of each step by QEMU's clock: an instruction is 2^SHIFT ns, of which SysTick sees 40."""
    network.write(folder)
    read = read_folder(folder)
    (folder / "network_under_test.h").write_text(
        f'#include "{network.name}.h"\n#define NET(part) {network.name}##part\n'
        f"#define NET_IN_LEN {network.name.upper()}_IN_LEN\n#define NET_OUT_LEN {network.name.upper()}_OUT_LEN\n"
        f"#define NET_IN_TYPE {read.in_type}\n#define NET_OUT_TYPE {read.out_type}\n"
    )
    given = np.uint32(len(rows)).tobytes() + rows.astype("<f4").tobytes()
    sources = [*sorted(folder.glob("*.[cS]")), Path(__file__).with_name("icount_program.c")]
    clock = ("-icount", f"shift={SHIFT},sleep=off")
    ticks = np.frombuffer(answer(CORTEX_M4F, sources, given, folder, qemu=clock), "<u4").reshape(-1, 3).astype(int)
    empty, full = (ticks[:, 0] - ticks[:, 1]) % 2**24, (ticks[:, 1] - ticks[:, 2]) % 2**24
    return np.round((full - empty) * NS_A_TICK / 2**SHIFT).astype(int)


NETWORKS: dict[str, Callable[[], Network]] = {
    "raptor": lambda: compile_model("raptor"),
    "convolution": lambda: compile_graph(convolution()),
    "recurrence": lambda: compile_graph(recurrence()),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_both_emulators_count_the_same_instructions(name: str, tmp_path: Path):
    network = NETWORKS[name]()
    rows = np.random.default_rng(0).normal(size=(ROWS, network.plan.in_len)).astype(np.float32)
    counted = qemu_counts(network, rows, tmp_path)
    # The very program that QEMU ran. The empty function that was taken off has two instructions of its own.
    runner = NetworkRunner(tmp_path / "program", read_folder(tmp_path), MPS2)
    ours = runner.instructions(rows) - 2
    assert counted.shape == (ROWS,) and counted.min() > 1000
    np.testing.assert_allclose(counted, ours, rtol=1e-3)
