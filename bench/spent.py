"""The CPU time that was spent, as the kernel counts it, to the microsecond."""

from __future__ import annotations

import resource


def children_seconds() -> float:
    """Return that of all that was started here, and has ended and been waited for."""
    return _seconds(resource.RUSAGE_CHILDREN)


def all_seconds() -> float:
    """Return that of this process and of those."""
    return _seconds(resource.RUSAGE_SELF) + children_seconds()


def _seconds(whose: int) -> float:
    spent = resource.getrusage(whose)
    return spent.ru_utime + spent.ru_stime
