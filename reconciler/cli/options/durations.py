"""Durations as people write them on a command line."""

from __future__ import annotations

import math
import re
from typing import Any

import click

from .told import Option

_SECONDS = {'': 1.0, 's': 1.0, 'm': 60.0, 'h': 3600.0, 'd': 86400.0}
_PART = re.compile(r'(\d{1,9}(?:\.\d{1,3})?)([smhd]?)')


class Seconds(click.FloatRange):
    """A number of seconds within a range; `nan`, which click finds in every range, is in none."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number, or fail as click does."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f'{value} is not a finite number.', param, ctx)
        return number


def duration_option(name: str, default: str, told: str) -> Option[Any]:
    """Return the option for a duration, which the command takes in seconds."""
    return click.option(
        name, type=duration, metavar='DURATION', default=default, show_default=True, help=told
    )


def duration(text: str | float) -> float:
    """Return a duration such as `90`, `90s`, `10m` or `1h30m` as seconds.

    Raises:
        click.BadParameter: it is none.
    """
    if not isinstance(text, str):
        return float(text)
    parts = _PART.findall(text)
    whole = ''.join(f'{number}{unit}' for number, unit in parts)
    bare = len(parts) > 1 and any(not unit for _, unit in parts)
    if not parts or whole != text or bare:
        raise click.BadParameter(f'{text!r} is no duration: write such as 90s, 10m or 1h30m')
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)
