"""Progress on stderr while a sweep runs: one line, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager

from reconciler.collect.collect import Progress
from reconciler.values.by_name import load


@contextmanager
def progress_bar(quiet: bool) -> Generator[Progress, None, None]:
    """Show a bar that goes when the sweep ends, or nothing at all; yields what moves it."""
    if quiet or not sys.stderr.isatty():
        yield lambda known, asked: None
    else:
        with load('reconciler.cli.options.bar:bar')() as update:
            yield update
