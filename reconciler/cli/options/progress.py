"""Progress on stderr while a sweep runs: one line, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from reconciler.collect.collect import Progress


@contextmanager
def progress_bar(quiet: bool) -> Generator[Progress, None, None]:
    """Show a bar that goes when the sweep ends, or nothing at all; yields what moves it."""
    bar = Bar(
        TextColumn('asking'),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn('units'),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=quiet or not sys.stderr.isatty(),
    )
    task = bar.add_task('asking', total=None)
    with bar:
        yield lambda known, asked: bar.update(task, completed=known, total=asked)
