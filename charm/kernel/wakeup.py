"""Wait for another thread by the monotonic clock, on every Python.

In Python 3.8 a lock, a queue or an event waits by the wall clock: set it back by a day, and a wait
of a second lasts a day; set it forward, and the wait is over at once. poll(2) knows no wall clock.
"""

from __future__ import annotations

import contextlib
import math
import queue
import select
import socket

from .deadline import Deadline
from .hints import Generic, Optional, TypeVar

Item = TypeVar('Item')
# A signal that comes in the moment before poll(2) does not end it, and its handler waits as long.
_BLINK_SECONDS = 0.5
# As long as poll(2) may be told to wait, or nearly.
_LONG_SECONDS = 86_400.0


class Wakeup:
    """Something to wait for: rung once, it stays rung until it is hushed."""

    def __init__(self) -> None:
        self._near, self._far = socket.socketpair()
        self._near.setblocking(False)
        self._far.setblocking(False)
        self._blink_seconds = _BLINK_SECONDS

    def __del__(self) -> None:
        # Only now: who still can ring it must not find another file in the place of its own.
        with contextlib.suppress(AttributeError):
            self._near.close()
            self._far.close()

    def fileno(self) -> int:
        """Return what to poll, beside other files, until it is rung."""
        return self._near.fileno()

    def ring(self) -> None:
        """Ring it, from any thread or signal handler."""
        with contextlib.suppress(BlockingIOError):
            # One that is full of rings is rung.
            self._far.send(b'!')

    def rung_by_signals(self) -> int:
        """Return the file for `signal.set_wakeup_fd`: whoever waits need not look up any more."""
        self._blink_seconds = _LONG_SECONDS
        return self._far.fileno()

    def wait(self, seconds: Optional[float] = None) -> bool:
        """Return `True` once it is rung, `False` if it is not within the time, if one is given."""
        deadline = Deadline.after(math.inf if seconds is None else seconds)
        poll = select.poll()
        poll.register(self._near, select.POLLIN)
        while True:
            left = min(deadline.remaining_seconds, self._blink_seconds)
            if poll.poll(math.ceil(left * 1000)):
                return True
            if deadline.passed:
                return False

    def hush(self) -> None:
        """Let it be as if it had never been rung."""
        with contextlib.suppress(BlockingIOError):
            while self._near.recv(4096):
                pass


class Mailbox(Generic[Item]):
    """A queue for one reader."""

    def __init__(self) -> None:
        self._items: queue.SimpleQueue[Item] = queue.SimpleQueue()
        self._bell = Wakeup()

    def put(self, item: Item) -> None:
        """Put an item in, from any thread or signal handler."""
        self._items.put(item)
        self._bell.ring()

    def rung_by_signals(self) -> int:
        """Return the file for `signal.set_wakeup_fd`, see `Wakeup`."""
        return self._bell.rung_by_signals()

    def get(self, seconds: float) -> Item:
        """Return the item that is first, or comes first within so many seconds.

        Raises:
            queue.Empty: there is none.
        """
        deadline = Deadline.after(seconds)
        while True:
            # What is put in after this rings again. A ring may come after its item was taken.
            self._bell.hush()
            with contextlib.suppress(queue.Empty):
                return self._items.get_nowait()
            if deadline.passed:
                raise queue.Empty
            self._bell.wait(deadline.remaining_seconds)
