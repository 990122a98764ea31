"""Which calls are native steps: the C against the reference for any clock, and both against what was promised."""

import ctypes
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nn4mc.control.executor import MOST_CALLS, Age, Clock, Turn
from tests.control.c_executor import INITIAL, CClock, build_c_executor
from tests.control.executors import call_times

WRAP = 2**32
PERIOD = 10_000


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    return build_c_executor(tmp_path_factory.mktemp("executor"))


def turns(clock: Clock | CClock, times: Sequence[int]) -> list[Turn]:
    """Return what each of some calls is, none of them refused."""
    found = []
    for time_us in times:
        found.append(clock.begin(time_us % WRAP, time_us % WRAP))
        if found[-1] is not Turn.INTERMEDIATE:
            clock.advanced()
    return found


def native_at(clock: CClock, times: Sequence[int]) -> list[int]:
    """Return the times of the native steps."""
    return [t for t, turn in zip(times, turns(clock, times), strict=True) if turn is not Turn.INTERMEDIATE]


INTERVALS = st.one_of(
    st.integers(300, 5_000),
    st.integers(0, 60_000),
    st.integers(-40_000, 0),
    st.sampled_from([0, 1, PERIOD - 1, PERIOD, PERIOD + 1, 2 * PERIOD, 500_000, 500_001, 2**31 - 1, 2**31]),
    st.integers(-(2**31), 2**31),
)
VALUES = st.fixed_dictionaries(
    {
        "native_period": st.sampled_from([1_000, 2_500, 9_999, PERIOD, 1_000_000]),
        "native_every": st.sampled_from([0, 0, 0, 1, 4, 255]),
        "keep_phase": st.sampled_from([0, 1]),
        "gap_limit": st.sampled_from([0, 1, 30_000, 500_000, 100_000_000]),
        "reference_limit": st.sampled_from([0, 20_000, 500_000]),
        "reference_lost": st.sampled_from([0, 1_000_000]),
    }
)
CALLS = st.lists(st.tuples(INTERVALS, st.booleans(), st.sampled_from([0, 0, 0, 1])), min_size=1, max_size=120)


@settings(max_examples=400, deadline=None)
@given(values=VALUES, start=st.integers(0, WRAP - 1), calls=CALLS)
@example(values=INITIAL, start=WRAP - 1, calls=[(-(2**31), False, 0)] * 4)
def test_the_c_decides_as_the_reference(library: ctypes.CDLL, values: dict[str, int], start: int, calls):
    """For clocks that jump either way by anything, refused calls, and references that come or do not."""
    c, reference = CClock(library, {**INITIAL, **values}), Clock({**INITIAL, **values})
    time_us, stamp = start, 0
    for interval, refused, fresh in calls:
        time_us, stamp = (time_us + interval) % WRAP, stamp + fresh
        turn = reference.begin(time_us, stamp)
        assert (c.begin(time_us, stamp), c.age()) == (turn, reference.age())
        if turn is not Turn.INTERMEDIATE and not refused:
            c.advanced()
            reference.advanced()
    found = c.timing()
    for name in ("native_steps", "missed", "restarts", "steps_back"):
        assert getattr(found, name) == getattr(reference, name), name


@settings(max_examples=50, deadline=None)
@given(shift=st.integers(0, WRAP - 1), seed=st.integers(0, 1000), keep=st.sampled_from([0.0, 1.0]))
@example(shift=WRAP - 500_000, seed=0, keep=1.0)
def test_where_the_clock_starts_and_wraps_does_not_matter(library: ctypes.CDLL, shift: int, seed: int, keep: float):
    times = call_times(400, 2500, 0.2, seed)
    values = {**INITIAL, "keep_phase": keep}
    moved = [(t + shift) % WRAP for t in times]
    assert turns(CClock(library, values), moved) == turns(CClock(library, values), times)


@pytest.mark.parametrize("rate", [100, 130, 250, 400, 1000, 2500, 8000])
@pytest.mark.parametrize("jitter", [0.0, 0.01, 0.05, 0.3])
def test_with_its_phase_kept_the_policy_runs_at_its_own_rate(library: ctypes.CDLL, rate: int, jitter: float):
    """Over 20 s to within a step; where single calls come too late for theirs, the steps are counted as missed."""
    times = call_times(20 * rate, 1e6 / rate, jitter, rate)
    clock = CClock(library, INITIAL)
    steps, missed = native_at(clock, times), clock.timing().missed
    assert len(steps) - 1 + missed == pytest.approx((times[-1] - times[0]) / PERIOD, abs=1)
    assert missed == 0 or max(np.diff(times)) > PERIOD / 2
    assert missed == 0 or jitter == 0.3 or rate == 100
    assert np.diff(steps).min() >= PERIOD / 2 - max(np.diff(times)) / 2


@pytest.mark.parametrize(
    ("rate", "jitter", "expected"), [(400, 0.01, 88.3), (1000, 0.05, 95.1), (250, 0.0, 83.3), (400, 0.0, 100.0)]
)
def test_anew_at_each_step_it_is_as_slow_as_rltools(library: ctypes.CDLL, rate: int, jitter: float, expected: float):
    """The rates that RLtools' own binary showed, docs/executor.md."""
    times = call_times(100 * rate, 1e6 / rate, jitter, 7)
    steps = native_at(CClock(library, {**INITIAL, "keep_phase": 0.0}), times)
    assert len(steps) / (times[-1] - times[0]) * 1e6 == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("keep", [0.0, 1.0])
@pytest.mark.parametrize("back", [1, 2_500, 30_000, 400_000])
def test_a_clock_set_back_delays_the_next_native_step_by_no_more_than_two_calls(
    library: ctypes.CDLL, keep: float, back: int
):
    clock = CClock(library, {**INITIAL, "keep_phase": keep})
    times = [2500 * k for k in range(50)] + [2500 * k - back for k in range(50, 100)]
    found = "".join(".n"[turn is not Turn.INTERMEDIATE] for turn in turns(clock, [WRAP + t for t in times]))
    assert max(len(run) for run in found.split("n")) <= 5
    assert found.count("n") >= 24
    assert clock.timing().steps_back == (back > 2_500)


def test_a_clock_set_back_by_more_than_a_gap_starts_afresh(library: ctypes.CDLL):
    clock = CClock(library, INITIAL)
    turns(clock, [2500 * k for k in range(1000)])
    assert clock.begin(0, 0) is Turn.AFRESH
    assert (clock.timing().steps_back, clock.timing().restarts) == (1, 1)


@pytest.mark.parametrize("keep", [0.0, 1.0])
@pytest.mark.parametrize("gap", [19_000, 31_000, 100_000, 499_000])
def test_a_gap_is_followed_by_one_native_step_and_no_burst(library: ctypes.CDLL, keep: float, gap: int):
    clock = CClock(library, {**INITIAL, "keep_phase": keep})
    before = [2500 * k for k in range(41)]
    after = [before[-1] + gap + 2500 * k for k in range(9)]
    found = turns(clock, before + after)[len(before) :]
    assert found[0] is Turn.NATIVE
    assert found.count(Turn.NATIVE) in (3, 2) or keep == 0.0
    assert Turn.AFRESH not in found
    natives = [k for k, turn in enumerate(found) if turn is Turn.NATIVE]
    assert min(np.diff(natives)) >= 2
    assert clock.timing().missed in (gap // PERIOD - 1, gap // PERIOD)


def test_a_longer_gap_starts_afresh_and_so_does_one_of_refused_calls(library: ctypes.CDLL):
    clock = CClock(library, INITIAL)
    assert turns(clock, [0, 2500, 502_500])[2] is Turn.AFRESH
    found = [clock.begin(502_500 + 2500 * k, k) for k in range(1, 260)]
    assert found.count(Turn.AFRESH) == 1, "refused calls make no native step, and the state grows old"
    assert found[4:199] == [Turn.NATIVE] * 195, "a native step that is due stays due"


def test_every_nth_call_whatever_the_clock_says(library: ctypes.CDLL):
    clock = CClock(library, {**INITIAL, "native_every": 4.0, "gap_limit": 0.0})
    times = np.random.default_rng(0).integers(0, WRAP, 400)
    found = turns(clock, times.tolist())
    assert [turn is not Turn.INTERMEDIATE for turn in found] == [k % 4 == 0 for k in range(400)]


@pytest.mark.parametrize("keep", [0.0, 1.0])
def test_a_period_of_0_is_one_of_1(library: ctypes.CDLL, keep: float):
    """No SET gives one, but C that writes the variables itself may."""
    times = [0, 1, 3, 3 + 400_000, 3 + 2**31]
    zero, one = (CClock(library, {**INITIAL, "keep_phase": keep, "native_period": value}) for value in (0.0, 1.0))
    assert turns(zero, times) == turns(one, times)
    assert zero.timing().missed == one.timing().missed


def test_a_clock_that_stands_still_does_not_stop_the_policy(library: ctypes.CDLL):
    found = turns(CClock(library, INITIAL), [12345] * 1000)
    assert [k for k, turn in enumerate(found) if turn is not Turn.INTERMEDIATE] == list(range(0, 1000, MOST_CALLS))


def test_a_reference_grows_stale_then_lost_and_is_fresh_with_another_stamp(library: ctypes.CDLL):
    clock = CClock(library, {**INITIAL, "reference_limit": 20_000, "reference_lost": 50_000})
    ages = []
    for k in range(40):
        clock.begin(WRAP - 30_000 + 2500 * k & WRAP - 1, 5 if k < 30 else 6)
        ages.append(clock.age())
    assert ages == [Age.FRESH] * 9 + [Age.STALE] * 12 + [Age.LOST] * 9 + [Age.FRESH] * 9 + [Age.STALE]


@settings(max_examples=50, deadline=None)
@given(actions=st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=200))
def test_the_mean_is_that_of_all_actions_since_the_last_native_step(library: ctypes.CDLL, actions: list[float]):
    clock, mean = CClock(library, INITIAL), (ctypes.c_float * 1)(np.nan)
    clock.begin(0, 0)
    for k, action in enumerate(actions):
        clock.mean(action, mean)
        assert mean[0] == pytest.approx(np.mean(actions[: k + 1]), abs=2e-6)
    clock.advanced()
    clock.mean(0.5, mean)
    assert mean[0] == 0.5


def test_intervals_of_the_last_full_hundred_are_summed_up_exactly(library: ctypes.CDLL):
    clock = CClock(library, INITIAL)
    times = call_times(350, 2500, 0.1, 5, WRAP - 300_000)
    turns(clock, times)
    last = np.diff(np.unwrap(times, period=WRAP))[200:300]
    found = clock.timing()
    assert (found.calls, found.shortest_us, found.longest_us) == (350, last.min(), last.max())
    assert found.mean_us == pytest.approx(last.mean(), rel=1e-6)
    assert found.variance_us2 == pytest.approx(last.var(), rel=1e-6)
    assert CClock(library, INITIAL).timing().mean_us == 0
