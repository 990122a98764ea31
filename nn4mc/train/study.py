"""Leave one run out, twice: the inner runs choose, the outer run only judges.

For the fold that holds out run a, every option is scored on each other run b by a model that saw neither a nor b. The
best option is fitted on all runs but a, and then meets a for the first time. The options of the delivered model are
chosen on the outer scores, by the same rule.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from nn4mc.errors import TrainError
from nn4mc.ir import Array
from nn4mc.train.fitters import Fitter
from nn4mc.train.jury import Jury, make_jury
from nn4mc.train.models import Model, persistence
from nn4mc.train.resample import Run
from nn4mc.train.rollout import open_loop_rmse
from nn4mc.train.score import simplest_of_best, stopped_early
from nn4mc.train.window import Layout

LEAST_RUNS = 3
Step = Callable[[str], None]
"""Told what is fitted next."""


@dataclass(frozen=True)
class Entry:
    """One kind in one fold: the option that the inner runs chose, its mean score there, and the error it then had.

    ``rmse`` (horizon, p) is on the held-out run; ``model`` is fitted on all runs but that one.
    """

    kind: str
    option: str
    inner_score: float
    rmse: Array
    model: Model


@dataclass(frozen=True)
class Fold:
    """One held-out run: persistence's error (horizon, p), all kinds, and the one that the inner runs recommend."""

    held_out: str
    still: Array
    entries: Mapping[str, Entry]
    recommended: str

    @property
    def best(self) -> Entry:
        """The entry of the recommended kind."""
        return self.entries[self.recommended]


@dataclass(frozen=True)
class Choice:
    """What is chosen of a kind for all runs: an option by index and name, and its mean score over the held-out runs."""

    index: int
    option: str
    score: float


@dataclass(frozen=True)
class Study:
    """All folds, what was chosen of each kind, the kinds recommended and delivered, and the delivered model.

    The model is fitted on all runs; unless another kind was asked for, it is of the recommended one.
    """

    folds: tuple[Fold, ...]
    choices: Mapping[str, Choice]
    recommended: str
    delivered: str
    model: Model


def work(runs: int, kinds: int) -> int:
    """Return how many fits a study makes.

    >>> work(runs=5, kinds=2)
    31
    """
    return kinds * (runs * (runs - 1) // 2 + runs) + 1


def study(
    runs: Sequence[Run], fitters: Sequence[Fitter], layout: Layout, horizon: int, step: Step, deliver: str = ""
) -> Study:
    """Fit, choose and judge; ``fitters`` from simple to rich, ``deliver`` a kind of them or nothing.

    Raises TrainError for less than three runs.
    """
    if len(runs) < LEAST_RUNS:
        raise TrainError(
            f"{len(runs)} run{'s' * (len(runs) != 1)}, expected at least {LEAST_RUNS}: one judges, one chooses, one "
            "trains.\nLog more runs, or cut a long log into files at moments of rest."
        )
    jury = make_jury(runs, layout, horizon)
    entries, choices = {}, {}
    for one in fitters:
        entries[one.kind], choices[one.kind] = _judge(jury, one, horizon, step)
    folds = tuple(
        _fold(run, open_loop_rmse(persistence(layout), run, horizon), {kind: some[i] for kind, some in entries.items()})
        for i, run in enumerate(runs)
    )
    recommended = _kind({kind: one.score for kind, one in choices.items()})
    delivered = deliver or recommended
    step(f"{delivered}: all runs")
    final = next(one for one in fitters if one.kind == delivered)
    index = choices[delivered].index
    return Study(folds, choices, recommended, delivered, _fitted(final.fit(runs, lambda _: (), index)[index]))


def _fold(run: Run, still: Array, entries: Mapping[str, Entry]) -> Fold:
    return Fold(run.name, still, entries, _kind({kind: one.inner_score for kind, one in entries.items()}))


def _kind(scores: Mapping[str, float]) -> str:
    return list(scores)[simplest_of_best(list(scores.values()))]


def _judge(jury: Jury, one: Fitter, horizon: int, step: Step) -> tuple[tuple[Entry, ...], Choice]:
    """Return the entry of a kind in every fold, and what is chosen of it for all runs."""
    inner = _inner_scores(jury, one, step)
    entries, outer = [], []
    for a, run in enumerate(jury.runs):
        step(f"{one.kind}: without {run.name}")
        means = np.mean([inner[a, b] for b in range(len(jury.runs)) if b != a], axis=0)
        chosen = simplest_of_best(list(means))
        models = one.fit(jury.without(a), lambda model, a=a: (jury.on(a, model),), chosen)  # type: ignore[misc]
        outer.append(jury.all_on(a, models))
        model = _fitted(models[chosen])
        rmse = open_loop_rmse(model, run, horizon)
        entries.append(Entry(one.kind, one.options[chosen], float(means[chosen]), rmse, model))
    means = np.mean(outer, axis=0)
    index = simplest_of_best(list(means))
    return tuple(entries), Choice(index, one.options[index], float(means[index]))


def _inner_scores(jury: Jury, one: Fitter, step: Step) -> dict[tuple[int, int], list[float]]:
    """Return, for every (held-out a, inner b), the scores on b of models that saw neither a nor b."""
    scores = {}
    for a, b in combinations(range(len(jury.runs)), 2):
        step(f"{one.kind}: without {jury.runs[a].name} and {jury.runs[b].name}")
        watch = lambda model, a=a, b=b: (jury.on(a, model), jury.on(b, model))  # noqa: E731
        models = one.fit(jury.without(a, b), watch, 0)
        for outer, judge in ((a, b), (b, a)):
            curve = jury.all_on(judge, models)
            scores[outer, judge] = curve if one.patience is None else stopped_early(curve, one.patience)
    return scores


def _fitted(model: Model | None) -> Model:
    assert model is not None, "a chosen option is always fitted"
    return model
