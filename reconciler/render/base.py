"""What renderers share: untrusted text made safe, and the rows of what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from charm.kernel.report import CheckResult, Health, State
from charm.kernel.safe_text import clean
from reconciler.values.readings import Coverage, Reading, ServiceHealth
from reconciler.values.words import duration_text

# No characters at all, which neither XML nor a browser takes.
_UNWRITABLE = re.compile('[\ufffe\uffff]')


def safe(text: str, limit: int = 2000) -> str:
    """Return untrusted text as one line that can be encoded, of at most `limit` characters."""
    return clean(_UNWRITABLE.sub('\ufffd', text), limit)


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
