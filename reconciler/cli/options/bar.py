"""The bar that shows the progress of a sweep on a terminal."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from reconciler.collect.collect import Progress


@contextmanager
def bar() -> Generator[Progress, None, None]:
    """Show a bar on stderr that goes when the block ends; yields what moves it."""
    shown = Bar(
        TextColumn('asking'),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn('units'),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    task = shown.add_task('asking', total=None)
    with shown:
        yield lambda known, asked: shown.update(task, completed=known, total=asked)
