"""The model card as data: what was learned from what, and how well it predicted runs that it had not seen."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import msgspec

from nn4mc.ir import Array
from nn4mc.train.compare import Ratios, median_ratio, ratios, sensor_gains
from nn4mc.train.kinds import ARX, NETWORKS, plain
from nn4mc.train.resample import Run
from nn4mc.train.spec import TrainSpec
from nn4mc.train.study import Fold, Study

Card = Mapping[str, Any]
_PACKAGES = ("nn4mc", "numpy", "onnx")
_SHOWN = (1, 5, 10, 20, 50, 100, 200, 500, 1000)


def shown_horizons(horizon: int) -> tuple[int, ...]:
    """Return the steps ahead that a table shows.

    >>> shown_horizons(20), shown_horizons(30)
    ((1, 5, 10, 20), (1, 5, 10, 20, 30))
    """
    return (*(one for one in _SHOWN if one < horizon), horizon)


def make_card(
    spec: TrainSpec, runs: Sequence[Run], study: Study, files: Mapping[str, str], notes: Sequence[str]
) -> Card:
    """Return the card; ``files`` maps the names of the model and the specification to their sha256."""
    one_unit = len({one.unit for one in spec.outputs}) == 1
    found = [ratios(fold, one_unit) for fold in study.folds]
    return {
        "name": spec.name,
        "recommended": study.recommended,
        "delivered": study.delivered,
        "option": study.choices[study.delivered].option,
        "parameters": study.model.parameters,
        "stateful": bool(study.model.initial(1)),
        "holds_in_every_fold": all(one.held for one in found),
        "files": dict(files),
        "seed": spec.seed,
        "versions": _versions(spec),
        "specification": msgspec.to_builtins(spec),
        "runs": [_run(run) for run in runs],
        "notes": list(notes),
        "horizon": spec.horizon,
        "folds": [_fold(spec, fold, one) for fold, one in zip(study.folds, found, strict=True)],
        "choices": {kind: asdict(one) for kind, one in study.choices.items()},
        "sensors": [asdict(one) for one in sensor_gains(study)],
    }


def _versions(spec: TrainSpec) -> dict[str, str]:
    torch = ("torch",) if any(plain(kind) in NETWORKS for kind in spec.tried) else ()
    python = ".".join(str(one) for one in sys.version_info[:3])
    return {"python": python, **{name: _version(name) for name in (*_PACKAGES, *torch)}}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _run(run: Run) -> dict[str, Any]:
    return {
        "name": run.name,
        "sha256": run.sha256,
        "rows": run.rows,
        "duration_s": run.duration_s,
        "median_step_s": run.median_step_s,
        "segments": len(run.segments),
        "samples": run.samples,
        "dropped_s": run.dropped_s,
    }


def _fold(spec: TrainSpec, fold: Fold, found: Ratios) -> dict[str, Any]:
    arx = fold.entries[ARX].rmse
    kinds = {
        kind: {
            "option": one.option,
            "inner_score": one.inner_score,
            "rmse": _rmse(spec, one.rmse),
            "to_persistence": median_ratio(one.rmse, fold.still),
            "to_arx": median_ratio(one.rmse, arx),
        }
        for kind, one in fold.entries.items()
    }
    return {**asdict(found), "held": found.held, "persistence": _rmse(spec, fold.still), "kinds": kinds}


def _rmse(spec: TrainSpec, rmse: Array) -> dict[str, dict[str, float]]:
    """Return the error by output and steps ahead, in the output's unit."""
    return {
        one.label: {str(ahead): float(rmse[ahead - 1, axis]) for ahead in shown_horizons(spec.horizon)}
        for axis, one in enumerate(spec.outputs)
    }
