"""The table for people: services, problems first, then what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rich.console import Group, RenderableType
from rich.table import Table

from charm.kernel.report import StateName
from charm.kernel.safe_text import clean
from reconciler.values.advice import Advice, reconcile_health
from reconciler.values.outcomes import NOT_REACHED, OF_MACHINE
from reconciler.values.readings import Outcome, Reading, ServiceHealth, Snapshot
from reconciler.values.words import age_text, counted, duration_text

from ..alike import FindingLine, finding_lines, service_lines, whom
from ..base import reading_age, since_text, stale_text, state_text
from ..blame import because_of, causes_first, explained_text, explains_text
from ..drawn import draw, facts, headline, health_text, listed, plain
from ..meaning import causes_shown, said_of
from ..options import RenderOptions

_MOST_ADVICE = 12
_NARROW = 100


def render(snapshot: Snapshot, options: RenderOptions) -> str:
    """Return the snapshot as tables; with `unit_detail`, every check of every unit."""
    return draw([headline(snapshot, options), '', *body(snapshot, options)], options)


def body(snapshot: Snapshot, options: RenderOptions) -> list[RenderableType]:
    """Return what stands below the headline."""
    snapshot = causes_first(snapshot) if options.blame else snapshot
    parts: list[RenderableType] = []
    causes = _causes(snapshot, options)
    if causes and options.blame:
        parts += [*causes, '']
    if snapshot.views:
        parts += [*_views(snapshot, options), '']
    parts += _services(snapshot, options)
    if causes and not options.blame:
        parts += ['', *causes]
    lines = finding_lines(snapshot, options)
    if lines:
        parts += ['', *_findings(lines, options)]
    if options.unit_detail:
        for reading in snapshot.readings():
            parts += ['', _about(reading, options)]
    advice = _advice(snapshot)
    if advice:
        parts += ['', *(plain(line, 'cyan') for line in advice)]
    parts += [plain(fault, 'magenta') for fault in snapshot.faults]
    parts += [plain(note, 'dim') for note in snapshot.notes]
    return parts


def _services(snapshot: Snapshot, options: RenderOptions) -> list[RenderableType]:
    measured = any(service.qos is not None for service in snapshot.services)
    rows: list[tuple[RenderableType, ...]] = []
    for line in service_lines(snapshot.services, options):
        service, coverage = line.first, line.coverage
        alone = len(line.services) == 1
        qos = f'{service.qos:.2f}' if alone and service.qos is not None else '-'
        rows.append(
            (
                plain(line.name),
                health_text(service.health),
                f'{coverage.seen}/{coverage.expected}{stale_text(coverage)}',
                *((qos,) if measured else ()),
                _state(service, options) if alone else '-',
                _message(service) if alone else plain(line.message),
            )
        )
    columns = ('Service', 'Health', 'Units', *(('QoS',) if measured else ()), 'State', 'Message')
    return listed(columns, rows, options.width)


def _state(service: ServiceHealth, options: RenderOptions) -> str:
    """Return the state; where there is little room without what it waits for."""
    state = service.state
    narrow = state is not None and options.width < _NARROW
    return state_text(replace(state, blockers=()) if narrow and state else state)


def _views(snapshot: Snapshot, options: RenderOptions) -> list[RenderableType]:
    rows = [
        (plain(view.name), health_text(view.health), plain(f'{view.because}, by {view.rule}'))
        for view in snapshot.views
    ]
    return listed(('View', 'Health', 'Message'), rows, options.width)


def _message(service: ServiceHealth) -> RenderableType:
    """Return a service's message; below it what causes its trouble, and what operators said."""
    lines = [because_of(service), *said_of(service)]
    below = [plain(line, 'dim') for line in lines if line]
    return Group(plain(service.message), *below) if below else plain(service.message)


def _causes(snapshot: Snapshot, options: RenderOptions) -> list[RenderableType]:
    """Return what explains others, with `blame` every cause; empty if there is none."""
    shown = snapshot.causes if options.blame else causes_shown(snapshot)
    if not shown:
        return []
    rows = []
    for cause in shown:
        below = explains_text(snapshot, cause)
        told = Group(plain(cause.message), *([plain(below, 'dim')] if below else []))
        rows.append((plain(str(cause.node)), health_text(cause.health), told))
    table = listed(('Cause', 'Health', 'Message'), rows, options.width)
    explained = explained_text(snapshot)
    return [*table, *([plain(explained, 'dim')] if explained else [])]


def _findings(lines: Sequence[FindingLine], options: RenderOptions) -> list[RenderableType]:
    rows = []
    for line in lines:
        finding = line.row
        at = finding.check.at if finding.check else None
        rows.append(
            (
                plain(line.whom),
                health_text(finding.health),
                finding.what,
                age_text(at, options.now) if at else reading_age(finding.reading, options.now),
                finding.message,
            )
        )
    return listed(('Unit', 'Health', 'Check', 'Age', 'Message'), rows, options.width)


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
    lines: dict[tuple[str, str, str], list[Reading]] = {}
    for reading in snapshot.readings():
        if reading.advice:
            kind = _label(reading), reading.advice.what, _place(reading)
            lines.setdefault(kind, []).append(reading)
    told = [_advised(readings) for readings in lines.values()]
    more = len(told) - _MOST_ADVICE
    explain = reconcile_health(snapshot.model.full_name, 'explain', 'SERVICE')
    rest = [clean(str(Advice(f'and {more} more', explain)))] if more > 0 else []
    return told[:_MOST_ADVICE] + rest


def _advised(readings: Sequence[Reading]) -> str:
    """Return one line for what is to be done about each of some units."""
    first = readings[0]
    others = len({str(reading.advice) for reading in readings}) - 1
    alike = f'; and so for the other {others}' if others else ''
    units = whom([reading.unit.name for reading in readings])
    return clean(f'{units}: {_label(first)}: {first.advice}{alike}')


def _label(reading: Reading) -> str:
    """Return why there is something to do: Juju says that it is in error, or how it answered."""
    error = reading.state is not None and reading.state.name is StateName.ERROR
    kept_away = reading.outcome in NOT_REACHED
    return StateName.ERROR.value if error and not kept_away else reading.outcome.value


def _place(reading: Reading) -> str:
    """Return what an advice is about: a machine, a service, or none of them but all."""
    if reading.outcome is Outcome.NOT_SHIPPED:
        return ''
    if reading.outcome in OF_MACHINE:
        return f'machine {reading.unit.machine or reading.unit.name}'
    return str(reading.advice) if reading.outcome in NOT_REACHED else reading.unit.application
