"""Scores models on runs, and keeps what persistence does there, so that it is computed once."""

from collections.abc import Sequence
from dataclasses import dataclass

from nn4mc.ir import Array
from nn4mc.train.models import Model, persistence
from nn4mc.train.resample import Run
from nn4mc.train.rollout import open_loop_rmse
from nn4mc.train.score import quick_score, stride
from nn4mc.train.window import Layout

NEVER = float("inf")
"""Score of a model that was not fitted."""


@dataclass(frozen=True)
class Jury:
    """All runs, and persistence's error (horizon, p) on each from the starts that choosing looks at."""

    runs: tuple[Run, ...]
    still: tuple[Array, ...]

    def on(self, at: int, model: Model) -> float:
        """Return the score of a model on run ``at``."""
        return quick_score(model, self.runs[at], self.still[at])

    def all_on(self, at: int, models: Sequence[Model | None]) -> list[float]:
        """Return the score of each model on run ``at``."""
        return [NEVER if model is None else self.on(at, model) for model in models]

    def without(self, *left_out: int) -> list[Run]:
        """Return the runs but those left out."""
        return [run for i, run in enumerate(self.runs) if i not in left_out]


def make_jury(runs: Sequence[Run], layout: Layout, horizon: int) -> Jury:
    """Return the jury of ``runs`` for predictions ``horizon`` steps ahead."""
    still = persistence(layout)
    return Jury(tuple(runs), tuple(open_loop_rmse(still, run, horizon, stride(run)) for run in runs))
