"""What is being fitted, on standard error: a bar, or plain lines where nobody watches."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from nn4mc.train.study import Step


@contextmanager
def showing(console: Console, fits: int) -> Iterator[Step]:
    """Show ``fits`` fits while the context is open; yields what to call before each of them."""
    if not console.is_terminal:
        console.print(f"fitting {fits} models")
        yield lambda _: None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("reading", total=fits + 1)

        def step(name: str) -> None:
            progress.update(task, description=name, advance=1)

        yield step
