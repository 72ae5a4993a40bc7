"""What every renderer is given, and what those for terminals share."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from rich.console import Console, RenderableType
from rich.text import Text

from charm.kernel.report import CheckResult, Health, State
from charm.kernel.safe_text import clean
from reconciler.values.readings import Coverage, Reading, ServiceHealth, Snapshot
from reconciler.values.words import duration_text

COLOURS = {
    Health.PASSED: 'green',
    Health.WARN: 'yellow',
    Health.UNKNOWN: 'magenta',
    Health.FAIL: 'bold red',
}


@dataclass(frozen=True)
class RenderOptions:
    """How to render.

    Attributes:
        now: what ages are told against (UTC).
        colour: terminal colours may be used.
        width: columns of the terminal.
        unit_detail: show every check of every unit, not only what is wrong.
        blame: put the causes first, each with its victims.
    """

    now: datetime
    colour: bool = False
    width: int = 100
    unit_detail: bool = False
    blame: bool = False


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


def stale_text(coverage: Coverage) -> str:
    """Return what to add to how many units reported, such as `, 1 stale`; empty if none is."""
    return f', {coverage.stale} stale' if coverage.stale else ''


def headline(snapshot: Snapshot, options: RenderOptions) -> Text:
    """Return the line that says it all: model, health, how many, how long it took."""
    model = snapshot.model
    name = f'{model.controller}:{model.name}' if model.controller else model.name
    units = len(snapshot.readings())
    partly = '' if snapshot.complete else ', incomplete'
    line = Text(clean(name) or 'model', style='bold')
    line.append('  ').append(health_text(snapshot.health))
    counted = f'{_count(len(snapshot.services), "service")}, {_count(units, "unit")}'
    took = duration_text(snapshot.duration_seconds)
    return line.append(f'  {counted}, took {took}{partly}', style='')


def _count(number: int, noun: str) -> str:
    return f'{number} {noun}{"" if number == 1 else "s"}'


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


def findings(service: ServiceHealth, everything: bool) -> Iterator[TableRow]:
    """Yield what is wrong with a service's units, the worst first; or all there is."""
    found = [finding for reading in service.readings for finding in _of_reading(reading)]
    found.sort(key=lambda finding: -finding.health.rank)
    for finding in found:
        if everything or finding.health is not Health.PASSED:
            yield finding


def reading_age(reading: Reading, now: datetime) -> str:
    """Return how old what a unit said is, `-` if unknown: an agent may have held it before."""
    if reading.received_at is None or (reading.last and reading.age_seconds is None):
        return '-'
    since = (now - reading.received_at).total_seconds()
    return duration_text(max(0.0, since, reading.age_seconds or 0.0))


def _of_reading(reading: Reading) -> Iterator[TableRow]:
    if not reading.checks:
        yield TableRow(reading, None)
        return
    for check in reading.checks:
        yield TableRow(reading, check)
