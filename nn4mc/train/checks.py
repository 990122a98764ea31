"""What the runs together must have, before anything is fitted."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from nn4mc.errors import TrainError
from nn4mc.forward_model import Signal
from nn4mc.ir import Array
from nn4mc.train.log_file import Log
from nn4mc.train.spec import Channel, TrainSpec


def check_logs(logs: Sequence[Log], spec: TrainSpec) -> None:
    """Raise TrainError for a run given twice, and for channels that say nothing because they never change."""
    for what, names in (("contents", [one.sha256 for one in logs]), ("name", [one.name for one in logs])):
        twice = [one for one, count in Counter(names).items() if count > 1]
        if twice:
            both = " and ".join(f"'{log.name}'" for log, name in zip(logs, names, strict=True) if name == twice[0])
            raise TrainError(
                f"logs {both} have the same {what}. Give each run once: a run in both halves would judge itself."
            )
    dead = [one for values, channels in _columns(logs, spec) for one in _constant(values, channels)]
    if dead:
        columns = ", ".join(f"'{one.column}'" for one in dead)
        raise TrainError(
            f"constant in all logs: {columns}.\nNothing can be learned of them. Remove them from the specification, or "
            "log a run in which they move."
        )


def signals(logs: Sequence[Log], spec: TrainSpec) -> tuple[tuple[Signal, ...], ...]:
    """Return inputs, outputs and sensors with the range each had in all logs."""
    return tuple(
        tuple(
            Signal(one.label, one.unit, float(values[:, i].min()), float(values[:, i].max()))
            for i, one in enumerate(channels)
        )
        for values, channels in _columns(logs, spec)
    )


def _columns(logs: Sequence[Log], spec: TrainSpec) -> list[tuple[Array, tuple[Channel, ...]]]:
    return [
        (np.concatenate([one.inputs for one in logs]), spec.inputs),
        (np.concatenate([one.outputs for one in logs]), spec.outputs),
        (np.concatenate([one.sensors for one in logs]), spec.sensors),
    ]


def _constant(values: Array, channels: Sequence[Channel]) -> list[Channel]:
    return [one for column, one in zip(values.T, channels, strict=True) if np.ptp(column) == 0.0]
