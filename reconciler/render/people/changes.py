"""What changed between two sweeps, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from charm.kernel.fields import format_time
from charm.kernel.report import Health
from charm.kernel.safe_text import clean
from reconciler.saved.diff import Change, Diff
from reconciler.values.words import counted, duration_text

from ..drawn import COLOURS, draw, grid, plain
from ..options import RenderOptions

SCHEMA_VERSION = 1


def render(found: Diff, options: RenderOptions) -> str:
    """Return the changes as a table, the worse ones first."""
    return draw(parts(found), options)


def parts(found: Diff) -> list[RenderableType]:
    """Return what the table is made of."""
    worse = sum(change.worse for change in found.changes)
    line = Text(clean(found.model) or 'model', style='bold')
    line.append(f'  {counted(len(found.changes), "change")}, {worse} for the worse', style='')
    between = (found.new_at - found.old_at).total_seconds()
    line.append(f'; from {found.old_at:%Y-%m-%d %H:%M:%SZ} to {found.new_at:%Y-%m-%d %H:%M:%SZ}')
    line.append(f' ({duration_text(abs(between))}{" back" if between < 0 else ""})')
    return [line, '', _table(found)] if found.changes else [line]


def _table(found: Diff) -> Table:
    table = grid('', 'What', 'Name', 'Change', 'Message')
    for change in found.changes:
        table.add_row(
            Text('worse', style='bold red') if change.worse else Text(_quiet(change)),
            change.what,
            plain(change.name),
            _change(change),
            plain(change.message),
        )
    return table


def _quiet(change: Change) -> str:
    # What failed and is unknown now is no better for that nobody could look.
    if change.kind == 'flip':
        return 'state' if change.after == Health.UNKNOWN.value else 'better'
    return change.kind


def _change(change: Change) -> Text:
    text = Text(' -> ').join(map(_word, filter(None, (change.before, change.after))))
    return Text(f'{change.kind} ').append_text(text) if change.kind in ('new', 'gone') else text


def _word(word: str) -> Text:
    styles = {health.value: COLOURS[health] for health in Health}
    return Text(clean(word), style=styles.get(word, ''))


def render_json(found: Diff, options: RenderOptions) -> str:
    """Return the changes as one JSON object, indented."""
    document = {
        'schema': SCHEMA_VERSION,
        'model': found.model,
        'old_at': format_time(found.old_at),
        'new_at': format_time(found.new_at),
        'worse': found.worse,
        'changes': [asdict(change) for change in found.changes],
    }
    return json.dumps(document, indent=2, allow_nan=False) + '\n'


CHANGES: Mapping[str, Callable[[Diff, RenderOptions], str]] = {
    'table': render,
    'json': render_json,
}
