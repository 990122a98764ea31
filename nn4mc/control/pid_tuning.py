"""Tuning of a PID's loops from step responses: the least tracking error that a robustness constraint allows.

For each loop, the mean of |S|^2 over the frequencies that references have, from 0 to ``band_hz``, is made as small as
can be, averaged over all responses measured: it is the mean squared error along a reference whose spectrum is flat up
to there. On every response

    max |S| <= M  and  max |1 - S| <= M      S = 1 / (1 + C P): the sensitivity, its complement

and the gain of the controller at high frequency, kp + kd / (Tf + T), stays within a limit, which bounds what it makes
of noise. Robustness by bounds on the sensitivities is that of Astrom, Panagopoulos and Hagglund, "Design of PI
controllers based on non-convex optimization", Automatica 34(5), 1998. The search is a grid, refined around its best
point, so that it is the same on every machine. Responses are used as they were measured: no model is fitted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nn4mc.errors import ConfigError
from nn4mc.ir import Array

Complex = npt.NDArray[np.complex128]

_FREQUENCIES = 300
_GRID = 25
"""Values of kp and of kd on a grid, and twice as many of ki, evenly spread in logarithm."""
_REFINEMENTS = 3
_WIDEST = {"kp": (1e-2, 1e2), "ki": (1e-2, 1e3), "kd": (1e-4, 1e1)}
_WEAK = 0.05
"""An output whose static gain is below this share of the largest is not controlled."""
_NOTHING = 1e-9
"""A number of the allocation below this share of the largest is a rounding error."""
_BACK_OFF = 0.9


@dataclass(frozen=True)
class Gains:
    """The gains of one loop; of a loop that has no say they are 0."""

    kp: float = 0.0
    ki: float = 0.0
    kd: float = 0.0


@dataclass(frozen=True)
class Limits:
    """What the gains must keep: the largest sensitivity M, the gain at high frequency, and the filter Tf in s.

    ``band_hz`` is up to where the references have something to follow.
    """

    sensitivity: float
    noise_gain: float
    filter_s: float
    band_hz: float


@dataclass(frozen=True)
class _Loop:
    """One loop: its plant (operating points, frequencies), and what ki and kd are multiplied with (frequencies).

    ``share`` (frequencies) is how much of the band each frequency stands for.
    """

    plant: Complex
    parts: tuple[Complex, Complex]
    share: Array
    period_s: float


@dataclass(frozen=True)
class Tuned:
    """The result: allocation (commands, loops), gains a loop, and the largest sensitivities met.

    ``joint_sensitivity`` is the largest singular value of S with all loops closed at once, over all responses.
    """

    allocation: Array
    gains: tuple[Gains, ...]
    loop_sensitivity: tuple[float, ...]
    joint_sensitivity: float


def allocation_of(steps: Array) -> Array:
    """Return the pseudo-inverse (m, n), to six digits, of the static gain of responses (n, m, samples).

    Weak outputs are left out. With it a loop sees, at rest, a plant of gain 1 and no other loop. ConfigError when
    nothing responds.
    """
    gain = steps[:, :, -1].copy()
    size = np.linalg.norm(gain, axis=1)
    if not size.max() > 0:
        raise ConfigError("the plant does not respond to any command: is its step too small for the backlash?")
    gain[size < _WEAK * size.max()] = 0.0
    exact = np.linalg.pinv(gain, rcond=1e-6)
    exact[np.abs(exact) < _NOTHING * np.abs(exact).max()] = 0.0
    return np.array([[float(f"{number:.6g}") for number in row] for row in exact])


def frequencies(period_s: float, samples: int) -> Array:
    """Return the frequencies in rad/s that a response can tell apart, from its length to half the sampling rate."""
    return np.geomspace(np.pi / (samples * period_s), np.pi / period_s, _FREQUENCIES)


def frequency_response(steps: Array, period_s: float, omega: Array) -> Complex:
    """Return the response (..., frequencies) to sines from that to a step (..., samples), sample 0 one period on."""
    pulses = np.diff(steps, axis=-1, prepend=0.0)
    delays = np.arange(1, steps.shape[-1] + 1) * period_s
    result: Complex = pulses @ np.exp(-1j * np.outer(delays, omega))
    return result


def band_shares(omega: Array, band_hz: float) -> Array:
    """Return which share of the band from 0 to ``band_hz`` each frequency (n) stands for; 0 beyond it.

    >>> band_shares(np.array([1.0, 2.0, 4.0]), 2.0 / np.pi).tolist()
    [0.25, 0.25, 0.5]
    """
    edges = np.minimum(np.concatenate([[0.0], omega]), 2 * np.pi * band_hz)
    shares: Array = np.diff(edges) / edges[-1]
    return shares


def controller_parts(period_s: float, filter_s: float, omega: Array) -> tuple[Complex, Complex]:
    """Return what ki and kd are multiplied with, (frequencies) each, as nn4mc.control.pid computes them."""
    back = np.exp(-1j * omega * period_s)
    return period_s * back / (1 - back), (1 - back) / (filter_s + period_s - filter_s * back)


def tune(responses: Sequence[Array], period_s: float, limits: Limits) -> Tuned:
    """Tune all loops on ``responses``, one (outputs, commands, samples) an operating point, the first the central one.

    Raises ConfigError when no gains keep the limits.
    """
    omega = frequencies(period_s, responses[0].shape[2])
    allocation = allocation_of(responses[0])
    plants = [np.einsum("ncw,cl->nlw", frequency_response(r, period_s, omega), allocation) for r in responses]
    parts = controller_parts(period_s, limits.filter_s, omega)
    share = band_shares(omega, limits.band_hz)
    active = np.abs(allocation).max(axis=0) > 0
    gains = [
        _tune_loop(_Loop(np.stack([plant[i, i] for plant in plants]), parts, share, period_s), limits)
        if on
        else Gains()
        for i, on in enumerate(active)
    ]
    gains, joint = _backed_off(plants, gains, parts, active, limits)
    alone = tuple(
        _sensitivities(np.stack([plant[i, i] for plant in plants]), _controller(gains[i], parts))[0] if on else 0.0
        for i, on in enumerate(active)
    )
    return Tuned(allocation, tuple(gains), alone, joint)


def _controller(gains: Gains, parts: tuple[Complex, Complex]) -> Complex:
    result: Complex = gains.kp + gains.ki * parts[0] + gains.kd * parts[1]
    return result


def _tune_loop(loop: _Loop, limits: Limits) -> Gains:
    """Return the gains of one loop."""
    spans = dict(_WIDEST)
    best, least = Gains(), np.inf
    for _ in range(1 + _REFINEMENTS):
        grids = {name: np.geomspace(*spans[name], _GRID if name != "ki" else 2 * _GRID) for name in spans}
        best, least = _best_on_grid(loop, limits, grids, best, least)
        if least == np.inf:
            raise ConfigError(f"no gains keep a sensitivity of {limits.sensitivity:g}: allow more, or a larger filter")
        spans = {name: _around(getattr(best, name), grids[name]) for name in spans}
    return _rounded(best)


def _best_on_grid(
    loop: _Loop, limits: Limits, grids: dict[str, Array], best: Gains, least: float
) -> tuple[Gains, float]:
    """Return the gains on the grids that track best, and their error; ``best`` and ``least`` where none is better."""
    inside = loop.share > 0
    for kd in (0.0, *grids["kd"].tolist()):
        for kp in grids["kp"].tolist():
            if kp + kd / (limits.filter_s + loop.period_s) > limits.noise_gain:
                continue
            controllers = kp + kd * loop.parts[1] + grids["ki"][:, None] * loop.parts[0]
            followed = 1 + loop.plant[:, None, inside] * controllers[None, :, inside]
            errors = (np.abs(followed) ** -2.0 @ loop.share[inside]).mean(axis=0)
            for k in np.argsort(errors):
                if errors[k] >= least:
                    break
                if _keeps(loop.plant, controllers[k], limits):
                    best, least = Gains(kp, float(grids["ki"][k]), kd), float(errors[k])
                    break
    return best, least


def _keeps(plant: Complex, controller: Complex, limits: Limits) -> bool:
    sensitivity, complement, stable = _sensitivities(plant, controller)
    return stable and sensitivity <= limits.sensitivity and complement <= limits.sensitivity


def _sensitivities(plant: Complex, controller: Complex) -> tuple[float, float, bool]:
    """Return max |S|, max |1 - S|, and whether 1 + L turns about the origin as often as a stable loop's does: never.

    With one integrator 1 + L begins below the real axis and ends on it, to the right of the origin.
    """
    difference = 1 + plant * controller
    closest, farthest = np.abs(difference).min(), np.abs((difference - 1) / difference).max()
    turned = np.unwrap(np.angle(difference), axis=-1)[:, -1]
    return float(1 / closest), float(farthest), bool(np.all(np.abs(turned) < 0.5))


def _backed_off(
    plants: Sequence[Complex],
    gains: list[Gains],
    parts: tuple[Complex, Complex],
    active: npt.NDArray[np.bool_],
    limits: Limits,
) -> tuple[list[Gains], float]:
    """Lower all gains until the loops together keep the sensitivity that each keeps alone; return it too."""
    kept = np.flatnonzero(active)
    while True:
        c = np.stack([_controller(gains[i], parts) for i in kept])
        joint = max(_joint_sensitivity(plant[np.ix_(kept, kept)], c) for plant in plants)
        if joint <= limits.sensitivity * 1.25 or max(one.kp + one.ki for one in gains) < 1e-3:
            return gains, joint
        gains = [_rounded(Gains(*(_BACK_OFF * g for g in (one.kp, one.ki, one.kd)))) for one in gains]


def _joint_sensitivity(plant: Complex, controllers: Complex) -> float:
    """Return the largest singular value of (1 + P C)^-1 over all frequencies."""
    loop = np.moveaxis(plant * controllers[None, :, :], -1, 0)
    smallest = np.linalg.svd(np.eye(loop.shape[1]) + loop, compute_uv=False)[:, -1]
    return float(1 / smallest.min())


def _around(value: float, grid: Array) -> tuple[float, float]:
    """Return the neighbours of a value on a grid, between which the next one lies."""
    ratio = float(grid[1] / grid[0])
    centre = value if value > 0 else float(grid[0])
    return centre / ratio, centre * ratio


def _rounded(gains: Gains) -> Gains:
    """Return gains of four digits, so that the file says what was checked."""
    kp, ki, kd = (float(f"{gain:.4g}") for gain in (gains.kp, gains.ki, gains.kd))
    return Gains(kp, ki, kd)
