"""Chunks on processes of this machine, which end when the one that started them does."""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for

from nn4mc.campaign.chunks import Chunk
from nn4mc.campaign.fly import Flown, fly_chunk
from nn4mc.errors import CheckFailed

_AHEAD = 2
"""Chunks a worker has waiting beside the one it flies."""
_MOST_DEATHS = 3
Begin = Callable[[Connection | None], None]
"""What a process does first, given the end of a connection whose closing shall end it."""


def fly_here(chunks: Sequence[Chunk], version: str) -> Iterator[Flown]:
    """Fly the chunks one after another in this process."""
    for chunk in chunks:
        yield fly_chunk(chunk, version)


def fly_on_processes(chunks: Sequence[Chunk], version: str, workers: int) -> Iterator[Flown]:
    """Fly the chunks on ``workers`` processes and yield them as they are done.

    A chunk whose process died is flown again by another; CheckFailed when that happens over and over.
    """
    left = {chunk.number: chunk for chunk in chunks}
    for _ in range(_MOST_DEATHS):
        try:
            for flown in _fly_all(list(left.values()), version, workers):
                del left[flown.number]
                yield flown
            return
        except BrokenProcessPool:
            continue
    raise CheckFailed(
        f"worker processes died {_MOST_DEATHS} times, last with {len(left)} parts to go; is the memory full?\n"
        "What is done is kept. Run the same command again, with fewer --workers."
    )


def _fly_all(chunks: Sequence[Chunk], version: str, workers: int) -> Iterator[Flown]:
    waiting, flying = deque(chunks), set[Future[Flown]]()
    with pool_of(workers) as pool:
        while waiting or flying:
            while waiting and len(flying) < workers * (1 + _AHEAD):
                flying.add(pool.submit(fly_chunk, waiting.popleft(), version))
            done, flying = wait(flying, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()


@contextmanager
def pool_of(workers: int, begin: Begin | None = None) -> Iterator[ProcessPoolExecutor]:
    """Yield a pool whose processes end at once when the context is left by an exception, an interrupt among them.

    What they are at, and what the pool has handed to them already, would be flown to the end for nobody. ``begin`` as
    for `start_pool`.
    """
    watched, held = get_context("spawn").Pipe(duplex=False)
    pool = start_pool(workers, watched, begin)
    try:
        yield pool
    except BaseException:
        held.close()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        held.close()
        watched.close()


def start_pool(workers: int, watched: Connection | None = None, begin: Begin | None = None) -> ProcessPoolExecutor:
    """Return a pool of fresh processes: a forked one would hold on to the lock of a folder whose runner is dead.

    They end with the process that started them, and when the other end of ``watched`` is closed: so does
    `end_with_parent`, which is what each begins with unless ``begin`` calls it in its turn.
    """
    first = begin or end_with_parent
    return ProcessPoolExecutor(workers, get_context("spawn"), initializer=first, initargs=(watched,))


def end_with_parent(watched: Connection | None = None) -> None:
    """End this process when the one that started it has ended, killed or not, or the other end of ``watched``."""
    parent = parent_process()
    if parent is None:
        return

    def watch(ends: list[int | Connection]) -> None:
        wait_for(ends)
        os._exit(1)

    ends = [parent.sentinel, *([] if watched is None else [watched])]
    threading.Thread(target=watch, args=(ends,), daemon=True).start()
