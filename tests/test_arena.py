"""Offsets in the arena: sound for any lifetimes, and close to the largest live set, which nothing can beat."""

from collections.abc import Callable, Mapping
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nn4mc.ir import Graph
from nn4mc.passes import lower
from nn4mc.plan import make_plan, planner
from nn4mc.plan.arena import Lifetime, arena_length, assign_offsets, fill, fill_by_size, largest_live_set
from tests.graphs import SOURCE, RandomGraph, seeded

Generator = np.random.Generator


@st.composite
def lifetimes(draw: st.DrawFn) -> list[Lifetime]:
    """Return up to thirty buffers; zero words are what a tensor with an empty axis takes."""
    spans = draw(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12), st.integers(0, 12)), max_size=30))
    return [Lifetime(words, first, first + more) for words, first, more in spans]


def meet(one: Lifetime, other: Lifetime) -> bool:
    return one.first <= other.last and other.first <= one.last


def sound(buffers: list[Lifetime], offsets: list[int]) -> bool:
    """Whether no two buffers that are alive together share a word."""
    placed = [(one, at) for one, at in zip(buffers, offsets, strict=True) if one.words]
    return min(offsets, default=0) >= 0 and all(
        not meet(a, b) or at + a.words <= to or to + b.words <= at
        for i, (a, at) in enumerate(placed)
        for b, to in placed[:i]
    )


@settings(deadline=None)
@given(lifetimes())
def test_offsets_are_sound_and_the_same_each_time(buffers: list[Lifetime]) -> None:
    offsets = assign_offsets(buffers)
    assert sound(buffers, offsets)
    assert largest_live_set(buffers) <= arena_length(buffers, offsets) <= sum(one.words for one in buffers)
    assert assign_offsets(list(buffers)) == offsets


@settings(deadline=None)
@given(lifetimes())
def test_the_bound_is_what_is_alive_at_the_fullest_node(buffers: list[Lifetime]) -> None:
    alive = [sum(one.words for one in buffers if one.first <= node <= one.last) for node in range(40)]
    assert largest_live_set(buffers) == max(alive)


@settings(deadline=None)
@given(lifetimes().filter(bool))
def test_many_buffers_are_filled_by_size_as_few_are(buffers: list[Lifetime]) -> None:
    meets = [[j for j, other in enumerate(buffers) if j != i and meet(one, other)] for i, one in enumerate(buffers)]
    order = sorted(range(len(buffers)), key=lambda i: (-buffers[i].words, buffers[i].first))
    assert fill_by_size(buffers) == fill(buffers, meets, order)


def test_thousands_alive_at_once_are_placed_without_a_list_of_all_pairs() -> None:
    buffers = [Lifetime(1 + i % 7, i, 3000) for i in range(3000)]
    offsets = assign_offsets(buffers)
    assert arena_length(buffers, offsets) == largest_live_set(buffers) == sum(one.words for one in buffers)


def short(rng: Generator) -> list[Lifetime]:
    """Buffers of any size that live for a few nodes."""
    starts = rng.integers(0, 40, 40)
    return [Lifetime(int(rng.integers(1, 200)), int(at), int(at + rng.geometric(0.25))) for at in starts]


def long(rng: Generator) -> list[Lifetime]:
    """Buffers of powers of two that live from any node to any other."""
    spans = np.sort(rng.integers(0, 40, (40, 2)), axis=1)
    return [Lifetime(int(2 ** rng.integers(0, 10)), int(first), int(last)) for first, last in spans]


def chain(rng: Generator) -> list[Lifetime]:
    """A row of layers, three in ten read again some layers later, four in ten with scratch memory."""
    found = []
    for i in range(40):
        skip = int(rng.integers(2, 9)) if rng.random() < 0.3 else 1
        found.append(Lifetime(int(rng.integers(1, 300)), i, i + skip))
        if rng.random() < 0.4:
            found.append(Lifetime(int(rng.integers(1, 300)), i, i))
    return found


def nested(rng: Generator) -> list[Lifetime]:
    """Twelve layers that halve and twelve that double, each of the second reading one of the first: a U-Net."""
    found = []
    for i in range(12):
        words = (512 >> i // 2) + int(rng.integers(1, 20))
        found += [Lifetime(words, i, 24 - i), Lifetime(words, 24 - i, 25 - i), Lifetime(words // 2 + 1, i, i)]
    return found


FAMILIES: Mapping[str, tuple[Callable[[Generator], list[Lifetime]], float, float]] = {
    "short": (short, 1.002, 1.06),
    "long": (long, 1.001, 1.02),
    "chain": (chain, 1.002, 1.05),
    "nested": (nested, 1.001, 1.01),
}
"""How lifetimes are drawn, and the mean and the worst length that is allowed, over the largest live set."""


@pytest.mark.parametrize("name", FAMILIES)
def test_the_arena_is_close_to_the_largest_live_set(name: str) -> None:
    draw, mean, worst = FAMILIES[name]
    drawn = [draw(np.random.default_rng([seed, 40])) for seed in range(100)]
    ratios = [arena_length(one, assign_offsets(one)) / largest_live_set(one) for one in drawn]
    print(summary(name, ratios))
    assert np.mean(ratios) <= mean and max(ratios) <= worst


def summary(name: str, ratios: list[float]) -> str:
    equal = np.mean(np.array(ratios) == 1.0)
    return f"{name}: mean {np.mean(ratios):.4f}, worst {max(ratios):.3f} of the largest live set, {equal:.0%} equal"


def large_graph(seed: int) -> Graph:
    """Return a graph of 30 layers, each of which reads one or two of the last eight tensors."""
    choose = seeded(seed)
    made = RandomGraph(choose, np.random.default_rng(seed))
    made.declare("x", 12)
    for _ in range(30):
        kind = choose(0, 5)
        made.pool = [name for name in made.pool[-8:] if made.width(name) <= 60] or made.pool[:1]
        if kind == 0:
            made.concat()
        elif kind == 1:
            made.gru()
        elif kind <= 3:
            made.binary()
        else:
            made.dense(choose(1, 40))
    return Graph("net", made.tensors, tuple(made.nodes), ("x",), (made.pool[-1],), (), SOURCE)


def test_the_arena_of_graphs_is_close_to_the_largest_live_set() -> None:
    ratios = []
    for seed in range(100):
        with mock.patch.object(planner, "assign_offsets", wraps=assign_offsets) as assigned:
            plan = make_plan(lower(large_graph(seed)))
        (buffers,) = assigned.call_args.args
        ratios.append(plan.arena_len / largest_live_set(buffers))
    print(summary("graphs", ratios))
    assert np.mean(ratios) <= 1.002 and max(ratios) <= 1.05
