"""Words for people: durations, counts, and names by the number; durations as people write them."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from datetime import datetime

_NUMBER = re.compile(r'[0-9]{1,18}')
# No more is a duration: such figures are nonsense from elsewhere.
_MOST_DAYS = 99_999
_UNITS = ((86400, 'd'), (3600, 'h'), (60, 'm'), (1, 's'))
DURATION_FORM = '90, 90s, 10m, 1h30m or 2d'
_SECONDS = {'': 1.0, **{unit: float(size) for size, unit in _UNITS}}
_PART = re.compile(r'([0-9]{1,9}(?:\.[0-9]{1,3})?)([smhd]?)')


@functools.lru_cache(maxsize=4096)
def natural_order(name: str) -> tuple[tuple[int, int, str, str], ...]:
    """Return a sort key that puts `machine 9` before `machine 10`; no two names have the same."""
    parts = re.findall(r'[0-9]+|[^0-9]+', name)
    # Digits are compared as text, by length first, as a hostile number may be very long.
    bare = [part.lstrip('0') if part[0] in '0123456789' else None for part in parts]
    return tuple(
        (1, 0, part, '') if digits is None else (0, len(digits), digits, part)
        for part, digits in zip(parts, bare, strict=True)
    )


def parse_duration(written: str) -> float:
    """Return a duration such as `90`, `90s`, `10m` or `1h30m` as seconds.

    Raises:
        ValueError: it is none.
    """
    parts = _PART.findall(written)
    whole = ''.join(f'{number}{unit}' for number, unit in parts)
    bare = len(parts) > 1 and any(not unit for _, unit in parts)
    if not parts or whole != written or bare:
        raise ValueError(f'{written!r} is no duration: write such as {DURATION_FORM}')
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def duration_text(seconds: float | None, most_units: int = 2) -> str:
    """Return a duration in its largest units, such as `3d4h` or `12s`; `-` for `None`."""
    if seconds is None:
        return '-'
    if not seconds < _MOST_DAYS * 86400:
        return f'over {_MOST_DAYS}d'
    left = round(max(seconds, 0.0))
    parts: list[tuple[int, str]] = []
    for size, unit in _UNITS:
        if left >= size or parts:
            parts.append((left // size, unit))
        left %= size
    return ''.join(f'{number}{unit}' for number, unit in parts[:most_units] if number) or '0s'


def age_text(moment: datetime | None, now: datetime) -> str:
    """Return how long ago `moment` was, `-` if unknown; one ahead of our clock is `0s` ago."""
    return '-' if moment is None else duration_text(max(0.0, (now - moment).total_seconds()))


def counted(number: int, noun: str) -> str:
    """Return such as `1 unit` or `2 units`."""
    return f'{number} {noun}{"" if number == 1 else "s"}'


def first_few(names: Sequence[str], most: int) -> str:
    """Return the first names, and how many there are more, such as `api, web and 3 more`."""
    more = len(names) - most
    return ', '.join(names[:most]) + (f' and {more} more' if more > 0 else '')


def fold_units(names: Iterable[str]) -> str:
    """Return unit names in short: `web/0-2,7 db/1` for web/0, web/1, web/2, web/7 and db/1."""
    numbers: dict[str, list[int]] = {}
    others: list[str] = []
    for name in names:
        application, _, number = name.rpartition('/')
        if application and _NUMBER.fullmatch(number):
            numbers.setdefault(application, []).append(int(number))
        else:
            others.append(name)
    folded = [f'{name}/{_ranges(sorted(found))}' for name, found in numbers.items()]
    return ' '.join([*folded, *others])


def _ranges(numbers: list[int]) -> str:
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number <= ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ','.join(str(a) if a == b else f'{a}-{b}' for a, b in ranges)
