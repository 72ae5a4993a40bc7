"""Documents go to stdout whole; a reader that has gone is no fault of ours."""

from __future__ import annotations

import os
import sys


def print_document(text: str) -> None:
    """Write the text to stdout, ending with one line end."""
    try:
        sys.stdout.write(text if text.endswith('\n') else text + '\n')
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read has gone; the interpreter must not try to flush again when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def colour() -> bool:
    """Return whether stdout is a terminal whose user has not asked for none (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get('NO_COLOR')
