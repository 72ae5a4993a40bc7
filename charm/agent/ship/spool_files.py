"""The files of a spool: one a report, named by its place and by whether it is a change.

Beside them lies a file of no content, whose room is for the hour when there is none left.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Dict, Optional

from ...kernel.facts import dataclass
from ...kernel.pattern import pattern

RESERVE_BYTES = 256 * 1024
_NAME = pattern(r'(?P<order>[0-9]{16})-(?P<kind>[cr])\.json')


@dataclass(frozen=True)
class SpoolFile:
    """One report of a spool.

    Attributes:
        size_bytes: its size.
        change: something changed with it.
        held: the report, while it is in memory only; `None` once it is on disk.
    """

    size_bytes: int
    change: bool
    held: Optional[bytes] = None

    def name(self, order: int) -> str:
        """Return the name of its file at this place."""
        return f'{order:016d}-{"c" if self.change else "r"}.json'


def index(directory: Path) -> Dict[int, SpoolFile]:
    """Return the reports in a directory, in order, and sweep up what was cut off.

    Where there is no directory there are none.

    Raises:
        OSError: it cannot be listed.
    """
    try:
        names = os.listdir(directory)
    except FileNotFoundError:
        return {}
    found: Dict[int, SpoolFile] = {}
    for name in names:
        match = _NAME.fullmatch(name)
        if match:
            size_bytes = _size_of(directory / name)
            found[int(match['order'])] = SpoolFile(size_bytes, match['kind'] == 'c')
        elif name.startswith('.'):
            # A write that was cut off: its report was never in the spool.
            with contextlib.suppress(OSError):
                (directory / name).unlink()
    return dict(sorted(found.items()))


def _size_of(path: Path) -> int:
    """Return the file's size; 0 where that cannot be told: its place is taken all the same."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


class Reserve:
    """A file of no content, whose room is given back when it is needed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def keep(self) -> None:
        """Take the room, if it is not taken; do without where there is none."""
        if self._path.exists():
            return
        try:
            with open(self._path, 'wb') as file:
                os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)
        except OSError:
            self.release()

    def release(self) -> bool:
        """Give the room back; return whether there was any."""
        try:
            had = self._path.stat().st_size > 0
            self._path.unlink()
        except OSError:
            return False
        return had
