"""The table for people: services, problems first, then what is wrong and what to do."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table

from charm.kernel.names import service_of
from charm.kernel.safe_text import clean
from reconciler.values.advice import Advice, reconcile_health
from reconciler.values.outcomes import NOT_REACHED, OF_MACHINE
from reconciler.values.readings import Reading, ServiceHealth, Snapshot
from reconciler.values.words import age_text, counted, duration_text, fold_units

from ..base import (
    RenderOptions,
    TableRow,
    draw,
    facts,
    findings,
    grid,
    headline,
    health_text,
    plain,
    reading_age,
    since_text,
    stale_text,
    state_text,
)
from ..blame import because_of, causes_first, explained_text, victims_text
from ..meaning import causes_shown, suppression_text

_MOST_ADVICE = 12
_MOST_SERVICES = 8


def render(snapshot: Snapshot, options: RenderOptions) -> str:
    """Return the snapshot as tables; with `unit_detail`, every check of every unit."""
    snapshot = causes_first(snapshot) if options.blame else snapshot
    parts: list[RenderableType] = [headline(snapshot, options), '']
    causes = _causes(snapshot, options.blame)
    if causes and options.blame:
        parts += [*causes, '']
    if snapshot.views:
        parts += [_views(snapshot), '']
    parts.append(_services(snapshot))
    if causes and not options.blame:
        parts += ['', *causes]
    groups = _groups(snapshot, options.unit_detail)
    if groups:
        parts += ['', _findings(groups, options)]
    if options.unit_detail:
        for reading in snapshot.readings():
            parts += ['', _about(reading, options)]
    advice = _advice(snapshot)
    if advice:
        parts += ['', *(plain(line, 'cyan') for line in advice)]
    parts += [plain(fault, 'magenta') for fault in snapshot.faults]
    return draw(parts, options)


def _services(snapshot: Snapshot) -> Table:
    measured = any(service.qos is not None for service in snapshot.services)
    qos_column = ('QoS',) if measured else ()
    table = grid('Service', 'Health', 'Units', *qos_column, 'State', 'Message')
    for service in snapshot.services:
        coverage = service.coverage
        qos = '-' if service.qos is None else f'{service.qos:.2f}'
        table.add_row(
            plain(service.name),
            health_text(service.health),
            f'{coverage.reported}/{coverage.expected}{stale_text(coverage)}',
            *((qos,) if measured else ()),
            state_text(service.state),
            _message(service),
        )
    return table


def _views(snapshot: Snapshot) -> Table:
    table = grid('View', 'Health', 'Message')
    for view in snapshot.views:
        told = f'{view.because}, by {view.rule}'
        table.add_row(plain(view.name), health_text(view.health), plain(told))
    return table


def _message(service: ServiceHealth) -> RenderableType:
    """Return a service's message; below it what causes its trouble, and what operators said."""
    lines = [because_of(service), *map(suppression_text, service.suppressed)]
    below = [plain(line, 'dim') for line in lines if line]
    return Group(plain(service.message), *below) if below else plain(service.message)


def _causes(snapshot: Snapshot, everything: bool) -> list[RenderableType]:
    """Return what explains others, or every cause there is; empty if there is none."""
    shown = snapshot.causes if everything else causes_shown(snapshot)
    if not shown:
        return []
    table = grid('Cause', 'Health', 'Message')
    for cause in shown:
        below = [plain(f'explains {victims_text(cause)}', 'dim')] if cause.victims else []
        told = Group(plain(cause.message), *below)
        table.add_row(plain(str(cause.node)), health_text(cause.health), told)
    return [table, plain(explained_text(snapshot), 'dim')]


Same = tuple[TableRow, list[str]]


def _groups(snapshot: Snapshot, everything: bool) -> list[Same]:
    """Return the findings, those that are the same on several units of a service as one."""
    groups: list[Same] = []
    for service in snapshot.services:
        same: dict[tuple[str, str, str], Same] = {}
        for finding in findings(service, everything):
            key = (finding.health.value, finding.what, finding.message)
            same.setdefault(key, (finding, []))[1].append(finding.reading.unit.name)
        groups += same.values()
    return groups


def _findings(groups: list[Same], options: RenderOptions) -> Table:
    table = grid('Unit', 'Health', 'Check', 'Age', 'Message')
    for finding, units in groups:
        at = finding.check.at if finding.check else None
        table.add_row(
            plain(fold_units(units)),
            health_text(finding.health),
            finding.what,
            age_text(at, options.now) if at else reading_age(finding.reading, options.now),
            finding.message,
        )
    return table


def _about(reading: Reading, options: RenderOptions) -> Table:
    """Return where a unit's reading comes from."""
    reporter = reading.report.reporter if reading.report else None
    aged = reading.report or reading.last
    took = f'{duration_text(reading.duration_seconds)}, {counted(reading.attempts, "attempt")}'
    rows = {
        'Unit': reading.unit.name + (' (leader)' if reading.unit.leader else ''),
        'Machine': reading.unit.machine,
        'State': state_text(reading.state) + since_text(reading.state),
        'Outcome': f'{reading.outcome.value}, by {reading.via}',
        'Hook': reading.hook,
        'Reporter': f'{reporter.unit}, version {reporter.version}' if reporter else '',
        'Report age': reading_age(reading, options.now) if aged else '',
        'Took': took if reading.attempts else '',
    }
    return facts(rows.items(), 'bold')


def _advice(snapshot: Snapshot) -> list[str]:
    """Return what to do, once for all that the same is to be done about."""
    lines: dict[tuple[str, str], tuple[Reading, list[str]]] = {}
    for reading in snapshot.readings():
        if reading.advice:
            key = (reading.outcome.value, _place(reading))
            lines.setdefault(key, (reading, []))[1].append(reading.unit.name)
    told = [
        clean(f'{_whom(units)}: {reading.outcome.value}: {reading.advice}')
        for reading, units in lines.values()
    ]
    more = len(told) - _MOST_ADVICE
    explain = reconcile_health(snapshot.model.full_name, 'explain', 'SERVICE')
    rest = [clean(str(Advice(f'and {more} more', explain)))] if more > 0 else []
    return told[:_MOST_ADVICE] + rest


def _whom(units: list[str]) -> str:
    """Return whom an advice is for: the units, or only how many if they are of many services."""
    services = {service_of(unit) for unit in units}
    few = len(services) <= _MOST_SERVICES
    return fold_units(units) if few else f'{len(units)} units of {len(services)} services'


def _place(reading: Reading) -> str:
    """Return what an advice is about: a machine, a service, or none of them but all."""
    if reading.outcome in OF_MACHINE:
        return f'machine {reading.unit.machine or reading.unit.name}'
    return str(reading.advice) if reading.outcome in NOT_REACHED else reading.unit.application
