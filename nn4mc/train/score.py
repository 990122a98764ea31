"""How good a model is: its open-loop error beside that of persistence."""

from collections.abc import Sequence

import numpy as np

from nn4mc.ir import Array
from nn4mc.train.models import Model
from nn4mc.train.resample import Run
from nn4mc.train.rollout import open_loop_rmse

_STARTS = 400
"""Starts a run that choosing looks at, evenly spread: neighbours say nearly the same."""
_FLOOR = 1e-12
"""Errors below this count as this: an axis that never moved is predicted by anything."""
CLOSE = 0.01
"""Scores this close (1 % of error) are equal, and the simpler model is taken."""


def stride(run: Run) -> int:
    """Return the distance between the starts that choosing looks at."""
    return max(1, run.samples // _STARTS)


def score(rmse: Array, still: Array) -> float:
    """Return the mean over axes of log(error / persistence's) at the horizon; below 0 is better than persistence.

    ``rmse`` and ``still`` (horizon, p) are of the same starts.
    """
    logs: Array = np.log(np.maximum(rmse[-1], _FLOOR)) - np.log(np.maximum(still[-1], _FLOOR))
    return float(np.mean(logs))


def quick_score(model: Model, run: Run, still: Array) -> float:
    """Return the score of a model on a run from a few hundred starts."""
    return score(open_loop_rmse(model, run, len(still), stride(run)), still)


def seen_enough(curve: Sequence[float], patience: int) -> bool:
    """Whether the last ``patience`` scores brought nothing new.

    >>> seen_enough([0.5, 0.2, 0.3], patience=2), seen_enough([0.5, 0.2, 0.3, 0.25], patience=2)
    (False, True)
    """
    return len(curve) - 1 - min(range(len(curve)), key=curve.__getitem__) >= patience


def stopped_early(curve: Sequence[float], patience: int) -> list[float]:
    """Return the scores up to where a run had seen enough, and Inf after.

    Training may have gone on because another run still got better: this one must not profit from that.
    """
    ends = (n for n in range(1, len(curve)) if seen_enough(curve[:n], patience))
    end = next(ends, len(curve))
    return [*curve[:end], *[float("inf")] * (len(curve) - end)]


def simplest_of_best(scores: Sequence[float]) -> int:
    """Return the first index whose score is close to the best.

    >>> simplest_of_best([0.2, -0.295, -0.3, -0.1])
    1
    """
    best = min(scores)
    return next(i for i, one in enumerate(scores) if one <= best + CLOSE)
