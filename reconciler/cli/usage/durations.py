"""Durations as people write them on a command line and in health.yaml: one form for every option.

Beside those options, `diff --in` takes them as so long ago.
"""

from __future__ import annotations

import math
from typing import Any

import click

from reconciler.values.words import DURATION_FORM, duration_text, parse_duration

from .declare import Option

FORM = DURATION_FORM


class Duration(click.ParamType):  # type: ignore[type-arg]  # in click 8.1 it takes none
    """A duration, which the command takes in seconds.

    Attributes:
        least, most: the bounds in seconds, which are durations too.
        whole: the command takes an `int`, and parts of a second are refused.
    """

    name = 'duration'

    def __init__(self, least: float = 0.0, most: float = math.inf, whole: bool = False) -> None:
        self.least, self.most, self.whole = least, most, whole

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the seconds, or fail as click does."""
        seconds = duration(value)
        if not self.least <= seconds <= self.most:
            low, high = duration_text(self.least), duration_text(self.most)
            self.fail(f'{value!r} is not between {low} and {high}', param, ctx)
        if self.whole and seconds != int(seconds):
            self.fail(f'{value!r} is no number of whole seconds', param, ctx)
        return int(seconds) if self.whole else seconds


def duration_option(name: str, kind: Duration, default: float, told: str) -> Option[Any]:
    """Return the option for a duration; `default` is in seconds, and shown as people write it."""
    return click.option(
        name,
        type=kind,
        metavar='DURATION',
        default=duration_text(default),
        show_default=True,
        help=told,
    )


def duration(text: Any) -> float:
    """Return a duration such as `90`, `90s`, `10m` or `1h30m` as seconds; a number is seconds.

    Raises:
        click.BadParameter: it is none.
    """
    # Defaults in health.yaml are values of YAML, where `yes` is no number.
    written = str(text) if isinstance(text, str | int | float) else ''
    try:
        return parse_duration(written)
    except ValueError as error:
        raise click.BadParameter(f'{text!r} is no duration: write such as {FORM}') from error
