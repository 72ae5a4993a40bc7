"""What is to be done once a deadline has passed, unless it is called off, by one thread for all.

A deadline may pass before its time, where whoever waits is given up (`reach/lanes.py`), so they
are looked at again and again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from charm.kernel.deadline import Deadline

# Who ends by itself once its deadline has passed has at least so long, and at most twice that.
LOOK_SECONDS = 0.5


class Alarm:
    """Something that is to be done.

    Attributes:
        deadline: once that has passed.
        due: it had passed the last time.
    """

    def __init__(self, deadline: Deadline, ring: Callable[[], object]) -> None:
        self.deadline = deadline
        self.due = False
        self._lock = threading.Lock()
        self._ring: Callable[[], object] | None = ring

    @property
    def off(self) -> bool:
        """Return whether it is not to be done any more."""
        return self._ring is None

    def cancel(self) -> None:
        """Call it off; what it is about is forgotten at once."""
        self._ring = None

    def now(self) -> None:
        """Do it now, if it was neither done nor called off."""
        with self._lock:
            ring, self._ring = self._ring, None
        if ring is not None:
            ring()

    def ring(self) -> None:
        """Do it, in a thread of its own: it may take its time, and others are due as well."""
        try:
            threading.Thread(target=self.now, daemon=True).start()
        except RuntimeError:
            self.now()  # There is no thread to be had.


class Alarms:
    """Alarms, and the thread that looks at them; a daemon, it is there while any is left."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._set: list[Alarm] = []
        self._runs = False

    def set(self, deadline: Deadline, ring: Callable[[], object]) -> Alarm:
        """Have something done a moment after the deadline, unless it is cancelled before."""
        alarm = Alarm(deadline, ring)
        with self._changed:
            self._set.append(alarm)
            if not self._runs:
                threading.Thread(target=self._run, daemon=True).start()
                self._runs = True
        return alarm

    @contextmanager
    def over(self, deadline: Deadline, ring: Callable[[], object]) -> Iterator[None]:
        """Have something done if the deadline passes within."""
        alarm = self.set(deadline, ring)
        try:
            yield
        finally:
            alarm.cancel()

    def _run(self) -> None:
        with self._changed:
            while self._set:
                self._changed.wait(LOOK_SECONDS)
                for alarm in self._set:
                    if alarm.due and not alarm.off:
                        alarm.ring()
                self._set = [alarm for alarm in self._set if not (alarm.off or alarm.due)]
                for alarm in self._set:
                    alarm.due = alarm.deadline.passed
            self._runs = False


ALARMS = Alarms()


def taken(lock: threading.Lock | threading.Semaphore, deadline: Deadline) -> bool:
    """Take a lock by the deadline, and return whether it was; also by one that passes early."""
    while not lock.acquire(timeout=min(deadline.remaining_seconds, LOOK_SECONDS)):
        if deadline.passed:
            return False
    return True
