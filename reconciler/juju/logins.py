"""How fast new logins come at a controller.

Each `juju ssh` logs in to the controller, which has all the agents of its models to serve beside.
Juju bounds how fast agents log in (controller configuration: agent-ratelimit-max and
agent-ratelimit-rate, 10 at once and then 4 a second) and not how fast users do, so that is ours.
"""

from __future__ import annotations

import threading
import time

from charm.kernel.deadline import Deadline

LOGINS_PER_SECOND = 100.0


class LoginPace:
    """The logins at one controller: one after another, never closer than their rate says."""

    def __init__(self, per_second: float = LOGINS_PER_SECOND) -> None:
        self._apart_seconds = 1.0 / per_second
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self, deadline: Deadline) -> float:
        """Wait for a turn to log in, by the deadline; return the seconds that it took."""
        with self._lock:
            now = time.monotonic()
            begins = max(now, self._next)
            self._next = begins + self._apart_seconds
        seconds = min(begins - now, deadline.remaining_seconds)
        if seconds > 0:
            time.sleep(seconds)
        return seconds


_LOCK = threading.Lock()
_PACES: dict[str, LoginPace] = {}


def pace_of(controller: str) -> LoginPace:
    """Return the pace of logins at a controller, by its name; every sweep here shares it."""
    with _LOCK:
        return _PACES.setdefault(controller, LoginPace())
