"""When a figure that grows will be full: by a straight line, and only where one holds.

Pure: points in, a line out. It is the least-squares line of what the figure was at moments that
are evenly spread, each point holding until the next: a long time on one level counts as such.
"""

from __future__ import annotations

import statistics
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

_DAY = 86_400_000
FULL = 1.0
# So much less is a clean-up or a larger volume: what was before says nothing of what comes.
_STEP_DOWN = 0.05
_SAMPLES = 96
_LEAST_POINTS = 6
_LEAST_SPAN = _DAY
_LEAST_RISE = 0.01
# How far from the line the figure usually is, of what it rose.
_MOST_SCATTER = 0.1
# The last quarter's slope, of that of all: what has stopped, or runs away, is not on the line.
_LEAST_OF_SLOPE, _MOST_OF_SLOPE = 0.5, 2.0
# A line tells of so many times the time in which it was seen, and no more.
_AHEAD = 4
# Of a normal distribution 95 % are within so many standard deviations.
_DEVIATIONS = 1.96
_LEAST_INDEPENDENT = 3.0


class Point(NamedTuple):
    """What a figure was, from 0 to 1, `at` milliseconds since 1970, UTC."""

    at: int
    value: float


@dataclass(frozen=True)
class Line:
    """How a figure grows. Times are milliseconds since 1970, UTC.

    Attributes:
        since, until: the time in which it was seen to hold.
        per_day: by how much it grows.
        full: when it is likely to be full.
        earliest, latest: between which it is full with a probability of 95 %, if nothing changes.
    """

    since: int
    until: int
    per_day: float
    full: int
    earliest: int
    latest: int


class _Fit(NamedTuple):
    slope: float
    value: float
    scatter: float
    slope_error: float


def line_of(points: Sequence[Point], until: int) -> Line | None:
    """Return the line on which a figure is; `None` where none holds.

    Of all times that end `until`, from all since the last step down to a day, halving, the longest
    one with a line counts.

    Args:
        points: in the order of time.
        until: when the figure was seen last; the last point's value still held, or nearly.
    """
    since = _start(points)
    if since is None:
        return None
    known = [point for point in points[since:] if point.at <= until]
    span = until - known[0].at if known else 0
    values = [point.value for point in known]
    while span >= _LEAST_SPAN and known and may_fill(min(values), max(values)):
        enough = sum(point.at >= until - span for point in known) >= _LEAST_POINTS
        line = _line(known, until - span, until) if enough else None
        if line is not None:
            return line
        span //= 2
    return None


def may_fill(lowest: float, highest: float) -> bool:
    """Return whether a figure that stayed between those may be on a line that is told of.

    A line through what is so far apart rises by one and a half times as much at most, and ends no
    further above it: most figures need no line to tell that they fill nothing.
    """
    apart = highest - lowest
    return 2 * apart >= max(_LEAST_RISE, (FULL - highest - apart) / _AHEAD)


def _start(points: Sequence[Point]) -> int | None:
    """Return where the points begin that count: at the lowest one after the last step down.

    `None` where there is nothing to tell: what was emptied more than once before it was full will
    be so again, until it is fuller than it ever was then.
    """
    start, top, tops = 0, 0.0, []
    for number, point in enumerate(points):
        still_falls = start > 0 and top == points[start].value and point.value <= top
        if not still_falls and point.value <= top - _STEP_DOWN:
            tops.append(top)
            still_falls = True
        if still_falls:
            start, top = number, point.value
        top = max(top, point.value)
    if len(tops) > 1 and points[-1].value < max(tops):
        return None
    return start if points else None


def _line(points: Sequence[Point], since: int, until: int) -> Line | None:
    fit = _fitted(points, since, until)
    if fit is None or fit.slope * (until - since) < _LEAST_RISE:
        return None
    if fit.scatter > _MOST_SCATTER * fit.slope * (until - since):
        return None
    last = _fitted(points, until - (until - since) // 4, until)
    if last is None or not _LEAST_OF_SLOPE <= last.slope / fit.slope <= _MOST_OF_SLOPE:
        return None
    left = FULL - fit.value
    if left / fit.slope > _AHEAD * (until - since):
        return None
    apart = _DEVIATIONS * fit.scatter
    fast = fit.slope + _DEVIATIONS * fit.slope_error
    slow = fit.slope - _DEVIATIONS * fit.slope_error
    if slow <= 0:
        return None
    full, earliest, latest = (
        until + round(max(room, 0.0) / slope)
        for room, slope in ((left, fit.slope), (left - apart, fast), (left + apart, slow))
    )
    return Line(since, until, fit.slope * _DAY, full, earliest, latest)


def _fitted(points: Sequence[Point], since: int, until: int) -> _Fit | None:
    """Return the least-squares line of even samples, and how sure its slope is."""
    span = until - since
    times = [span * number / (_SAMPLES - 1) for number in range(_SAMPLES)]
    moments = [point.at for point in points]
    values = [
        points[max(bisect_right(moments, since + round(time)) - 1, 0)].value for time in times
    ]
    slope, begin = statistics.linear_regression(times, values)
    off = [value - begin - slope * time for time, value in zip(times, values, strict=True)]
    scatter = statistics.pstdev(off)
    # The standard error of a slope, for samples evenly spread over the span: their own standard
    # deviation is that of the span by the square root of 12.
    error = scatter * 12**0.5 / span / _independent(off) ** 0.5
    return _Fit(slope, begin + slope * span, scatter, error)


def _independent(off: Sequence[float]) -> float:
    """Return how many samples there would be if none followed from the one before.

    By the correlation of each with the next (Bartlett, 1935), as a staircase is off for long.
    """
    if max(off) - min(off) < 1e-9:
        return float(len(off))
    mean = statistics.fmean(off)
    square = sum((one - mean) ** 2 for one in off)
    together = sum((one - mean) * (two - mean) for one, two in pairwise(off)) / square
    together = min(max(together, 0.0), 0.99)
    return max(len(off) * (1 - together) / (1 + together), _LEAST_INDEPENDENT)
