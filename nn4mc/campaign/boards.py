"""Chunks on boards: a process each, which keeps its board open and flies one run after another on it."""

import fcntl
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace

from nn4mc.build.platformio import cache_dir
from nn4mc.campaign.chunks import Chunk
from nn4mc.campaign.expand import Run, called_rig, flown_vehicle
from nn4mc.campaign.fly import Flown, check_worker
from nn4mc.campaign.processes import start_pool
from nn4mc.campaign.row import Row, board_row
from nn4mc.errors import DeviceError, LinkError
from nn4mc.hil.batch import Simulated
from nn4mc.hil.bench import open_bench
from nn4mc.hil.faults import FaultSpec
from nn4mc.hil.flight import Bench, FlightPlan, Recorder, fly
from nn4mc.hil.metrics import position_error, settling_time, tracking
from nn4mc.hil.record import FlightRecord
from nn4mc.hil.rig import Rig, create_reference, load_rig, with_controller

_MOST_FAILURES = 3
"""Failures in a row after which a board is given up."""


@dataclass
class _Open:
    """The bench that this process has open, and for what."""

    stack: ExitStack = field(default_factory=ExitStack)
    bench: Bench | None = None
    key: tuple[str, ...] = ()


_open = _Open()


def fly_on_boards(chunks: Sequence[Chunk], version: str, boards: Sequence[str]) -> Iterator[Flown]:
    """Fly each chunk on whichever board is free and yield them as they are done.

    A run that failed on a board is flown again, on any; a board that fails three times in a row is given up.
    Raises LinkError when no board is left, and at once what no other board can mend (ConfigError, BuildError ...).
    """
    waiting = deque(chunks)
    pools = {number: (board, start_pool(1)) for number, board in enumerate(boards)}
    failures = dict.fromkeys(pools, 0)
    flying: dict[Future[Flown], tuple[int, Chunk]] = {}
    try:
        while waiting or flying:
            for number in pools.keys() - {busy for busy, _ in flying.values()}:
                if waiting:
                    (board, pool), chunk = pools[number], waiting.popleft()
                    flying[_submit(pool, board, chunk, version)] = number, chunk
            done, _ = wait(flying, return_when=FIRST_COMPLETED)
            for future in done:
                number, chunk = flying.pop(future)
                try:
                    flown = future.result()
                except (LinkError, DeviceError, BrokenProcessPool) as error:
                    waiting.appendleft(chunk)
                    failures[number] += 1
                    _replace_or_give_up(pools, number, failures[number], error)
                else:
                    failures[number] = 0
                    yield flown
    finally:
        for _, pool in pools.values():
            pool.shutdown(wait=True, cancel_futures=True)


def _submit(pool: ProcessPoolExecutor, board: str, chunk: Chunk, version: str) -> Future[Flown]:
    """Return the flight of a chunk; one that has failed where the board's process died while it had nothing to do."""
    try:
        return pool.submit(fly_on_board, board, chunk, version)
    except BrokenProcessPool as error:
        failed = Future[Flown]()
        failed.set_exception(error)
        return failed


def _replace_or_give_up(
    pools: dict[int, tuple[str, ProcessPoolExecutor]], number: int, failures: int, error: Exception
) -> None:
    """Give a failed board a fresh process, or give it up; LinkError when it was the last one."""
    board, pool = pools.pop(number)
    pool.shutdown(wait=True, cancel_futures=True)
    if failures < _MOST_FAILURES:
        pools[number] = board, start_pool(1)
    elif not pools:
        raise LinkError(
            f"no board is left; {board} failed {failures} times in a row, last with:\n{error}\n"
            "What is done is kept. Run the same command again."
        ) from error


def fly_on_board(board: str, chunk: Chunk, version: str) -> Flown:
    """Fly the runs of a chunk on a board that stays open for the next one; raises what `open_bench` and `fly` raise."""
    check_worker(chunk, version)
    return Flown(chunk.number, tuple(_fly_run(board, chunk.rig, run) for run in chunk.runs))


def _fly_run(board: str, rig_name: str, run: Run) -> Row:
    rig = with_controller(load_rig(rig_name), run.controller)
    vehicle = flown_vehicle(rig, run)
    bench = _bench(board, called_rig(rig, vehicle))
    # A sampled vehicle is not among the rig's; a perturbed one is flown as it is, so that both are told by one name.
    ready = replace(bench, rig=replace(bench.rig, vehicles={run.vehicle: vehicle}))
    recorder = Recorder(FlightRecord())
    result = fly(ready, FlightPlan(run.vehicle, run.reference, run.changes, run.seed), recorder)
    columns, window_s = recorder.record.columns(), create_reference(bench.rig, run.reference, run.changes).window_s
    errors = tracking(columns, window_s)
    outcome = Simulated(
        lost=result.lost,
        steps=result.steps,
        rmse_m=errors.rmse_m,
        rmse_xy_m=errors.rmse_xy_m,
        max_error_m=errors.max_error_m,
        offset_m=errors.offset_m,
        settling_s=None if result.lost else settling_time(columns.time_s, position_error(columns), window_s),
    )
    return board_row(run.id, outcome, result)


def _bench(board: str, rig: Rig) -> Bench:
    """Return the open bench of a board, opened anew for another controller or call rate."""
    key = (board, str(rig.folder), rig.controller_name, str(rig.call_period_s))
    if _open.bench is None or _open.key != key:
        _open.stack.close()
        _open.bench = None
        with _one_at_a_time():
            _open.bench = _open.stack.enter_context(open_bench(rig, board, FaultSpec(), lambda _text: nullcontext()))
        _open.key = key
    return _open.bench


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Let one process of this machine build at a time: all of them build the same firmware."""
    cache_dir().mkdir(parents=True, exist_ok=True)
    with (cache_dir() / "campaign.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
