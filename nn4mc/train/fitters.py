"""Each kind of model as one function: runs in, one model out for every option that validation may choose from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

from nn4mc.errors import ToolMissingError
from nn4mc.train.kinds import ARX, HAMMERSTEIN, NETWORKS, SENSORS, plain
from nn4mc.train.linear_fit import Shape, fit_arx, fit_hammerstein
from nn4mc.train.models import Model
from nn4mc.train.resample import Run
from nn4mc.train.spec import TrainSpec
from nn4mc.train.window import Layout

Judge = Callable[[Model], Sequence[float]]


class Fit(Protocol):
    """Fits all options, at least the first ``at_least`` + 1; None for those that were stopped before."""

    def __call__(self, runs: Sequence[Run], judge: Judge, at_least: int) -> Sequence[Model | None]:
        """Return a model or None for each option."""


@dataclass(frozen=True)
class Fitter:
    """A kind: what its options are called, from simple to rich, and how they are fitted.

    ``patience``: where options are stages of one fit, how many may bring nothing before it is stopped.
    """

    kind: str
    options: tuple[str, ...]
    fit: Fit
    patience: int | None = None


def layout_of(spec: TrainSpec, kind: str) -> Layout:
    """Return the sizes of the window that a kind sees."""
    q = len(spec.sensors) if kind.endswith(SENSORS) else 0
    return Layout(len(spec.inputs), len(spec.outputs), q, spec.nd, spec.dd)


def fitter(spec: TrainSpec, kind: str) -> Fitter:
    """Return how to fit a kind; ToolMissingError when it needs torch, which is not installed."""
    layout = layout_of(spec, kind)
    if plain(kind) == ARX:
        return Fitter(kind, ("least squares",), lambda runs, judge, at_least: [fit_arx(runs, layout)])
    if plain(kind) == HAMMERSTEIN:
        return _hammerstein(spec, kind, layout)
    return _network(spec, kind, layout)


def _hammerstein(spec: TrainSpec, kind: str, layout: Layout) -> Fitter:
    # One block of commands has no steps: a model of steps alone would not see them.
    forms = (False, True) if spec.nd > 1 else (True,)
    shapes = [Shape(segments, levels) for levels in forms for segments in sorted(set(spec.segments))]
    ridges = sorted(set(spec.ridge), reverse=True)

    def fit(runs: Sequence[Run], judge: Judge, at_least: int) -> Sequence[Model | None]:
        return [model for shape in shapes for model in fit_hammerstein(runs, layout, shape, ridges)]

    return Fitter(kind, tuple(_label(shape, ridge) for shape in shapes for ridge in ridges), fit)


def _label(shape: Shape, ridge: float) -> str:
    bent = f"{shape.segments} segments a command" if shape.segments else "straight"
    return f"{bent}, {'levels and steps' if shape.levels else 'steps only'}, ridge {ridge:g}"


def _network(spec: TrainSpec, kind: str, layout: Layout) -> Fitter:
    try:
        networks = import_module("nn4mc.train.network_fit")
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        others = ", ".join(one for one in spec.tried if plain(one) not in NETWORKS)
        raise ToolMissingError(
            f"kind '{kind}' needs the Python package 'torch': pip install 'nn4mc[train,torch]'\n"
            f"or do without networks: --kinds {others.replace(', ', ',')}"
        ) from error
    task = networks.Task(plain(kind), layout, spec.network, spec.horizon, spec.seed)

    def fit(runs: Sequence[Run], judge: Judge, at_least: int) -> Sequence[Model | None]:
        made: list[Model | None] = networks.fit_network(task, runs, judge, at_least)
        return made

    epochs: tuple[int, ...] = networks.checkpoints(spec.network)
    return Fitter(kind, tuple(f"{one} epochs" for one in epochs), fit, networks.patience(spec.network))
