"""Where the weights are: the port's linker script and start-up put them there, and that is where they are read."""

import re
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from nn4mc.api import Network, compile_graph
from nn4mc.build.cross import FLAGS, sources_in
from nn4mc.ir import Float32Array
from nn4mc.profile.core import CCM, FLASH, RAM, STM32F405, Core, Memory
from nn4mc.profile.engine import arm, unicorn
from nn4mc.target import TARGETS, WEIGHTS, CodeOptions
from tests.c_batch import build_batch
from tests.contract.folders import every_operator
from tests.firmware.c_library import ROOT

pytestmark = pytest.mark.emulator

PORT = ROOT / "firmware" / "ports" / "stm32f4"
MEMORIES = {"flash": FLASH, "ram": RAM, "ccm": CCM}
SYSTEM = Memory("system", 0xE000E000, 0x1000)
MAIN = "int main(void);\nint main(void) { return 0; }\n"


@dataclass(frozen=True)
class Board:
    """A core that went through reset with a network in its flash, and where that network's buffers are."""

    core: Core
    network: Network
    free: int

    @property
    def source(self) -> str:
        """The network's C."""
        return self.network.emitted.files[f"{self.network.name}.c"]

    def run(self, rows: Float32Array) -> bytes:
        """Return the output words of all steps from the initial state."""
        name, plan = self.network.name, self.network.plan
        given = self.free + 4 * (plan.state_len + plan.arena_len + 1)
        out = given + 4 * plan.in_len
        self.core.call(f"{name}_init", self.free)
        answers = []
        for row in rows:
            self.core.write(given, row.tobytes())
            assert self.core.call(f"{name}_run", self.free, given, out) == 0
            answers.append(self.core.read(out, 4 * plan.out_len))
        return b"".join(answers)

    def reads(self, rows: Float32Array) -> Counter[str]:
        """Return how many words were read from each memory while running."""
        found: Counter[str] = Counter()

        def count(_engine: object, _access: int, at: int, size: int, *_: object) -> None:
            found[next(name for name, memory in MEMORIES.items() if memory.holds(at))] += -(-size // 4)

        self.core.engine.ctl_flush_tb()  # what is translated already would not call the hook
        handle = self.core.engine.hook_add(unicorn().UC_HOOK_MEM_READ, count)
        self.run(rows)
        self.core.engine.hook_del(handle)
        return found


def after_reset(weights: str, folder: Path) -> Board:
    """Return a board whose RAM held garbage until its start-up code ran from what flash holds."""
    network = compile_graph(every_operator(), code=CodeOptions(weights=weights))
    network.write(folder)
    (folder / "main.c").write_text(MAIN)
    elf, target = folder / "board.elf", TARGETS["cortex-m4f"]
    keep = [f"-Wl,-u,{network.name}_{part}" for part in ("init", "run")]
    link = ["-ffunction-sections", "-fdata-sections", "-nostdlib", "-Wl,--gc-sections,--fatal-warnings", *keep]
    sources = [*sources_in(folder), PORT / "startup.c", PORT / "memory.c"]
    words = [*target.flags, *FLAGS, f"-I{folder}", f"-I{PORT}", *link, f"-Wl,-T,{PORT / 'stm32f405rg.ld'}", *sources]
    done = subprocess.run([target.compiler, *words, "-lgcc", "-o", elf], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and not done.stderr, done.stderr
    core = Core(elf, (*STM32F405, SYSTEM))
    flash_only(core, elf, folder / "board.bin")
    core.engine.reg_write(arm().UC_ARM_REG_SP, core.program.symbol("stack_top"))
    core.counting.start(1_000_000)
    core.engine.emu_start(core.program.symbol("reset_handler") | 1, core.program.symbol("main"))
    assert core.engine.reg_read(arm().UC_ARM_REG_PC) == core.program.symbol("main")
    core.counting.finish()
    return Board(core, network, core.program.symbol("bss_end") + 64)


def flash_only(core: Core, elf: Path, image: Path) -> None:
    """Leave garbage everywhere but in flash, which holds what a programmer would write there."""
    subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", elf, image], check=True)
    for memory in (FLASH, RAM, CCM):
        core.write(memory.at, b"\xee" * memory.size)
    core.write(FLASH.at, image.read_bytes())


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Board]:
    return {weights: after_reset(weights, tmp_path_factory.mktemp(weights)) for weights in WEIGHTS}


def rows(board: Board) -> Float32Array:
    return np.random.default_rng(2).normal(size=(5, board.network.plan.in_len)).astype(np.float32)


@pytest.mark.parametrize("weights", WEIGHTS)
def test_the_bits_are_those_of_this_machine(weights: str, boards: dict[str, Board], tmp_path: Path):
    board = boards[weights]
    here = build_batch([board.network], tmp_path)[board.network.name]
    assert board.run(rows(board)) == here.run(rows(board)).tobytes()


@pytest.mark.parametrize("weights", WEIGHTS)
def test_the_weights_lie_where_they_were_asked_for(weights: str, boards: dict[str, Board]):
    board = boards[weights]
    names = re.findall(r"^static const float (\w+)\[\d+\] NN4MC_WEIGHTS", board.source, re.M)
    packed = [board.core.program.symbol(name) for name in names]
    assert len(packed) >= 5
    assert all(MEMORIES[weights].holds(at) for at in packed)


def test_weights_are_read_from_the_memory_that_was_asked_for(boards: dict[str, Board]):
    words = sum(t.data.size for t in boards["ccm"].network.graph.tensors.values() if t.data is not None)
    given = rows(boards["ccm"])
    flash, ram, ccm = (boards[name].reads(given) for name in WEIGHTS)
    assert flash["ccm"] == ram["ccm"] == 0 < words * len(given) <= ccm["ccm"]
    assert ccm["ram"] == flash["ram"], "state and arena alone"
    assert ram["ram"] - flash["ram"] == ccm["ccm"] == flash["flash"] - ccm["flash"] == flash["flash"] - ram["flash"]


@pytest.mark.parametrize("weights", ["ram", "ccm"])
def test_flash_is_read_once_by_start_up_and_then_no_more(weights: str, tmp_path: Path):
    board = after_reset(weights, tmp_path)
    expected = board.run(rows(board))
    symbol = board.core.program.symbol
    start, load = ("data_start", "data_load") if weights == "ram" else ("ccm_start", "ccm_load")
    size = symbol(start.replace("start", "end")) - symbol(start)
    assert size > 0
    board.core.write(symbol(load), b"\xee" * size)
    assert board.run(rows(board)) == expected
    board.core.write(symbol(start), bytes(size))
    assert board.run(rows(board)) != expected
