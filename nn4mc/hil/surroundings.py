"""What a controller's own file leaves open, from the rig that it flies or from the layout that it states."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nn4mc.errors import ConfigError
from nn4mc.hil.rig import Rig
from nn4mc.hil.rig_file import LayoutTable, Signal

Limits = tuple[tuple[float, ...], tuple[float, ...]]
"""The least and the greatest command, one word each."""


@dataclass(frozen=True)
class Surroundings:
    """Layouts (name -> words), commands and period; ``owner`` says in messages whose they are.

    ``limits`` and ``period_s`` are None where nobody states them. Models are looked for in ``folder`` first.
    """

    owner: str
    folder: Path
    sensors: Mapping[str, int]
    reference: Mapping[str, int]
    command_len: int
    limits: Limits | None
    period_s: float | None


def around_rig(rig: Rig) -> Surroundings:
    """Return what a rig says; ConfigError where the chosen controller states a layout that contradicts it."""
    limits = None if any(signal.range is None for signal in rig.command) else command_limits(rig)
    made = Surroundings(
        owner=f"rig '{rig.name}'",
        folder=rig.folder,
        sensors=_layout(rig.sensors),
        reference=_layout(rig.reference),
        command_len=rig.command_len,
        limits=limits,
        period_s=rig.period_s,
    )
    if rig.controller.layout is not None:
        _check_agrees(rig.controller.layout, made, f"controller '{rig.controller_name}'")
    return made


def around_layout(layout: LayoutTable, path: Path) -> Surroundings:
    """Return what a controller's file at ``path`` says itself."""
    return Surroundings(
        owner=str(path),
        folder=path.parent,
        sensors=layout.sensors,
        reference=layout.reference,
        command_len=len(layout.minimum),
        limits=(layout.minimum, layout.maximum),
        period_s=layout.period_s,
    )


def command_limits(rig: Rig) -> Limits:
    """Return the least and the greatest command (command_len each); ConfigError where the rig states no range."""
    limits: list[tuple[float, float]] = []
    for signal in rig.command:
        if signal.range is None:
            raise ConfigError(f"rig '{rig.name}': command '{signal.name}' needs a range for this controller")
        limits += [signal.range] * signal.size
    return tuple(low for low, _ in limits), tuple(high for _, high in limits)


def limits_of(around: Surroundings) -> Limits:
    """Return the least and the greatest command (command_len each); ConfigError where nobody states a range."""
    if around.limits is None:
        raise ConfigError(f"{around.owner}: its commands need a range for this controller")
    return around.limits


def _layout(signals: Sequence[Signal]) -> dict[str, int]:
    return {signal.name: signal.size for signal in signals}


def _check_agrees(stated: LayoutTable, rig: Surroundings, controller: str) -> None:
    """A layout may leave out what the controller does not need; what it names must be as the rig has it."""
    for group, mine, theirs in (
        ("sensors", stated.sensors, rig.sensors),
        ("reference", stated.reference, rig.reference),
    ):
        for name, words in mine.items():
            if theirs.get(name) != words:
                has = ", ".join(f"{one} = {size}" for one, size in theirs.items())
                raise ConfigError(f"{controller}, at layout.{group}: {name} = {words}, but {rig.owner} has {has}")
    if rig.limits is not None and (stated.minimum, stated.maximum) != rig.limits:
        raise ConfigError(
            f"{controller}, at layout: commands from {_text(stated.minimum)} to {_text(stated.maximum)}, but "
            f"{rig.owner} has {_text(rig.limits[0])} to {_text(rig.limits[1])}.\nNarrow them by variables instead."
        )
    if stated.period_s not in (None, rig.period_s):
        raise ConfigError(
            f"{controller}, at layout.period_s: {stated.period_s:g}, but {rig.owner} steps every {rig.period_s:g} s"
        )


def _text(values: Sequence[float]) -> str:
    return f"[{', '.join(f'{value:g}' for value in values)}]"
