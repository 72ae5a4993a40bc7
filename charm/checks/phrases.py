"""Measured values as words for messages; data carries the exact figures."""

from __future__ import annotations

import math

from ..kernel.hints import Sequence

_UNITS = ('KiB', 'MiB', 'GiB', 'TiB', 'PiB')


def size(size_bytes: float) -> str:
    """Return a size such as `1.5 GiB`."""
    if size_bytes < 1024:
        return f'{size_bytes:.0f} B'
    step = min(int(math.log(size_bytes, 1024)), len(_UNITS))
    return f'{size_bytes / 1024**step:.1f} {_UNITS[step - 1]}'


def span(seconds: float) -> str:
    """Return a length of time such as `4 ms`, `12.3 s`, `5 min`, `7.5 h` or `3.0 d`."""
    for limit, factor, form in (
        (1, 1000, '{:.0f} ms'),
        (120, 1, '{:.1f} s'),
        (7200, 1 / 60, '{:.0f} min'),
        (172800, 1 / 3600, '{:.1f} h'),
    ):
        if abs(seconds) < limit:
            return form.format(seconds * factor)
    return f'{seconds / 86400:.1f} d'


def percent(ratio: float) -> str:
    """Return a ratio such as `81 %`."""
    return f'{ratio * 100:.0f} %'


def listed(names: Sequence[str], limit: int = 5) -> str:
    """Return the first few names with commas, and how many more there are."""
    rest = len(names) - limit
    return ', '.join(names[:limit]) + (f' and {rest} more' if rest > 0 else '')
