"""The solver in float64 on random problems: as good as scipy's optimum, never above its start, always feasible."""

import numpy as np
import pytest

from nn4mc.control.quadratic import MoveBounds, solve_quadratic
from nn4mc.control.solve import Reason, inside
from tests.control.random_problems import UNBOUNDED, Problem, ours, problems, scipys

RELATIVE = 1e-4
FEW = 60
MANY = 500


def feasible(problem: Problem, moves: np.ndarray) -> bool:
    limits = problem.limits
    gaps = np.abs(np.diff(moves, axis=0, prepend=limits.last[None]))
    within = (moves >= limits.minimum) & (moves <= limits.maximum)
    return bool(within.all() and (gaps <= limits.rate + 1e-12).all())


def failures(count: int, exact: bool) -> list[int]:
    """Return which of ``count`` problems end above scipy's optimum from the same start."""
    bad = []
    for i, problem in enumerate(problems(count)):
        done = ours(problem, exact, 200)
        assert feasible(problem, done.moves)
        assert done.cost <= problem.value(inside(problem.limits, problem.start))
        theirs = scipys(problem)
        if done.cost > theirs + RELATIVE * abs(theirs):
            bad.append(i)
    return bad


@pytest.mark.parametrize("exact", [False, True], ids=["gauss-newton", "newton"])
def test_is_as_good_as_scipy_from_the_same_start(exact: bool):
    assert failures(FEW, exact) == []


@pytest.mark.slow
@pytest.mark.parametrize("exact", [False, True], ids=["gauss-newton", "newton"])
def test_is_as_good_as_scipy_on_500_problems(exact: bool):
    assert failures(MANY, exact) == []


@pytest.mark.parametrize("iterations", [1, 2, 3])
def test_stopping_early_is_feasible_and_never_worse_than_stopping_earlier(iterations: int):
    for problem in problems(FEW, seed=5):
        less, more = (ours(problem, False, count) for count in (iterations - 1, iterations))
        assert feasible(problem, more.moves)
        assert more.cost <= less.cost <= problem.value(problem.start)


def test_newton_converges_faster_than_gauss_newton_where_references_are_out_of_reach():
    """Summed over the problems: with large residuals the second derivatives count."""
    both = [[ours(problem, exact, 200).iterations for exact in (False, True)] for problem in problems(FEW, seed=6)]
    gauss_newton, newton = np.array(both).sum(axis=0)
    assert newton < gauss_newton


def test_random_problems_are_of_every_kind():
    drawn = problems(MANY)
    assert sum(problem.limits.rate < UNBOUNDED for problem in drawn) > MANY // 4
    assert sum(len(problem.start) > 1 for problem in drawn) > MANY // 4
    assert sum(problem.model.m > 1 for problem in drawn) > MANY // 2
    assert sum(bool(problem.now.states) for problem in drawn) > MANY // 4


def test_an_overflowing_prediction_is_refused():
    problem = problems(1)[0]
    wide = Problem(**{**vars(problem), "objective": type(problem.objective)(
        problem.objective.wanted * np.inf, problem.objective.q, problem.objective.l, 1, problem.objective.last
    )})  # fmt: skip
    assert ours(wide, False, 2).reason is Reason.NOT_FINITE


def brute_force(hessian: np.ndarray, gradient: np.ndarray, bounds: MoveBounds) -> float:
    """Return the least value of a quadratic function within bounds, by projected gradients from many starts' best."""
    from scipy.optimize import LinearConstraint, minimize

    m, n = bounds.commands, gradient.size
    difference = (np.eye(n) - np.eye(n, k=-m))[m:]
    done = minimize(
        lambda d: gradient @ d + d @ hessian @ d / 2,
        np.zeros(n),
        jac=lambda d: gradient + hessian @ d,
        method="SLSQP",
        bounds=list(zip(bounds.low, bounds.high, strict=True)),
        constraints=[LinearConstraint(difference, bounds.gap_low[m:], bounds.gap_high[m:])] if n > m else [],
        options={"maxiter": 500, "ftol": 1e-14},
    )
    return float(done.fun)


@pytest.mark.parametrize("seed", range(100))
def test_the_quadratic_problem_is_solved_exactly(seed: int):
    rng = np.random.default_rng(seed)
    m, moves = int(rng.integers(1, 4)), int(rng.integers(1, 5))
    n = m * moves
    root = rng.normal(size=(n, n))
    hessian, gradient = root @ root.T + 0.1 * np.eye(n), 3 * rng.normal(size=n)
    bounds = MoveBounds(
        -rng.uniform(0, 1, n) * rng.integers(0, 3, n),
        rng.uniform(0, 1, n) * rng.integers(0, 3, n),
        -rng.uniform(0, 0.5, n),
        rng.uniform(0, 0.5, n),
        m,
    )
    d = solve_quadratic(hessian, gradient, bounds)
    gaps = (d - np.roll(d, m))[m:]
    assert (d >= bounds.low - 1e-12).all() and (d <= bounds.high + 1e-12).all()
    assert (gaps >= bounds.gap_low[m:] - 1e-12).all() and (gaps <= bounds.gap_high[m:] + 1e-12).all()
    value = gradient @ d + d @ hessian @ d / 2
    best = brute_force(hessian, gradient, bounds)
    assert value <= best + 1e-7 * max(1.0, abs(best))
