"""Progress on stderr while a sweep runs: one line, on a terminal only."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar


class Progress:
    """A bar that goes when the sweep ends, or nothing at all."""

    def __init__(self, enabled: bool) -> None:
        self._bar = Bar(
            TextColumn('asking'),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn('units'),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
            disable=not enabled,
        )
        self._task = self._bar.add_task('asking', total=None)

    def __enter__(self) -> Progress:
        self._bar.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._bar.stop()

    def update(self, known: int, asked: int) -> None:
        """Show that `known` of `asked` units have answered."""
        self._bar.update(self._task, completed=known, total=asked)
