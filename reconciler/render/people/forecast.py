"""What is ahead, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from reconciler.history.forecast import Forecast, Forecasts
from reconciler.history.line import FULL
from reconciler.history.moments import time_text, to_moment
from reconciler.values.words import duration_text

from ..drawn import draw, listed, plain
from ..options import RenderOptions

SCHEMA_VERSION = 1
_COLUMNS = ('When', 'Date', 'Between', 'Now', 'A day', 'What')


def render(found: Forecasts, options: RenderOptions) -> str:
    """Return a line for each thing that is ahead, the next first."""
    within = duration_text(found.within / 1000)
    if not found.found:
        return f'nothing is full or expires within {within}, as far as a line tells\n'
    line = f'full or expired within {within}: {len(found.found)}'
    parts: list[RenderableType] = [Text(line, style='bold'), '']
    several = len({one.model for one in found.found}) > 1
    rows = [_row(found, one, several) for one in found.found]
    return draw([*parts, *listed(_COLUMNS, rows, options.width)], options)


def _row(found: Forecasts, one: Forecast, several: bool) -> list[RenderableType]:
    style = 'bold red' if found.is_urgent(one) else 'yellow'
    day = f'{to_moment(one.at):%Y-%m-%d}'
    what = plain(f'{one.model.name} {one.check}' if several else one.check)
    what.append(f'  {plain(one.figure)}')
    return [
        Text(_when(found, one), style=style),
        '' if one.value == FULL else day,
        _between(found, one),
        '' if one.value is None else f'{one.value:.0%}',
        f'+{one.line.per_day:.2%}' if one.line else '',
        what,
    ]


def _when(found: Forecasts, one: Forecast) -> str:
    if one.value == FULL:
        return 'full'
    if one.at <= found.at:
        return 'now' if one.line else f'expired {_told(found.at - one.at)} ago'
    return f'in {_told(one.at - found.at)}'


def _between(found: Forecasts, one: Forecast) -> str:
    if one.line is None:
        return ''
    ends = (max(end - found.at, 0) for end in (one.line.earliest, one.line.latest))
    return ' to '.join(map(_told, ends))


def _told(milliseconds: int) -> str:
    """Return how long that is: in days, or in hours where a day is much."""
    hours = round(milliseconds / 3_600_000)
    return duration_text(hours * 3600 if hours < 72 else round(hours / 24) * 86400)


def render_json(found: Forecasts, options: RenderOptions) -> str:
    """Return one JSON object, indented."""
    document = {
        'schema': SCHEMA_VERSION,
        'at': time_text(found.at),
        'within_seconds': found.within / 1000,
        'urgent': found.urgent,
        'forecasts': [_document(found, one) for one in found.found],
    }
    return json.dumps(document, indent=2, allow_nan=False) + '\n'


def _document(found: Forecasts, one: Forecast) -> dict[str, Any]:
    line = one.line
    return {
        'model': one.model.name,
        'uuid': one.model.uuid,
        'check': one.check,
        'figure': one.figure,
        'urgent': found.is_urgent(one),
        'at': time_text(one.at),
        'earliest': time_text(line.earliest) if line else None,
        'latest': time_text(line.latest) if line else None,
        'value': one.value,
        'per_day': round(line.per_day, 6) if line else None,
        'seen_since': time_text(line.since) if line else None,
        'seen_until': time_text(line.until) if line else None,
    }


FORECASTS: Mapping[str, Callable[[Forecasts, RenderOptions], str]] = {
    'table': render,
    'json': render_json,
}
