"""Both streams of one command: what is kept of them, and for how long more is waited for."""

from __future__ import annotations

import time

from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline

from ..base import RemoteCommand
from .client import GRACE_SECONDS

CHUNK_BYTES = 65536
# More than pipes and the windows of both streams hold.
_ON_THE_WAY = 8 * 1024 * 1024


class KeptOutput:
    """What a command wrote, up to its cap; all of it is counted.

    Attributes:
        timed_out, enough: how it ended, as `Completed` has them.
    """

    def __init__(self, command: RemoteCommand) -> None:
        self._cap = command.cap_bytes
        self._kept = (bytearray(), bytearray())
        self._seen = [0, 0]
        self._first: float | None = None
        self.timed_out = self.enough = False

    @property
    def seen(self) -> int:
        """Return how many bytes came on both streams."""
        return sum(self._seen)

    @property
    def stdout(self) -> bytes:
        """Return what is kept of the first stream."""
        return bytes(self._kept[0])

    def keep(self, stream: int, chunk: bytes) -> None:
        """Take what came on stdout, 0, or on stderr, 1."""
        if stream == 0 and self._first is None:
            self._first = time.monotonic()
        kept = self._kept[stream]
        kept += chunk[: max(0, self._cap - len(kept))]
        self._seen[stream] += len(chunk)

    def completed(self, exit_code: int) -> Completed:
        """Return what arrived."""
        stdout, stderr = (bytes(kept) for kept in self._kept)
        return Completed(
            exit_code,
            stdout,
            stderr,
            self._seen[0],
            self._seen[1],
            self.timed_out,
            enough=self.enough,
            spoke_seconds=None if self._first is None else time.monotonic() - self._first,
        )


class Patience:
    """Until when the rest of an output is waited for: once the command has exited, a grace.

    What it wrote before that may be under way for longer; a trickle is of somebody else.
    """

    def __init__(self, output: KeptOutput, deadline: Deadline) -> None:
        self._output = output
        self._deadline = self.until = deadline
        self._flow = self._at_exit = 0
        self.exited = False

    def exit(self) -> None:
        """Take note that the command has exited."""
        self.exited = True
        self._at_exit = self._output.seen
        self._go_on()

    def look(self) -> None:
        """Wait for longer, if as much came that it cannot be a trickle."""
        seen = self._output.seen
        flows = seen - self._flow >= CHUNK_BYTES and seen - self._at_exit < _ON_THE_WAY
        if self.exited and flows:
            self._go_on()

    def _go_on(self) -> None:
        self._flow = self._output.seen
        self.until = self._deadline.within(GRACE_SECONDS)
