"""What is going on, on standard error: a spinner a stage and a bar a flight, or plain lines where nobody watches."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from nn4mc.hil.flight import OnStep

_EVERY = 20
"""Steps between two updates of a bar: drawing must not slow the flight down."""


class FlightProgress:
    """Shows stages and flights on one console."""

    def __init__(self, console: Console) -> None:
        """Show on ``console``, which is standard error's."""
        self._console = console

    @contextmanager
    def stage(self, text: str) -> Iterator[None]:
        """Show ``text`` while the context is open."""
        if not self._console.is_terminal:
            self._console.print(text)
            yield
            return
        with self._console.status(text):
            yield

    @contextmanager
    def flight(self, name: str) -> Iterator[OnStep]:
        """Show the steps of a flight while the context is open; yields what to call after each step."""
        if not self._console.is_terminal:
            self._console.print(f"flying {name}")
            yield lambda done, steps: None
            return
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, TimeElapsedColumn(), console=self._console, transient=True) as progress:
            task = progress.add_task(f"flying {name}", total=None)

            def on_step(done: int, steps: int) -> None:
                if done % _EVERY == 0 or done == steps:
                    progress.update(task, completed=done, total=steps)

            yield on_step
