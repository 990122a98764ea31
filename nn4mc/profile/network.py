"""Profiles a compiled network: builds it for its target, runs it in the emulated core, and adds everything up."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nn4mc.api import Network
from nn4mc.build.cross import deepest_stack
from nn4mc.errors import BuildError, ConfigError
from nn4mc.profile import tally
from nn4mc.profile.core import FLASH
from nn4mc.profile.counting import Counts
from nn4mc.profile.cycles import HEADLINE, MODELS, CycleModel
from nn4mc.profile.energy import STM32F405_RUN, Power
from nn4mc.profile.flash import FlashWaits
from nn4mc.profile.folder import NetworkFolder, read_folder
from nn4mc.profile.layers import LayerFigures, watch_layers
from nn4mc.profile.link import Built, build
from nn4mc.profile.program import Program, load_program
from nn4mc.profile.result import LayerCost, Profile
from nn4mc.profile.runner import NetworkRunner
from nn4mc.profile.stack import assembly_frames
from nn4mc.target import TARGETS, Target, target

CLOCK_HZ = 168e6
WAIT_STATES = 5
"""Of an STM32F405 at 168 MHz and 2.7 to 3.6 V (RM0090 table 10)."""
_INPUTS = 32
_SEED = 1


@dataclass(frozen=True)
class Conditions:
    """Under which a network is profiled; the wait states are of flash."""

    target: Target = TARGETS["cortex-m4f"]
    clock_hz: float = CLOCK_HZ
    wait_states: int = WAIT_STATES
    model: CycleModel = HEADLINE
    power: Power = STM32F405_RUN


DEFAULT_CONDITIONS = Conditions()


def conditions(target_name: str, clock_hz: float, wait_states: int, variant: str) -> Conditions:
    """Return the conditions that names stand for; ConfigError for one that is not known, or a clock of 0."""
    if variant not in MODELS:
        raise ConfigError(f"cycle model '{variant}' is not known. Known: {', '.join(MODELS)}")
    if not clock_hz > 0:
        raise ConfigError(f"a core clock of {clock_hz:g} Hz; name one above 0, such as 168e6.")
    return Conditions(target(target_name), clock_hz, wait_states, MODELS[variant])


def profile_network(
    network: Network, rows: npt.ArrayLike | None = None, conditions: Conditions = DEFAULT_CONDITIONS
) -> Profile:
    """Profile a compiled network on (inputs, in_len) rows; by default random ones.

    The second step from the initial state is the one whose cycles are told, so that flash is as in a control loop.
    Raises ToolMissingError without the cross compiler or the extra ``profile``, BuildError when it does not build or
    does not fit.
    """
    with tempfile.TemporaryDirectory(prefix="nn4mc-profile-") as name:
        folder = Path(name) / "c"
        network.write(folder)
        return profile_folder(folder, rows, conditions)


def profile_folder(
    folder: Path, rows: npt.ArrayLike | None = None, conditions: Conditions = DEFAULT_CONDITIONS
) -> Profile:
    """Profile the C in a folder as it stands; otherwise as :func:`profile_network`."""
    network = read_folder(folder)
    given = _inputs(network, rows)
    with tempfile.TemporaryDirectory(prefix="nn4mc-profile-") as name:
        work = Path(name)
        built = build(network, conditions.target, work)
        marked = load_program(build(network, conditions.target, work, marked=True).elf)
        return _profile(network, given, conditions, built, marked)


def _profile(
    network: NetworkFolder, rows: npt.NDArray[np.generic], conditions: Conditions, built: Built, marked: Program
) -> Profile:
    program = load_program(built.elf)
    runner = NetworkRunner(program, network)
    runner.run(rows[0])
    counts = _second_step(runner, rows)
    decoded = tally.decode_blocks(program, counts)
    runner.init()
    instructions = runner.instructions(rows)
    cycles = tally.cycles(decoded, counts, conditions.model)
    waits, _ = _with_waits(program, network, rows, conditions)
    return Profile(
        name=network.name,
        model_id=network.model_id,
        target=conditions.target.name,
        compiler=built.compiler,
        flags=built.flags,
        clock_hz=conditions.clock_hz,
        wait_states=conditions.wait_states,
        cycle_model=conditions.model.name,
        cycle_model_about=conditions.model.about,
        instructions=tally.instructions(decoded, counts),
        instructions_min=int(instructions.min()),
        instructions_max=int(instructions.max()),
        inputs=len(rows),
        cycles=cycles,
        wait_cycles=waits,
        variants={name: tally.cycles(decoded, counts, model) for name, model in MODELS.items()},
        macs=network.macs,
        microseconds=(cycles + waits) / conditions.clock_hz * 1e6,
        functions=tally.by_function(program, decoded, counts, conditions.model),
        layers=_layers(network, _with_waits(marked, network, rows, conditions)[1], conditions),
        **_memory(network, program, built),
        stack_painted=runner.stack(rows[0]),
        stack_bound=_stack_bound(network, program, built),
        energy_uj=conditions.power.microjoules(cycles + waits),
        mw_per_mhz=conditions.power.mw_per_mhz,
        power_source=conditions.power.source,
    )


def _inputs(network: NetworkFolder, rows: npt.ArrayLike | None) -> npt.NDArray[np.generic]:
    """Return the given inputs, checked, or random ones."""
    if rows is None:
        rng = np.random.default_rng(_SEED)
        if network.in_type == "int8_t":
            return rng.integers(-128, 128, (_INPUTS, network.in_len), np.int8)
        return rng.uniform(-1, 1, (_INPUTS, network.in_len)).astype(np.float32)
    given = np.asarray(rows)
    if given.ndim != 2 or given.shape[1] != network.in_len or not len(given):
        raise ConfigError(f"{network.name}: inputs of shape {given.shape}, expected (inputs, {network.in_len}).")
    return given


def _second_step(runner: NetworkRunner, rows: npt.NDArray[np.generic]) -> Counts:
    before = runner.core.counts()
    runner.run(rows[min(1, len(rows) - 1)])
    return runner.core.counts() - before


def _with_waits(
    program: Program, network: NetworkFolder, rows: npt.NDArray[np.generic], conditions: Conditions
) -> tuple[int, list[LayerFigures]]:
    """Return the cycles the second step waits for flash, and what lies between the program's labels, if any."""
    runner = NetworkRunner(program, network)
    waits = FlashWaits(runner.core, conditions.model, conditions.wait_states)
    runner.run(rows[0])
    before, figures = waits.cycles, watch_layers(runner.core, waits, conditions.model)
    runner.run(rows[min(1, len(rows) - 1)])
    return waits.cycles - before, figures()


def _layers(network: NetworkFolder, figures: list[LayerFigures], conditions: Conditions) -> tuple[LayerCost, ...]:
    names = [*network.layers, "outputs and states"]
    if len(names) != len(figures):
        raise BuildError(
            f"{network.name}: its header names {len(network.layers)} layers and its code passes {len(figures) - 1}.\n"
            "Compile the model again with this version of nn4mc."
        )
    whole = sum(one.cycles + one.wait_cycles for one in figures)
    return tuple(
        LayerCost(
            name=name,
            instructions=one.instructions,
            cycles=one.cycles,
            wait_cycles=one.wait_cycles,
            microseconds=(one.cycles + one.wait_cycles) / conditions.clock_hz * 1e6,
            share=(one.cycles + one.wait_cycles) / whole,
        )
        for name, one in zip(names, figures, strict=True)
    )


def _memory(network: NetworkFolder, program: Program, built: Built) -> dict[str, Any]:
    full = sum(section.size for section in program.sections if section.stored)
    lean = load_program(built.lean_elf)
    flash = {section.name: section.size for section in lean.sections if section.stored}
    outside = {section.name: section.size for section in lean.sections if not FLASH.holds(section.at)}
    return {
        "flash": flash,
        "flash_bytes": sum(flash.values()),
        "selftest_bytes": full - sum(flash.values()),
        "ram_bytes": sum(outside.values()) + network.context_bytes,
    }


def _stack_bound(network: NetworkFolder, program: Program, built: Built) -> int:
    frames = assembly_frames(program, built.call_graphs)
    return deepest_stack(list(built.call_graphs), f"{network.name}_run", frames)
