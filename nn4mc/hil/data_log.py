"""Records runs of a simulated plant as CSV logs, to train and to judge models with.

A run moves every command through its range: random levels held for random times, with sines on top, through a low-pass
filter; or, every fourth run, sines alone. The last runs are held out: their seeds and their sines are others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nn4mc.errors import ConfigError
from nn4mc.hil.record import Vector
from nn4mc.hil.rig import Rig, create_plant, create_reference
from nn4mc.hil.rig_file import Excitation, Signal
from nn4mc.hil.surroundings import command_limits

_SINES = 5
_DIGITS = 7


@dataclass(frozen=True)
class Run:
    """One log: its name, its table (steps, columns), and whether it is held out."""

    name: str
    held_out: bool
    table: Vector


def column_names(rig: Rig) -> list[str]:
    """Return the columns of a log: ``t_s``, the commands, the outputs, the other sensors, with their units.

    >>> from nn4mc.hil.rig import load_rig
    >>> column_names(load_rig("tendon"))[:6]
    ['t_s', 'servo_0_deg', 'servo_1_deg', 'tip_x_mm', 'tip_y_mm', 'tip_z_mm']
    """
    outputs = [signal for signal in rig.sensors if signal.name in rig.outputs]
    others = [signal for signal in rig.sensors if signal.name not in rig.outputs]
    return ["t_s", *(name for signal in (*rig.command, *outputs, *others) for name in _names(signal))]


def excite(rig: Rig, steps: int, rng: np.random.Generator, sines_only: bool, how: Excitation) -> Vector:
    """Return commands (steps, command_len) within the range of the rig."""
    minimum, maximum = (np.array(limit) for limit in command_limits(rig))
    time = np.arange(steps)[:, None] * rig.period_s
    frequency = np.exp(rng.uniform(np.log(how.top_hz / 50), np.log(how.top_hz), (_SINES, 1, rig.command_len)))
    phase = rng.uniform(0, 2 * np.pi, frequency.shape)
    sines = np.sin(2 * np.pi * frequency * time + phase).sum(axis=0) / _SINES
    levels = np.zeros((steps, rig.command_len))
    if not sines_only:
        for channel in range(rig.command_len):
            levels[:, channel] = _held(steps, rig.period_s, rng, how)
        if how.common:
            levels += how.common * _held(steps, rig.period_s, rng, how)[:, None]
    wave = sines * 1.5 if sines_only else levels + 0.3 * sines
    smooth = _low_pass(np.clip(wave, -1.0, 1.0), rig.period_s / (how.smooth_s + rig.period_s))
    commands: Vector = (minimum + maximum) / 2 + how.span * (maximum - minimum) / 2 * smooth
    return commands


def record_run(
    rig: Rig, vehicle: str, commands: Vector, seed: int, mismatch: Mapping[str, float] | None = None
) -> Vector:
    """Return the table (steps, columns) of a run: at each step the sensors, and the command that follows them."""
    plant = create_plant(rig, vehicle, mismatch)
    state = plant.initial(create_reference(rig, rig.default_reference), np.random.default_rng(seed))
    order = _sensor_order(rig)
    rows = []
    for k, command in enumerate(commands.astype(np.float32)):
        rows.append([k * rig.period_s, *command.tolist(), *plant.sensors(state)[order].tolist()])
        state = plant.step(state, command)
        if plant.lost(state):
            raise ConfigError(f"rig '{rig.name}': the plant was lost after {k} steps of the excitation; lower its span")
    return np.array(rows)


def write_csv(path: Path, columns: Sequence[str], table: Vector) -> None:
    """Write a log: a line of names, a line a step, seven digits a number; a step with a lost reading is left out."""
    kept = table[np.isfinite(table).all(axis=1)]
    lines = [",".join(columns), *(",".join(f"{value:.{_DIGITS}g}" for value in row) for row in kept.tolist())]
    path.write_text("\n".join(lines) + "\n")


def _held(steps: int, period_s: float, rng: np.random.Generator, how: Excitation) -> Vector:
    """Return random levels in -1 to 1 (steps,), each held for a random time."""
    held = np.zeros(steps)
    at = 0
    while at < steps:
        end = at + max(1, round(rng.uniform(*how.hold_s) / period_s))
        held[at:end] = rng.uniform(-1.0, 1.0)
        at = end
    return held


def _low_pass(wave: Vector, share: float) -> Vector:
    """Return each column after a filter of first order that starts at 0, the middle of the range."""
    out, state = np.empty_like(wave), np.zeros(wave.shape[1])
    for k, row in enumerate(wave):
        state = state + share * (row - state)
        out[k] = state
    return out


def _names(signal: Signal) -> list[str]:
    unit = f"_{signal.unit.replace('/', '_')}" if signal.unit else ""
    if signal.size == 1:
        return [f"{signal.name}{unit}"]
    labels = signal.labels or tuple(str(number) for number in range(signal.size))
    return [f"{signal.name}_{label.replace(' ', '_')}{unit}" for label in labels]


def _sensor_order(rig: Rig) -> list[int]:
    """Return the words of the sensors, those of the outputs first."""
    words: dict[bool, list[int]] = {True: [], False: []}
    at = 0
    for signal in rig.sensors:
        words[signal.name in rig.outputs] += range(at, at + signal.size)
        at += signal.size
    return words[True] + words[False]
