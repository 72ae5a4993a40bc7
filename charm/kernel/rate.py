"""A rate that callers are held to."""

from __future__ import annotations

import threading
import time

from .hints import Callable


class Rate:
    """A token bucket; `clock` is monotonic."""

    def __init__(
        self, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second = per_second
        self._burst = float(burst)
        self._clock = clock
        self._left = float(burst)
        self._at = clock()
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Take one if there is one."""
        with self._lock:
            now = self._clock()
            self._left = min(self._burst, self._left + (now - self._at) * self._per_second)
            self._at = now
            if self._left < 1.0:
                return False
            self._left -= 1.0
            return True
