"""What formats for terminals share: rich draws them."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from charm.kernel.report import Health
from charm.kernel.safe_text import clean
from reconciler.values.readings import Snapshot
from reconciler.values.words import counted, duration_text

from .options import RenderOptions

COLOURS = {
    Health.PASSED: 'green',
    Health.WARN: 'yellow',
    Health.UNKNOWN: 'magenta',
    Health.FAIL: 'bold red',
}
# The columns of free text, which may take several lines.
_FOLDED = ('Cause', 'Message', 'Name', 'State', 'Unit', 'Why')
# Beside what a row begins with a message has no room for whole words.
_NARROW = 80


def draw(parts: list[RenderableType], options: RenderOptions) -> str:
    """Return what rich makes of the parts, without trailing blanks."""
    console = Console(
        file=io.StringIO(),
        width=options.width,
        force_terminal=options.colour,
        color_system='standard' if options.colour else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    with console.capture() as captured:
        for part in parts:
            console.print(part)
    return '\n'.join(line.rstrip() for line in captured.get().splitlines()) + '\n'


def grid(*columns: str, style: str = 'bold') -> Table:
    """Return a table of these columns, with nothing in it yet."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style=style, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow='fold', no_wrap=column not in _FOLDED)
    return table


def listed(
    columns: Sequence[str], rows: Sequence[Sequence[RenderableType]], width: int
) -> list[RenderableType]:
    """Return a table whose last column is free text; where there is little room it stands below.

    The other columns are of plain text, each on one line.
    """
    if width >= _NARROW:
        table = grid(*columns)
        for row in rows:
            table.add_row(*row)
        return [table]
    heads = [[Text(name, style='bold') for name in columns[:-1]]]
    heads += [[_as_text(cell) for cell in row[:-1]] for row in rows]
    widths = [max(cell.cell_len for cell in column) for column in zip(*heads, strict=True)]
    lines: list[RenderableType] = []
    for head, message in zip(heads, ('', *(row[-1] for row in rows)), strict=True):
        for cell, room in zip(head, widths, strict=True):
            cell.pad_right(room - cell.cell_len)
        lines += [Text('  ').join(head), *([Padding(message, (0, 0, 0, 2))] if message else [])]
    return lines


def _as_text(cell: RenderableType) -> Text:
    return cell if isinstance(cell, Text) else Text(str(cell))


def facts(rows: Iterable[tuple[str, str]], style: str = '') -> Table:
    """Return a table of names and untrusted values, of which those that are empty are left out."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True, style=style)
    table.add_column(overflow='fold')
    for name, value in rows:
        if value:
            table.add_row(name, plain(value))
    return table


def health_text(health: Health) -> Text:
    """Return the word in its colour."""
    return Text(health.value, style=COLOURS[health])


def plain(text: str, style: str = '') -> Text:
    """Return untrusted text, made safe, that rich takes as it is."""
    return Text(clean(text), style=style)


def headline(snapshot: Snapshot, options: RenderOptions) -> Text:
    """Return the line that says it all: model, health, how many, how long it took."""
    units = len(snapshot.readings())
    partly = '' if snapshot.complete else ', incomplete'
    line = Text(clean(snapshot.model.title) or 'model', style='bold')
    line.append('  ').append(health_text(snapshot.health))
    size = f'{counted(len(snapshot.services), "service")}, {counted(units, "unit")}'
    took = duration_text(snapshot.duration_seconds)
    return line.append(f'  {size}, took {took}{partly}', style='')
