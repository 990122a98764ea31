"""Chunks on processes of this machine, which end when the one that started them does."""

import os
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait as wait_for

from nn4mc.campaign.chunks import Chunk
from nn4mc.campaign.fly import Flown, fly_chunk
from nn4mc.errors import CheckFailed

_AHEAD = 2
"""Chunks a worker has waiting beside the one it flies."""
_MOST_DEATHS = 3


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
    pool = start_pool(workers)
    try:
        while waiting or flying:
            while waiting and len(flying) < workers * (1 + _AHEAD):
                flying.add(pool.submit(fly_chunk, waiting.popleft(), version))
            done, flying = wait(flying, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def start_pool(workers: int) -> ProcessPoolExecutor:
    """Return a pool of fresh processes: a forked one would hold on to the lock of a folder whose runner is dead."""
    return ProcessPoolExecutor(workers, get_context("spawn"), initializer=end_with_parent)


def end_with_parent() -> None:
    """End this process when the one that started it has ended, killed or not."""
    parent = parent_process()
    if parent is None:
        return

    def watch(sentinel: int) -> None:
        wait_for([sentinel])
        os._exit(1)

    threading.Thread(target=watch, args=(parent.sentinel,), daemon=True).start()
