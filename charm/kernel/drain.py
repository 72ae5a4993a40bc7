"""Both pipes of a process, read to their ends as they fill, and kept up to a cap."""

from __future__ import annotations

import os
import selectors
import subprocess
import time

from .hints import IO, List, Optional

_CHUNK_BYTES = 65536


class Stream:
    """One pipe.

    Attributes:
        size: how many bytes came, those past the cap included.
    """

    def __init__(self, pipe: Optional[IO[bytes]], cap_bytes: int) -> None:
        if pipe is None:
            raise TypeError('the process was started without this pipe')
        self.fd = pipe.fileno()
        os.set_blocking(self.fd, False)
        self.size = 0
        self._cap = cap_bytes
        self._kept: List[bytes] = []
        self._first: Optional[float] = None

    def read(self) -> bool:
        """Read what there is, and return whether that is not the end."""
        chunk = os.read(self.fd, _CHUNK_BYTES)
        if chunk and self._first is None:
            self._first = time.monotonic()
        room = self._cap - self.size
        self.size += len(chunk)
        if room > 0:
            self._kept.append(chunk[:room])
        return bool(chunk)

    @property
    def content(self) -> bytes:
        """Return what is kept."""
        return b''.join(self._kept)

    @property
    def since_first_seconds(self) -> Optional[float]:
        """Return how long ago the first of it came; `None` if nothing did."""
        return None if self._first is None else time.monotonic() - self._first


class Drain:
    """What a process writes, for as long as somebody reads it here."""

    def __init__(self, process: subprocess.Popen[bytes], cap_bytes: int) -> None:
        self.stdout = Stream(process.stdout, cap_bytes)
        self.stderr = Stream(process.stderr, cap_bytes)
        self._selector = selectors.DefaultSelector()
        for stream in (self.stdout, self.stderr):
            self._selector.register(stream.fd, selectors.EVENT_READ, stream)

    @property
    def open(self) -> bool:
        """Return whether more may come."""
        return bool(self._selector.get_map())

    def read(self, seconds: float) -> None:
        """Read whatever arrives within `seconds`; return at the first of it."""
        for key, _events in self._selector.select(seconds):
            if not key.data.read():
                self._selector.unregister(key.fd)

    def close(self) -> None:
        """Read no more."""
        self._selector.close()
