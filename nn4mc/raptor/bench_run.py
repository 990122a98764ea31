"""Flies the cases of a benchmark on processes of this machine, which end with the one that started them."""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection

from nn4mc.campaign.processes import end_with_parent, pool_of
from nn4mc.errors import CheckFailed
from nn4mc.hil.batch import BatchPolicy
from nn4mc.hil.rig import Rig, load_rig
from nn4mc.raptor.bench_flights import RIG, Batch, Case, Flown, cut, fly_one_batch

OnFlights = Callable[[int, int], None]
"""Called with the flights done and the flights in all: once at the start, then after each batch."""
_AHEAD = 3
"""Batches a worker has at hand, so that none waits and an interruption leaves few."""
_POLICIES: dict[str, tuple[Rig, BatchPolicy]] = {}


def fly_cases(cases: Sequence[Case], workers: int | None, on_flights: OnFlights) -> list[list[Flown]]:
    """Fly all flights of all cases and return what became of them, in the order of the cases.

    ``workers`` processes, by default one a core; with 1 in this process. Raises CheckFailed when a worker dies, and
    what `nn4mc.hil.batch.record_batch` raises.
    """
    batches = cut(load_rig(RIG), cases)
    results: list[dict[int, Flown]] = [{} for _ in cases]
    total, done = sum(len(case.flights) for case in cases), 0
    on_flights(0, total)
    for batch, flown in _fly(batches, min(workers or os.cpu_count() or 1, len(batches))):
        for (case, place), one in zip(batch.origins, flown, strict=True):
            results[case][place] = one
        done += len(flown)
        on_flights(done, total)
    return [[found[place] for place in sorted(found)] for found in results]


def _fly(batches: Sequence[Batch], workers: int) -> Iterator[tuple[Batch, list[Flown]]]:
    if workers <= 1:
        yield from ((batch, fly_in_process(batch)) for batch in batches)
        return
    waiting, flying = list(reversed(batches)), dict[Future[list[Flown]], Batch]()
    try:
        with pool_of(workers, _begin) as pool:
            while waiting or flying:
                while waiting and len(flying) < workers * _AHEAD:
                    batch = waiting.pop()
                    flying[pool.submit(fly_in_process, batch)] = batch
                for future in wait(flying, return_when=FIRST_COMPLETED).done:
                    yield flying.pop(future), future.result()
    except BrokenProcessPool as error:
        raise CheckFailed("a worker process of the benchmark died; is the memory full? Try --workers 1.") from error


def _begin(watched: Connection | None) -> None:
    """Let an interruption of the terminal end this process without a word; the parent says what happened."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    end_with_parent(watched)


def fly_in_process(batch: Batch) -> list[Flown]:
    """Fly a batch with the policies that this process has loaded."""
    return fly_one_batch(batch, _POLICIES)
