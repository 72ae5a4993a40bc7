"""For how long services were up, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import floor
from typing import Any

from rich.text import Text

from charm.kernel.report import Health
from charm.kernel.safe_text import clean
from reconciler.history.availability import Availability, Period
from reconciler.history.moments import time_text
from reconciler.values.words import duration_text

from ..drawn import COLOURS, draw, grid, plain
from ..options import RenderOptions
from .timeline import span_text

SCHEMA_VERSION = 1
_COLUMNS = (
    *('Name', 'Up', 'Down', 'Outages', 'Planned', 'Not known', 'Not looked', 'SLO', 'Left'),
)


@dataclass(frozen=True)
class AvailabilityReport:
    """What several subjects were in several periods.

    Attributes:
        model: its name.
        periods: in their order.
        found: of each period, the subjects' in their order.
    """

    model: str
    periods: Sequence[Period]
    found: Sequence[Sequence[Availability]]


def percent_text(ratio: float | None) -> str:
    """Return a percentage with three decimals, never rounded up to what it is not."""
    if ratio is None:
        return '-'
    return '100 %' if ratio >= 1 else f'{floor(ratio * 100_000) / 1000:.3f} %'


def render(found: AvailabilityReport, options: RenderOptions) -> str:
    """Return a table for each period."""
    parts: list[Any] = [Text(clean(found.model), style='bold')]
    for period, subjects in zip(found.periods, found.found, strict=True):
        parts += ['', f'{period.name}: {span_text(period.since, period.until)}']
        if not subjects:
            parts.append('nothing was recorded')
            continue
        table = grid(*_COLUMNS)
        for one in subjects:
            table.add_row(
                plain(one.subject.title),
                percent_text(one.ratio),
                _length(one.down),
                str(one.outages or '-'),
                _length(one.planned),
                _length(one.unknown),
                _length(one.not_looked),
                '-' if one.slo is None else f'{one.slo * 100:g} %',
                _left(one),
            )
        parts.append(table)
    return draw(parts, options)


def _length(milliseconds: int) -> str:
    return duration_text(milliseconds / 1000) if milliseconds else '-'


def _left(one: Availability) -> Text:
    if one.left is None or one.budget is None:
        return Text('-')
    if one.left < 0:
        return Text(f'{duration_text(-one.left / 1000)} over', style=COLOURS[Health.FAIL])
    return Text(f'{duration_text(one.left / 1000)} of {duration_text(one.budget / 1000)}')


def render_json(found: AvailabilityReport, options: RenderOptions) -> str:
    """Return all of it as one JSON object, indented; lengths are seconds."""
    document = {
        'schema': SCHEMA_VERSION,
        'model': found.model,
        'periods': [
            {
                'name': period.name,
                'since': time_text(period.since),
                'until': time_text(period.until),
                'subjects': [_plain(one) for one in subjects],
            }
            for period, subjects in zip(found.periods, found.found, strict=True)
        ],
    }
    return json.dumps(document, indent=2, allow_nan=False) + '\n'


def _plain(one: Availability) -> dict[str, Any]:
    lengths = {
        'up': one.up,
        'down': one.down,
        'planned': one.planned,
        'unknown': one.unknown,
        'not_looked': one.not_looked,
        'budget': one.budget,
        'left': one.left,
    }
    return {
        'of': one.subject.kind,
        'name': one.subject.name,
        'ratio': one.ratio,
        'outages': one.outages,
        'slo': one.slo,
        **{name: None if length is None else length / 1000 for name, length in lengths.items()},
    }


AVAILABILITIES: Mapping[str, Callable[[AvailabilityReport, RenderOptions], str]] = {
    'table': render,
    'json': render_json,
}
