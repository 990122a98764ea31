"""The bent arm: places, speeds and accelerations along a segment of constant curvature.

The bend is q = (q1, q2) in rad: the arm of length L bends by the angle |q| towards the direction of q in the (y, z)
plane. A point at the share s of the length is at L s (g(c), s q1 f(c), s q2 f(c)) with c = s^2 |q|^2,
f(c) = (1 - cos sqrt c) / c and g(c) = sin(sqrt c) / sqrt c: entire functions of c, so the straight arm is no special
case (Della Santina, Bicchi, Rus 2020, "On an improved state parametrization for soft robots with piecewise constant
curvature"; the curve itself: Webster and Jones 2010).
"""

import math
from dataclasses import dataclass

Triple = tuple[float, float, float]

_SERIES_BELOW = 0.05
"""Below this c the quotients lose digits to cancellation, and five terms of their series are exact to 1e-12."""
_EXACT = 1e-14
"""A change of the bend, in rad, below which Newton's method has arrived."""


@dataclass(frozen=True)
class Shape:
    """f and g of c, and their first and second derivatives."""

    f: float
    f1: float
    f2: float
    g: float
    g1: float
    g2: float


def shape(c: float) -> Shape:
    """Return f, g and their derivatives at ``c``.

    >>> shape(0.0).f, shape(0.0).g
    (0.5, 1.0)
    """
    if c < _SERIES_BELOW:
        return Shape(
            _series(c, (1 / 2, -1 / 24, 1 / 720, -1 / 40320, 1 / 3628800)),
            _series(c, (-1 / 24, 2 / 720, -3 / 40320, 4 / 3628800, -5 / 479001600)),
            _series(c, (2 / 720, -6 / 40320, 12 / 3628800, -20 / 479001600, 0.0)),
            _series(c, (1.0, -1 / 6, 1 / 120, -1 / 5040, 1 / 362880)),
            _series(c, (-1 / 6, 2 / 120, -3 / 5040, 4 / 362880, -5 / 39916800)),
            _series(c, (2 / 120, -6 / 5040, 12 / 362880, -20 / 39916800, 0.0)),
        )
    root = math.sqrt(c)
    cosine, g = math.cos(root), math.sin(root) / root
    f = (1 - cosine) / c
    f1, g1 = (g / 2 - f) / c, (cosine - g) / (2 * c)
    return Shape(f, f1, (g1 / 2 - 2 * f1) / c, g, g1, (-g / 2 - 3 * g1) / (2 * c))


def _series(c: float, factors: tuple[float, ...]) -> float:
    total = 0.0
    for factor in reversed(factors):
        total = total * c + factor
    return total


def place(length: float, q1: float, q2: float, share: float = 1.0) -> Triple:
    """Return (x, y, z) of the point at ``share`` of the length, from the root of the arm, which leaves along x."""
    at = shape(share * share * (q1 * q1 + q2 * q2))
    size = length * share
    return size * at.g, size * share * q1 * at.f, size * share * q2 * at.f


@dataclass(frozen=True)
class Moving:
    """The Jacobian of a point, columns for q1 and q2, and its acceleration while q moves without accelerating."""

    by_q1: Triple
    by_q2: Triple
    drift: Triple


def moving(length: float, share: float, q: tuple[float, float], speed: tuple[float, float]) -> Moving:
    """Return how the point at ``share`` of the length moves for the bend ``q`` and its rate ``speed``.

    The chain rule on p = share q: x = size g(c), y = size p1 f(c), z = size p2 f(c), c = p1^2 + p2^2.
    """
    p1, p2 = share * q[0], share * q[1]
    v1, v2 = share * speed[0], share * speed[1]
    at = shape(p1 * p1 + p2 * p2)
    size = length * share
    c1, c2 = 2 * (p1 * v1 + p2 * v2), 2 * (v1 * v1 + v2 * v2)
    swing = at.f2 * c1 * c1 + at.f1 * c2
    scale = size * share
    return Moving(
        by_q1=(scale * 2 * at.g1 * p1, scale * (at.f + 2 * at.f1 * p1 * p1), scale * 2 * at.f1 * p1 * p2),
        by_q2=(scale * 2 * at.g1 * p2, scale * 2 * at.f1 * p1 * p2, scale * (at.f + 2 * at.f1 * p2 * p2)),
        drift=(
            size * (at.g2 * c1 * c1 + at.g1 * c2),
            size * (2 * v1 * at.f1 * c1 + p1 * swing),
            size * (2 * v2 * at.f1 * c1 + p2 * swing),
        ),
    )


def dome(length: float, y: float, z: float) -> float:
    """Return the x of the tip that belongs to its y and z: the tip can only be on this surface.

    The bend angle a solves L (1 - cos a) / a = |(y, z)|, which rises up to a = 2.33 rad; ValueError beyond.
    """
    aside = math.hypot(y, z) / length
    angle = 2 * aside
    for _ in range(30):
        at = shape(angle * angle)
        change = (aside - angle * at.f) / (at.f + 2 * angle * angle * at.f1)
        angle += change
        if abs(change) < _EXACT:
            break
        if not 0 <= angle < 2.33:
            raise ValueError(f"no bend brings the tip to {aside:.2f} of the arm's length aside; at most 0.72 can be")
    return length * shape(angle * angle).g
