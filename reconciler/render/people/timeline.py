"""What happened to a model, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from charm.kernel.report import Health
from charm.kernel.safe_text import clean
from reconciler.history.changes import Change
from reconciler.history.moments import time_text, to_moment
from reconciler.history.timeline import FlipSeen, Gap, Happening, Timeline
from reconciler.values.words import duration_text

from ..drawn import COLOURS, draw, grid, plain
from ..options import RenderOptions

SCHEMA_VERSION = 1


def render(found: Timeline, options: RenderOptions) -> str:
    """Return what happened, the oldest first, a line each."""
    head = Text(clean(found.model.name), style='bold')
    head.append(f'  {span_text(found.since, found.until)}', style='')
    parts: list[RenderableType] = [head]
    if found.more:
        parts.append(f'only the last {len(found.happened)} of what happened are shown')
    if not found.happened:
        parts.append('nothing happened')
        return draw(parts, options)
    for day, happened in _by_day(found):
        parts += ['', Text(f'{day:%Y-%m-%d, %A} (UTC)', style='bold'), _table(happened)]
    return draw(parts, options)


def span_text(since: int, until: int) -> str:
    """Return from when to when, of milliseconds since 1970, UTC."""
    return f'{to_moment(since):%Y-%m-%d %H:%MZ} to {to_moment(until):%Y-%m-%d %H:%MZ}'


def _by_day(found: Timeline) -> Iterator[tuple[datetime, list[Happening]]]:
    days: dict[datetime, list[Happening]] = {}
    for each in found.happened:
        day = to_moment(each.at).replace(hour=0, minute=0, second=0, microsecond=0)
        days.setdefault(day, []).append(each)
    yield from days.items()


def _table(happened: list[Happening]) -> Table:
    table = grid('', '', '', '')
    table.show_header = False
    for each in happened:
        at = f'{to_moment(each.at):%H:%M:%S}'
        if isinstance(each, FlipSeen):
            table.add_row(at, plain(each.subject.title), _flip(each), plain(_why(each)))
            for change in each.just_before:
                before = duration_text((each.at - change.at) / 1000)
                table.add_row('', '', '', plain(f'{before} before: {change.sentence}'))
        elif isinstance(each, Change):
            table.add_row(at, plain(each.subject.title), 'changed', plain(each.words))
        else:
            table.add_row(at, '', Text('no sweep', style='dim'), plain(_gap(each)))
    return table


def _flip(flip: FlipSeen) -> Text:
    return Text(flip.after.value, style=COLOURS[flip.after])


def _why(flip: FlipSeen) -> str:
    lasted = f'for {duration_text((flip.until - flip.at) / 1000)}' if flip.until else 'still'
    if flip.after is Health.PASSED:
        return f'after {flip.before.value}' if flip.before else ''
    last = flip.last_message if flip.last_message != flip.message else ''
    return ': '.join(filter(None, (lasted, flip.message))) + (f'; at last: {last}' if last else '')


def _gap(gap: Gap) -> str:
    return f'nobody looked for {duration_text((gap.until - gap.at) / 1000)}'


def render_json(found: Timeline, options: RenderOptions) -> str:
    """Return what happened as one JSON object, indented; docs/history.md has its keys."""
    document = {
        'schema': SCHEMA_VERSION,
        'model': found.model.name,
        'uuid': found.model.uuid,
        'since': time_text(found.since),
        'until': time_text(found.until),
        'more': found.more,
        'happened': [_plain(each) for each in found.happened],
    }
    return json.dumps(document, indent=2, allow_nan=False) + '\n'


def _plain(each: Happening) -> dict[str, Any]:
    if isinstance(each, Gap):
        return {'kind': 'gap', 'at': time_text(each.at), 'until': time_text(each.until)}
    own = {'of': each.subject.kind, 'name': each.subject.name}
    if isinstance(each, Change):
        return {
            **{'kind': 'change', 'at': time_text(each.at)},
            **own,
            **{'fact': each.fact, 'before': each.before, 'after': each.after},
            'words': each.words,
        }
    return {
        **{'kind': 'flip', 'at': time_text(each.at), 'until': time_text(each.until)},
        **own,
        'before': each.before.value if each.before else None,
        'after': each.after.value,
        'message': each.message,
        'last_message': each.last_message,
        'just_before': [_plain(change) for change in each.just_before],
    }


TIMELINES: Mapping[str, Callable[[Timeline, RenderOptions], str]] = {
    'table': render,
    'json': render_json,
}
