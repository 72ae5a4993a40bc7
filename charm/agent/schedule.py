"""When each check is next due: on a grid of its own that a restart does not move.

A check is due at `offset + k * interval` of a clock that counts from boot. The offset is a hash of
the unit's and the check's name, so checks and machines are spread evenly, and the same after each
restart, whatever else the machine does. The first run after a start does not wait for the grid:
evidence is wanted soon.
"""

from __future__ import annotations

import hashlib
import math
import time
from typing import Dict, Mapping, Optional, Tuple

from ..kernel.facts import dataclass, replace

FIRST_SECONDS = 10.0


def seconds_since_boot() -> float:
    """Return the seconds since boot, sleep included: what the age of a report is measured by."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def splay(key: str) -> float:
    """Return a fraction, 0.0 to below 1.0, that is always the same for this key."""
    digest = hashlib.sha256(key.encode('utf-8', 'replace')).digest()
    return int.from_bytes(digest[:6], 'big') / 2**48


def next_on_grid(interval_seconds: float, fraction: float, now: float) -> float:
    """Return the first point of the grid that is more than half an interval after `now`.

    A point that comes sooner is left out: a check that ran late, or for the first time, is not
    run again at once. Thus two runs are between a half and one and a half intervals apart.
    """
    earliest = now + interval_seconds / 2
    offset = fraction * interval_seconds
    step = math.floor((earliest - offset) / interval_seconds) + 1
    return offset + step * interval_seconds


@dataclass(frozen=True)
class _DueTime:
    interval_seconds: float
    fraction: float
    next_at: float


class Schedule:
    """The due times of many checks; `now` is always the reading of one monotonic clock."""

    def __init__(self) -> None:
        self._entries: Dict[str, _DueTime] = {}

    def replace(self, intervals: Mapping[str, float], now: float) -> None:
        """Schedule these and no others; what keeps its interval keeps its due time.

        `intervals` maps each check's key to the seconds between its runs.
        """
        entries: Dict[str, _DueTime] = {}
        for key, interval_seconds in intervals.items():
            old = self._entries.get(key)
            if old is not None and old.interval_seconds == interval_seconds:
                entries[key] = old
                continue
            fraction = splay(key)
            first_at = now + fraction * min(interval_seconds, FIRST_SECONDS)
            entries[key] = _DueTime(interval_seconds, fraction, first_at)
        self._entries = entries

    def due(self, now: float) -> Tuple[str, ...]:
        """Return what is due, the longest overdue first, and move each to its next point.

        Points that were slept through are due once, not once each.
        """
        ready = sorted(
            (entry.next_at, key) for key, entry in self._entries.items() if entry.next_at <= now
        )
        for _at, key in ready:
            entry = self._entries[key]
            later = next_on_grid(entry.interval_seconds, entry.fraction, now)
            self._entries[key] = replace(entry, next_at=later)
        return tuple(key for _at, key in ready)

    @property
    def next_at(self) -> Optional[float]:
        """Return when something is next due; `None` if nothing is scheduled."""
        return min((entry.next_at for entry in self._entries.values()), default=None)
