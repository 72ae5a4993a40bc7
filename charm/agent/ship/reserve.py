"""Room on the disk that is kept for the hour when there is none left."""

from __future__ import annotations

import os
from pathlib import Path

RESERVE_BYTES = 256 * 1024


class Reserve:
    """A file of no content, whose room is given back when it is needed.

    Args:
        path: of the file.
    """

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
