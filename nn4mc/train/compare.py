"""Numbers of a study for a reader: ratios to the baselines, what sensors add, whether the recommendation holds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nn4mc.ir import Array
from nn4mc.train.kinds import ARX, SENSORS
from nn4mc.train.study import Entry, Fold, Study

_FLOOR = 1e-12


def median_ratio(rmse: Array, base: Array) -> float:
    """Return the median over axes of error / baseline's error at the horizon; both (horizon, p)."""
    return float(np.median(np.maximum(rmse[-1], _FLOOR) / np.maximum(base[-1], _FLOOR)))


def ratio_of_medians(rmse: Array, base: Array) -> float:
    """Return the median error of all axes / the baseline's: for axes of one unit, led by the middle axis."""
    return float(max(np.median(rmse[-1]), _FLOOR) / max(np.median(base[-1]), _FLOOR))


@dataclass(frozen=True)
class Ratios:
    """The recommended kind on a held-out run: median of the axes' ratios; for axes of one unit, ratio of medians."""

    held_out: str
    kind: str
    to_persistence: float
    to_arx: float
    medians_to_persistence: float | None
    medians_to_arx: float | None

    @property
    def held(self) -> bool:
        """Whether it is at least as good as both baselines, by both ways to take the median."""
        ratios = (self.to_persistence, self.to_arx, self.medians_to_persistence, self.medians_to_arx)
        return all(one is None or one <= 1.0 for one in ratios)


def ratios(fold: Fold, one_unit: bool) -> Ratios:
    """Return how the recommended kind did on the held-out run; ``one_unit``: all axes are in the same unit."""
    found, arx = fold.best.rmse, fold.entries[ARX].rmse
    return Ratios(
        fold.held_out,
        fold.recommended,
        median_ratio(found, fold.still),
        median_ratio(found, arx),
        ratio_of_medians(found, fold.still) if one_unit else None,
        ratio_of_medians(found, arx) if one_unit else None,
    )


@dataclass(frozen=True)
class SensorGain:
    """The best kind without and with sensors, by the inner runs, and the ratio of their errors on the held-out run."""

    held_out: str
    without: str
    with_sensors: str
    ratio: float


def sensor_gains(study: Study) -> tuple[SensorGain, ...]:
    """Return what sensors add in each fold: a ratio below 1 is a gain; nothing where no kind uses them."""
    return tuple(gain for gain in map(_gain, study.folds) if gain is not None)


def _gain(fold: Fold) -> SensorGain | None:
    blind = [one for one in fold.entries.values() if not one.kind.endswith(SENSORS)]
    seeing = [one for one in fold.entries.values() if one.kind.endswith(SENSORS)]
    if not blind or not seeing:
        return None
    without, with_sensors = _best(blind), _best(seeing)
    ratio = median_ratio(with_sensors.rmse, without.rmse)
    return SensorGain(fold.held_out, without.kind, with_sensors.kind, ratio)


def _best(entries: Sequence[Entry]) -> Entry:
    return min(entries, key=lambda one: one.inner_score)
