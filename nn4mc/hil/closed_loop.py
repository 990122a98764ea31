"""What quantisation costs where it counts: the same flights with the float and with the quantised network."""

import math
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from nn4mc.errors import ConfigError
from nn4mc.hil.bench import Stage, open_bench
from nn4mc.hil.faults import FaultSpec
from nn4mc.hil.flight import FlightPlan, Recorder, fly
from nn4mc.hil.result import FlightResult
from nn4mc.hil.rig import Rig
from nn4mc.hil.rig_file import PolicyTable
from nn4mc.quantize import Quantizing


class Comparison(msgspec.Struct, frozen=True):
    """One vehicle along one reference, over all seeds: root mean square errors of the flights that neither lost.

    ``ratio`` is quantised over float; None where no flight is left. ``mismatched_words`` counts command words that
    differ between the board and this machine, of both networks.
    """

    vehicle: str
    reference: str
    seeds: int
    rmse_float_m: float | None
    rmse_quantized_m: float | None
    ratio: float | None
    lost_float: int
    lost_quantized: int
    mismatched_words: int


def policy_table(rig: Rig) -> PolicyTable:
    """Return the table of a rig's policy; ConfigError where the chosen controller has no network."""
    if not isinstance(rig.controller, PolicyTable):
        raise ConfigError(f"rig '{rig.name}': controller '{rig.controller_name}' has no network to quantise")
    return rig.controller


def compare(
    rig: Rig, board: str, plans: Sequence[FlightPlan], seeds: int, quantizing: Quantizing, stage: Stage
) -> tuple[Comparison, ...]:
    """Fly every plan ``seeds`` times with each network and compare; raises what `open_bench` and `fly` raise."""
    each = [replace(plan, seed=plan.seed + seed) for plan in plans for seed in range(seeds)]
    exact = _fly_all(rig, board, each, None, stage)
    rounded = _fly_all(rig, board, each, quantizing, stage)
    pairs = list(zip(exact, rounded, strict=True))
    return tuple(_compare(pairs[at : at + seeds]) for at in range(0, len(pairs), seeds))


def _fly_all(
    rig: Rig, board: str, plans: Sequence[FlightPlan], quantizing: Quantizing | None, stage: Stage
) -> list[FlightResult]:
    results = []
    with open_bench(rig, board, FaultSpec(), stage, quantizing) as bench:
        for plan in plans:
            with stage(f"{'quantised' if quantizing else 'float'}: {plan.vehicle}, {plan.reference}, seed {plan.seed}"):
                results.append(fly(bench, plan, Recorder()))
    return results


def _compare(pairs: Sequence[tuple[FlightResult, FlightResult]]) -> Comparison:
    first = pairs[0][0]
    both = [(a.rmse_m, b.rmse_m) for a, b in pairs if a.rmse_m is not None and b.rmse_m is not None
            and not a.lost and not b.lost]  # fmt: skip
    exact, rounded = (_root_mean_square([pair[side] for pair in both]) for side in (0, 1))
    return Comparison(
        vehicle=first.vehicle,
        reference=first.reference,
        seeds=len(pairs),
        rmse_float_m=exact,
        rmse_quantized_m=rounded,
        ratio=rounded / exact if exact and rounded is not None else None,
        lost_float=sum(a.lost for a, _ in pairs),
        lost_quantized=sum(b.lost for _, b in pairs),
        mismatched_words=sum(one.mismatched_words for pair in pairs for one in pair),
    )


def _root_mean_square(values: Sequence[float]) -> float | None:
    return math.sqrt(sum(value * value for value in values) / len(values)) if values else None
