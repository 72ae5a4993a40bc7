"""Lines of what a kernel, a program or a file said, which end at a line feed and nowhere else.

`str.splitlines` also breaks at form feed, U+0085, U+2028 and others, and text files opened as such
at a carriage return; the kernel writes all of these as they are, within names.
"""

from __future__ import annotations

from pathlib import Path

from .hints import List


def lines(text: str) -> List[str]:
    """Return the lines without their line feeds; there is none behind the last line feed."""
    found = text.split('\n')
    return found if found[-1] else found[:-1]


def lines_of(path: Path) -> List[str]:
    """Return the lines of a file; bytes that are no UTF-8 become surrogates, as in file names.

    Raises:
        OSError: it cannot be read.
    """
    return lines(path.read_bytes().decode('utf-8', 'surrogateescape'))
