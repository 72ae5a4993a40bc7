"""What a door bears: places, a rate, and a bound on the time and size of a request."""

from __future__ import annotations

import io
import socket
from typing import Any

from ...kernel.deadline import Deadline
from ...kernel.facts import dataclass


@dataclass(frozen=True)
class ListenerLimits:
    """The limits of a listening socket.

    Attributes:
        places: requests at the same time.
        per_second: requests in the long run.
        burst: requests in one go.
        request_seconds: for a whole request to arrive.
    """

    places: int = 8
    per_second: float = 10.0
    burst: int = 40
    request_seconds: float = 10.0


class BoundedStream(io.RawIOBase):
    """A socket to read from, by one deadline and up to a number of bytes."""

    def __init__(self, source: socket.socket, deadline: Deadline, most_bytes: int) -> None:
        super().__init__()
        self._source = source
        self._deadline = deadline
        self._left = most_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        seconds = self._deadline.remaining_seconds
        if not seconds:
            raise socket.timeout('the request did not arrive in time')
        if self._left <= 0:
            raise socket.timeout('the request is too large')
        self._source.settimeout(seconds)
        count = self._source.recv_into(memoryview(buffer)[: self._left])
        self._left -= count
        return count
