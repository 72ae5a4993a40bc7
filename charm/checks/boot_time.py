"""When this machine was started, by its wall clock; it counts the time it was suspended."""

from __future__ import annotations

import time


def booted_at() -> float:
    """Return the moment in seconds since the epoch; in a container its host's."""
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
