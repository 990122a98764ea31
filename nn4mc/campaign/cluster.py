"""Chunks on a Dask cluster: the workers need the same nn4mc and the same rig, and write no files."""

from collections import deque
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

from nn4mc.campaign.chunks import Chunk
from nn4mc.campaign.fly import Flown, fly_chunk
from nn4mc.errors import LinkError, ToolMissingError

_AHEAD = 2
_CONNECT_S = 10
_RETRIES = 2


def fly_on_cluster(chunks: Sequence[Chunk], version: str, scheduler: str) -> Iterator[Flown]:
    """Fly the chunks on the workers of a scheduler, such as ``tcp://host:8786``, and yield them as they are done.

    Dask gives the chunk of a worker that died to another. Raises ToolMissingError without dask, LinkError when no
    scheduler answers or the connection is lost, and what flying a chunk raises.
    """
    try:
        distributed = import_module("dask.distributed")  # an extra, and slow to import
    except ModuleNotFoundError as error:
        raise ToolMissingError("--scheduler needs the Python package 'dask': pip install 'nn4mc[campaign]'") from error
    try:
        client = distributed.Client(scheduler, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise LinkError(
            f"{scheduler}: no Dask scheduler answers ({error}).\nStart one with `dask scheduler`, and workers with "
            f"`dask worker {scheduler} --nthreads 1`."
        ) from error
    with client:
        yield from _fly_all(distributed, client, chunks, version, scheduler)


def _fly_all(distributed: Any, client: Any, chunks: Sequence[Chunk], version: str, scheduler: str) -> Iterator[Flown]:
    def submit(chunk: Chunk) -> Any:
        return client.submit(fly_chunk, chunk, version, pure=False, retries=_RETRIES)

    waiting = deque(chunks)
    ahead = max(_AHEAD, (1 + _AHEAD) * sum(client.nthreads().values()))
    first = [submit(waiting.popleft()) for _ in range(min(ahead, len(waiting)))]
    flying = distributed.as_completed(first, loop=client.loop)
    try:
        for future in flying:
            flown: Flown = future.result()
            if waiting:
                flying.add(submit(waiting.popleft()))
            yield flown
    except (distributed.CancelledError, OSError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise LinkError(
            f"{scheduler}: the connection was lost ({reason}).\nWhat is done is kept. Run the same command again."
        ) from error
