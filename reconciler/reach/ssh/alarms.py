"""What is to be done at some time unless it is called off, by one thread for all of it."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable


class Alarm:
    """Something that is to be done."""

    def __init__(self, ring: Callable[[], object]) -> None:
        self._ring: Callable[[], object] | None = ring

    @property
    def off(self) -> bool:
        """Return whether it is not to be done any more."""
        return self._ring is None

    def cancel(self) -> None:
        """Call it off; what it is about is forgotten at once."""
        self._ring = None

    def ring(self) -> None:
        """Do it, in a thread of its own: it may take its time, and others are due as well."""
        ring, self._ring = self._ring, None
        if ring is None:
            return
        try:
            threading.Thread(target=ring, daemon=True).start()
        except RuntimeError:
            ring()  # There is no thread to be had.


class Alarms:
    """Alarms in the order in which they are due.

    The thread is a daemon; it begins with the first alarm, and ends where none is left.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, Alarm]] = []
        self._numbers = itertools.count()
        self._runs = False

    def set(self, seconds: float, ring: Callable[[], object]) -> Alarm:
        """Have something done after so many seconds, unless it is cancelled before."""
        alarm = Alarm(ring)
        with self._changed:
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._numbers), alarm))
            if not self._runs:
                threading.Thread(target=self._run, daemon=True).start()
                self._runs = True
            elif self._due[0][2] is alarm:
                self._changed.notify()
        return alarm

    def _run(self) -> None:
        with self._changed:
            while self._due:
                at, _, alarm = self._due[0]
                seconds = at - time.monotonic()
                if alarm.off or seconds <= 0:
                    heapq.heappop(self._due)
                    alarm.ring()
                else:
                    self._changed.wait(seconds)
            self._runs = False


ALARMS = Alarms()
