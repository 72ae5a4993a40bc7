"""What every renderer is given, and what those for terminals share."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from charm.kernel.report import CheckResult, Health, State
from charm.kernel.safe_text import clean
from reconciler.values.readings import Coverage, Reading, ServiceHealth, Snapshot
from reconciler.values.words import counted, duration_text

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
# No characters at all, which neither XML nor a browser takes.
_UNWRITABLE = re.compile('[\ufffe\uffff]')


@dataclass(frozen=True)
class RenderOptions:
    """How to render.

    Attributes:
        now: what ages are told against (UTC).
        colour: terminal colours may be used.
        width: columns of the terminal.
        unit_detail: show every check of every unit, not only what is wrong.
        blame: put the causes first, each with its victims.
        everything: fold nothing that is alike.
    """

    now: datetime
    colour: bool = False
    width: int = 100
    unit_detail: bool = False
    blame: bool = False
    everything: bool = False


Renderer = Callable[[Snapshot, RenderOptions], str]


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


def safe(text: str, limit: int = 2000) -> str:
    """Return untrusted text as one line that can be encoded, of at most `limit` characters."""
    return clean(_UNWRITABLE.sub('\ufffd', text), limit)


def health_text(health: Health) -> Text:
    """Return the word in its colour."""
    return Text(health.value, style=COLOURS[health])


def plain(text: str, style: str = '') -> Text:
    """Return untrusted text, made safe, that rich takes as it is."""
    return Text(clean(text), style=style)


def state_text(state: State | None) -> str:
    """Return the state with its duration and blockers, such as `blocked 1m30s (db)`."""
    if state is None:
        return '-'
    lasted = f' {duration_text(state.duration)}' if state.duration is not None else ''
    waits = f' ({", ".join(state.blockers)})' if state.blockers else ''
    return clean(f'{state.name.value}{lasted}{waits}')


def since_text(state: State | None) -> str:
    """Return what to add to a state, such as `, since 2026-11-23 10:00:00Z`; or nothing."""
    return f', since {state.since:%Y-%m-%d %H:%M:%SZ}' if state and state.since else ''


def coverage_text(coverage: Coverage) -> str:
    """Return how much is known, such as `2 of 4 reported, 1 probed, 1 stale`."""
    probed = f', {coverage.probed} probed' if coverage.probed else ''
    reported = f'{coverage.reported} of {coverage.expected} reported'
    return f'{reported}{probed}{stale_text(coverage)}'


def stale_text(coverage: Coverage) -> str:
    """Return what to add to how many units were seen, such as `, 1 stale`; empty if none is."""
    return f', {coverage.stale} stale' if coverage.stale else ''


def headline(snapshot: Snapshot, options: RenderOptions) -> Text:
    """Return the line that says it all: model, health, how many, how long it took."""
    units = len(snapshot.readings())
    partly = '' if snapshot.complete else ', incomplete'
    line = Text(clean(snapshot.model.title) or 'model', style='bold')
    line.append('  ').append(health_text(snapshot.health))
    size = f'{counted(len(snapshot.services), "service")}, {counted(units, "unit")}'
    took = duration_text(snapshot.duration_seconds)
    return line.append(f'  {size}, took {took}{partly}', style='')


@dataclass(frozen=True)
class TableRow:
    """One line of what is wrong, or of everything there is with `unit_detail`.

    Attributes:
        reading: the unit's.
        check: the check; `None` for a unit without a report.
    """

    reading: Reading
    check: CheckResult | None

    @property
    def health(self) -> Health:
        """Return the check's health, or that of the unit that gave no report."""
        return self.check.health if self.check else self.reading.health

    @property
    def message(self) -> str:
        """Return why, in one safe line."""
        return clean(self.check.message if self.check else self.reading.message)

    @property
    def what(self) -> str:
        """Return the check's name, or how asking the unit ended."""
        return clean(self.check.name) if self.check else f'({self.reading.outcome.value})'


def rows(service: ServiceHealth) -> Iterator[TableRow]:
    """Yield a row for each check of each unit, and one for each unit without a check."""
    for reading in service.readings:
        for check in reading.checks or (None,):
            yield TableRow(reading, check)


def findings(service: ServiceHealth, everything: bool) -> Iterator[TableRow]:
    """Yield what is wrong with a service's units, the worst first; or all there is."""
    found = (row for row in rows(service) if everything or row.health is not Health.PASSED)
    yield from sorted(found, key=lambda row: -row.health.rank)


def reading_age(reading: Reading, now: datetime) -> str:
    """Return how old what a unit said is, `-` if unknown: an agent may have held it before."""
    if reading.received_at is None or (reading.last and reading.age_seconds is None):
        return '-'
    since = (now - reading.received_at).total_seconds()
    return duration_text(max(0.0, since, reading.age_seconds or 0.0))
