"""Published figures of RAPTOR, and whether flights of ours reproduce them.

Sources: Eschmann, Albani, Loianno, "RAPTOR: A Foundation Policy for Quadrotor Control", arXiv 2509.11481 (flights);
the reference table was computed with the equations of its simulator, rl-tools/l2f, by an independent implementation.
"""

import math
from collections.abc import Mapping, Sequence

import msgspec

from nn4mc.raptor.bench_flights import SAMPLED

PAPER_REAL_M: Mapping[tuple[str, float], float] = {
    ("crazyflie", 10.0): 0.12,
    ("crazyflie", 5.5): 0.19,
    ("x500_real", 10.0): 0.11,
    ("x500_real", 5.5): 0.21,
    ("arpl", 10.0): 0.17,
    ("arpl", 5.5): 0.22,
    ("soft", 10.0): 0.09,
    ("soft", 5.5): 0.26,
}
"""RMSE in m of the paper's real flights, by vehicle and period in s."""


class Published(msgspec.Struct, frozen=True):
    """A line of the reference table: hover starts and how many were lost, RMSE in m of hover and by period in s."""

    starts: int
    lost: int
    hover_m: float
    figure_m: Mapping[float, float]


def _line(lost: int, hover_m: float, *figures_m: float) -> Published:
    return Published(100, lost, hover_m, dict(zip((6.5, 5.5, 4.0), figures_m, strict=True)))


REFERENCE: Mapping[str, Published] = {
    "crazyflie": _line(4, 0.0527, 0.163, 0.213, 0.446),
    "x500_real": _line(0, 0.0220, 0.130, 0.171, 0.271),
    "x500_sim": _line(3, 0.0240, 0.148, 0.193, 0.342),
    "arpl": _line(0, 0.0785, 0.141, 0.174, 0.266),
    "flightmare": _line(0, 0.1151, 0.165, 0.196, 0.281),
    "fs_base": _line(1, 0.0219, 0.120, 0.160, 0.262),
    "mrs": _line(0, 0.0217, 0.131, 0.172, 0.274),
    "soft": _line(0, 0.0212, 0.121, 0.161, 0.262),
    "soft_rigid": _line(0, 0.0251, 0.119, 0.158, 0.257),
    SAMPLED: Published(800, 24, 0.0207, {6.5: 0.127}),
}
RMSE_TOLERANCE = 0.02
LEAST_P = 0.005
"""A 5 % chance of one false alarm, shared by the ten counts of lost starts."""


class Comparison(msgspec.Struct, frozen=True):
    """One published figure beside ours; ``measure`` is the ratio of two RMSE or the p of two counts."""

    vehicle: str
    quantity: str
    ours: str
    published: str
    measure: float | None
    reproduced: bool


def compare_rmse(vehicle: str, quantity: str, ours: float | None, published: float) -> Comparison:
    """Compare an RMSE of a named vehicle: reproduced within 2 %."""
    ratio = None if ours is None else ours / published
    good = ratio is not None and abs(ratio - 1.0) <= RMSE_TOLERANCE
    return Comparison(vehicle, quantity, "-" if ours is None else f"{ours:.4f}", f"{published:.4g}", ratio, good)


def compare_median(vehicle: str, quantity: str, ours: Sequence[float], published: float) -> Comparison:
    """Compare the median over two samples of vehicles: reproduced where theirs is in the 99 % interval of ours.

    The interval is between order statistics (`median_interval`); that theirs is of a sample, too, only widens it.
    """
    if not ours:
        return Comparison(vehicle, quantity, "-", f"{published:.4g}", None, False)
    ordered = sorted(ours)
    middle = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
    low, high = median_interval(ordered)
    good = low <= published <= high
    text = f"{middle:.4f} ({low:.4f} to {high:.4f})"
    return Comparison(vehicle, quantity, text, f"{published:.4g}", middle / published, good)


def compare_lost(vehicle: str, lost: int, flights: int, published: Published) -> Comparison:
    """Compare counts of lost starts: consistent unless Fisher's exact test, two-sided, gives p below `LEAST_P`."""
    p = fisher_exact(lost, flights, published.lost, published.starts)
    theirs = f"{published.lost}/{published.starts}"
    return Comparison(vehicle, "hover lost", f"{lost}/{flights}", theirs, p, p >= LEAST_P)


def fisher_exact(hits: int, count: int, other_hits: int, other_count: int) -> float:
    """Return the two-sided p of two shares being equal: Fisher, Statistical Methods for Research Workers, 1934.

    >>> round(fisher_exact(4, 100, 41, 1000), 3)
    1.0
    """
    total = hits + other_hits
    everything = math.comb(count + other_count, total)

    def weight(k: int) -> int:
        return math.comb(count, k) * math.comb(other_count, total - k)

    seen = weight(hits)
    least, most = max(0, total - other_count), min(count, total)
    return min(1.0, sum(one for k in range(least, most + 1) if (one := weight(k)) <= seen) / everything)


def median_interval(ordered: Sequence[float], confidence: float = 0.99) -> tuple[float, float]:
    """Return order statistics between which the median of the population lies with at least that confidence.

    >>> median_interval(range(1, 101), 0.95)
    (40, 61)
    """
    count, tail, rank = len(ordered), 0.0, 0
    while (tail := tail + math.comb(count, rank) / 2**count) <= (1.0 - confidence) / 2:
        rank += 1
    low = max(0, rank - 1)
    return ordered[low], ordered[count - 1 - low]
