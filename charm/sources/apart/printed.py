"""What a run prints: drained while it runs, so that nobody blocks, and kept to its end."""

from __future__ import annotations

import os

from ...kernel.safe_text import clean

MOST_BYTES = 2048
# As much as a pipe may hold (fs.pipe-max-size): one look takes all that is there.
_CHUNK_BYTES = 1024 * 1024


class Printed:
    """The end of what is written to `far`, which becomes the stdout and stderr of a run."""

    def __init__(self) -> None:
        self._near, self.far = os.pipe()
        os.set_blocking(self._near, False)
        self._kept = b''
        self._whole = True

    @property
    def near(self) -> int:
        """Return the descriptor to look at when it is ready, -1 once there will be no more."""
        return self._near

    @property
    def text(self) -> str:
        """Return the end of what was printed; it begins with `…` if there was more before it."""
        text = self._kept.decode('utf-8', 'replace')
        return text if self._whole else f'…{text}'

    def drain(self) -> None:
        """Take what is there, and never wait for more."""
        try:
            chunk = os.read(self._near, _CHUNK_BYTES) if self._near >= 0 else b''
        except BlockingIOError:
            return
        if not chunk:
            self.close_near()
        written = self._kept + chunk
        self._whole = self._whole and len(written) <= MOST_BYTES
        self._kept = written[-MOST_BYTES:]

    def wear(self) -> None:
        """Make `far` the stdout and stderr of this process, as it should be in the run alone."""
        for standard in (1, 2):
            os.dup2(self.far, standard)
        self.close_far()
        self.close_near()

    def close_near(self) -> None:
        """Take no more; who goes on writing is told so by the kernel."""
        if self._near >= 0:
            os.close(self._near)
            self._near = -1

    def close_far(self) -> None:
        """Leave writing to others: only then does it end with them."""
        os.close(self.far)


def safe_lines(text: str) -> str:
    """Return what was printed, each line of it made safe, without those that are empty."""
    return '\n'.join(filter(None, (clean(line) for line in text.split('\n'))))
