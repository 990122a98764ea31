"""How far many runs are, on standard error: a bar on a terminal, else a line now and then."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from nn4mc.cli.console import err

OnRuns = Callable[[int, int], None]
"""Called with the runs done and the runs in all."""


@contextmanager
def run_progress(name: str, what: str = "runs") -> Iterator[OnRuns]:
    """Show the progress of ``name`` while the context is open; yields what to call with it."""
    if not err.is_terminal:
        shown = [-1]

        def on_line(done: int, total: int) -> None:
            tenth = done * 10 // total
            if tenth != shown[0]:
                shown[0] = tenth
                err.print(f"{name}: {done:,} of {total:,} {what}", highlight=False)

        yield on_line
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=err) as progress:
        task = progress.add_task(name, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
