"""Fits the coefficients of tanh and sigmoid in nn4mc_elementary.c and nn4mc_elementary_m4f.S, and prints them.

Run: python scripts/fit_elementary.py. Everything is minimax by Lawson's iteration: least squares whose weights grow
where the error is large. Only what the printed line says is minimised; rounding is measured by the tests.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

Float64 = npt.NDArray[np.float64]
Weight = Callable[[Float64], Float64]

POINTS, ITERATIONS = 500, 2000


def lawson(columns: Float64, target: Float64, weight: Weight) -> tuple[float, Float64]:
    """Return the least largest error of ``columns @ q`` from ``target``, times ``weight(q)``, and its q."""
    importance = np.full(len(target), 1.0 / len(target))
    scale = np.ones(len(target))
    best = np.inf, np.zeros(columns.shape[1])
    for _ in range(ITERATIONS):
        root = scale * np.sqrt(importance)
        q = np.linalg.lstsq(columns * root[:, None], target * root, rcond=None)[0]
        scale = weight(q)
        error = np.abs(columns @ q - target) * scale
        best = min(best, (float(error.max()), q), key=lambda one: one[0])
        importance *= error
        importance /= importance.sum()
    return best


def power_of_half(degree: int) -> tuple[float, Float64]:
    """Fit 2^-f on |f| <= 1/2 by a polynomial that is 1 at 0. Returns the relative error and c[1], c[2], ..."""
    f = -np.cos(np.linspace(0.0, np.pi, POINTS)) / 2
    exact = 2.0**-f
    return lawson(f[:, None] ** np.arange(1, degree + 1), exact - 1, lambda _: 1 / exact)


def parabola(at_zero: float) -> tuple[float, int, float, float]:
    """Fit c0 + c1 e + c2 e^2 to 1 / (1 + e) on 0..1, exact at 1 so that tanh(0) is 0.

    The error is that of (1 + e) times it, at most ``at_zero`` at e = 0: its fourth power must not keep tanh from 1. c2
    is eight bits, which an instruction holds. Returns the error, c2 in units of 2^-32, c1 and c0.
    """
    e = np.linspace(0.0, 1.0, 2001)
    best = np.inf, 0, 0.0, 0.0
    for c2 in (bits << 23 for bits in range(128, 256)):
        for c0 in np.arange(1 - at_zero, 1.0, 5e-5):
            c1 = 0.5 - c0 - c2 / 2**32
            error = float(np.abs(1 - (1 + e) * (c0 + e * (c1 + e * c2 / 2**32))).max())
            best = min(best, (error, c2, c1, float(c0)))
    return best


def rational(
    exact: Callable[[Float64], Float64], degrees: tuple[int, int], limit: float, scaled: float
) -> tuple[float, Float64, Float64]:
    """Fit x p(z) / q(z), z = x^2, to an odd function of ``x * limit / scaled`` on 0..scaled; p has leading term 1.

    ``degrees`` are those of p and q in z. Returns the absolute error, and p and q from the constant term upwards.
    """
    upper, lower = degrees
    x = scaled * (1 - np.cos(np.linspace(0.0, np.pi, POINTS)[1:])) / 2
    unit = (x / scaled) ** 2
    y = exact(x * limit / scaled)
    top = x[:, None] * unit[:, None] ** np.arange(upper)
    powers = unit[:, None] ** np.arange(lower + 1)
    error, q = lawson(
        np.concatenate([top, -y[:, None] * powers], 1), -x * unit**upper, lambda q: 1 / (powers @ q[upper:])
    )
    size = scaled**2.0
    p = np.append(q[:upper] * size ** (upper - np.arange(upper)), 1.0)
    return error, p, q[upper:] * size ** (upper - np.arange(lower + 1))


def show(title: str, error: float, **coefficients: Float64 | float) -> None:
    """Print coefficients as floats and their bits."""
    print(f"{title}: {error:.3g}")
    for name, values in coefficients.items():
        rounded = np.float32(np.atleast_1d(values))
        print(f"    {name}: " + ", ".join(f"{one}f = 0x{one.view(np.uint32):08x}" for one in rounded))


def show_fixed(title: str, error: float, bits: int, coefficients: Sequence[float] | Float64) -> None:
    """Print coefficients as integers in units of 2^-bits."""
    print(f"{title}: {error:.3g}")
    print("    " + ", ".join(f"0x{round(one * 2.0**bits) & 0xFFFFFFFF:08x}" for one in coefficients))


def half_sigmoid(x: Float64) -> Float64:
    """sigmoid(x) - 1/2, which is odd."""
    return np.tanh(x / 2) / 2


def main() -> None:
    """Fit all and print."""
    error, powers = power_of_half(5)
    show_fixed("2^-f: relative error", error, 31, powers)
    error, c2, c1, c0 = parabola(0.0105)
    show_fixed("1 / (1 + e): relative error, to its fourth power in the result", error, 30, [c0, 2 * c1])
    print(f"    0x{c2:08x}")
    for title, exact, degrees, limit, scaled in (
        ("tanh, 4e-5", np.tanh, (2, 3), 5.6, 8.0),
        ("sigmoid, 4e-5", half_sigmoid, (2, 2), 10.3, 8.0),
        ("tanh, 1e-3", np.tanh, (1, 2), 4.0, 4.0),
        ("sigmoid, 1e-3", half_sigmoid, (1, 2), 8.0, 8.0),
    ):
        error, p, q = rational(exact, degrees, limit, scaled)
        show(f"{title}: absolute error below the limit", error, scale=scaled / limit, p=p, q=q)


if __name__ == "__main__":
    main()
