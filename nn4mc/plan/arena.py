"""Offsets for buffers of known lifetimes in one arena, as short as a bounded search finds it.

The arena is filled one buffer after the other, each at the lowest offset that no buffer alive at the same time
occupies, so that what comes out depends on the order alone. Several orders are tried; the best one is improved by
moving buffers that reach the arena's end, and those they rest on, forward; then by moves drawn with a fixed seed. All
of it stops where the arena is as long as the largest set of buffers alive at once, which nothing can beat. The same
lifetimes give the same offsets.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

_SEED = 0
_MOST_PASSES = 1000
_MOST_STEPS = 1_000_000
"""Of the search: fillings of the arena, and the pairs of buffers that they look at together."""


@dataclass(frozen=True)
class Lifetime:
    """A buffer: its 32-bit words, and the first and the last node it is alive at."""

    words: int
    first: int
    last: int


def largest_live_set(buffers: Sequence[Lifetime]) -> int:
    """Return the words of all buffers alive at the node where that is most: no arena is shorter.

    >>> largest_live_set([Lifetime(3, 0, 1), Lifetime(4, 1, 2), Lifetime(5, 2, 2)])
    9
    """
    return max(_words_alive(buffers), default=0)


def arena_length(buffers: Sequence[Lifetime], offsets: Sequence[int]) -> int:
    """Return the words of an arena with buffers at these offsets."""
    return max((at + one.words for at, one in zip(offsets, buffers, strict=True)), default=0)


def assign_offsets(buffers: Sequence[Lifetime]) -> list[int]:
    """Return an offset for every buffer, so that no two that are alive together overlap.

    >>> assign_offsets([Lifetime(3, 0, 1), Lifetime(4, 1, 2), Lifetime(3, 2, 2)])
    [4, 0, 4]
    """
    meets = _neighbours(buffers)
    if meets is None:
        return fill_by_size(buffers)
    search = _Search(buffers, meets)
    search.try_orders()
    search.improve()
    search.wander()
    return search.offsets


class _Search:
    """The best filling so far, and how many more may be tried; buffers go by their index."""

    def __init__(self, buffers: Sequence[Lifetime], meets: list[list[int]]) -> None:
        self.buffers, self.meets = buffers, meets
        self.bound = largest_live_set(buffers)
        steps = sum(map(len, meets)) + len(buffers)
        self.passes = max(1, min(_MOST_PASSES, _MOST_STEPS // max(1, steps)))
        self.order = sorted(range(len(buffers)), key=lambda i: _by_size(buffers[i]))
        self.offsets = fill(buffers, meets, self.order)
        self.length = arena_length(buffers, self.offsets)

    @property
    def done(self) -> bool:
        return self.length == self.bound or self.passes <= 0

    def attempt(self, order: list[int], even: bool = False) -> bool:
        """Fill the arena in an order; keep it if it is shorter than what there is, or just as short if ``even``."""
        self.passes -= 1
        offsets = fill(self.buffers, self.meets, order)
        length = arena_length(self.buffers, offsets)
        kept = length < self.length or (even and length == self.length)
        if kept:
            self.order, self.offsets, self.length = order, offsets, length
        return kept

    def try_orders(self) -> None:
        """By size times life, by life, by how much is alive at most while a buffer is, by first and by last use."""
        alive = _words_alive(self.buffers)
        keys: tuple[Callable[[Lifetime], tuple[int, ...]], ...] = (
            lambda one: (-one.words * (one.last - one.first + 1), one.first),
            lambda one: (one.first - one.last, -one.words),
            lambda one: (-max(alive[one.first : one.last + 1]), -one.words),
            lambda one: (one.first, -one.words),
            lambda one: (-one.last, -one.words),
        )
        for key in keys:
            if not self.done:
                self.attempt(sorted(range(len(self.buffers)), key=lambda i: key(self.buffers[i])))

    def improve(self) -> None:
        """Move a buffer at the end, or one that it rests on, forward, until none of them helps."""
        improved = True
        while improved and not self.done:
            improved = any(not self.done and self.attempt(order) for order in self._moves())

    def wander(self) -> None:
        """Move buffers drawn with a fixed seed, as long as the arena gets no longer."""
        draw = Random(_SEED).random  # the one method whose numbers no version of Python changes
        while not self.done:
            order = list(self.order)
            moved = order.pop(int(draw() * len(order)))
            order.insert(int(draw() * (len(order) + 1)), moved)
            self.attempt(order, even=True)

    def _moves(self) -> Iterable[list[int]]:
        """Yield orders in which what is in the way is placed earlier."""
        order = self.order
        for i in self._support():
            at = order.index(i)
            for to in dict.fromkeys((0, at // 2, at - 1)):
                if 0 <= to < at:
                    yield [*order[:to], i, *order[to:at], *order[at + 1 :]]

    def _support(self) -> list[int]:
        """Return the buffers that reach the arena's end, those they rest on, and so on down."""
        ends = [at + one.words for at, one in zip(self.offsets, self.buffers, strict=True)]
        found = [i for i, end in enumerate(ends) if end == self.length]
        for i in found:  # which grows on the way
            found += [j for j in self.meets[i] if ends[j] == self.offsets[i] and j not in found]
        return found


def _by_size(buffer: Lifetime) -> tuple[int, int]:
    return -buffer.words, buffer.first


def _words_alive(buffers: Sequence[Lifetime]) -> list[int]:
    """Return the words of all buffers alive at each node."""
    end = max((one.last for one in buffers), default=-1) + 1
    changes = [0] * (end + 1)
    for one in buffers:
        changes[one.first] += one.words
        changes[one.last + 1] -= one.words
    return [int(words) for words in np.cumsum(changes, dtype=np.int64)[:end]]


def _neighbours(buffers: Sequence[Lifetime]) -> list[list[int]] | None:
    """Return, for every buffer, those that are alive at some node that it is alive at; None when there are too many."""
    meets: list[list[int]] = [[] for _ in buffers]
    alive: list[int] = []
    pairs = 0
    for i in sorted(range(len(buffers)), key=lambda i: buffers[i].first):
        alive = [j for j in alive if buffers[j].last >= buffers[i].first]
        pairs += len(alive)
        if pairs > _MOST_STEPS:
            return None
        for j in alive:
            meets[i].append(j)
            meets[j].append(i)
        alive.append(i)
    return meets


def fill(buffers: Sequence[Lifetime], meets: Sequence[Sequence[int]], order: Iterable[int]) -> list[int]:
    """Return the offsets when buffers are placed in this order, each as low as it goes."""
    offsets = [-1] * len(buffers)
    for i in order:
        at, words = 0, buffers[i].words
        for below, above in sorted((offsets[j], offsets[j] + buffers[j].words) for j in meets[i] if offsets[j] >= 0):
            if at + words <= below:
                break
            at = max(at, above)
        offsets[i] = at
    return offsets


def fill_by_size(buffers: Sequence[Lifetime]) -> list[int]:
    """Return the offsets when buffers are placed by size: as `fill`, for so many that their pairs take no list."""
    first, last, words = np.array([(one.first, one.last, one.words) for one in buffers], np.int64).T
    offsets = np.full(len(buffers), -1, np.int64)
    for i in sorted(range(len(buffers)), key=lambda i: _by_size(buffers[i])):
        near = np.flatnonzero((offsets >= 0) & (first <= last[i]) & (last >= first[i]))
        near = near[np.argsort(offsets[near])]
        floors = np.maximum.accumulate(np.concatenate([[0], offsets[near] + words[near]]))
        fits = floors[:-1] + words[i] <= offsets[near]
        offsets[i] = floors[int(np.argmax(fits)) if fits.any() else -1]
    return [int(at) for at in offsets]
