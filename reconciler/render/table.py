"""The table for people: services, problems first, then what is wrong and what to do."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table

from reconciler.readings import Coverage, Reading, ServiceHealth, Snapshot
from reconciler.words import age_text, clean, duration_text, fold_units

from .base import Finding, Options, draw, findings, headline, health_text, plain, state_text


def render(snapshot: Snapshot, options: Options) -> str:
    """Return the snapshot as tables; with `unit_detail`, every check of every unit."""
    parts: list[RenderableType] = [headline(snapshot, options), '']
    parts.append(_services(snapshot))
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


def _grid(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style='bold', pad_edge=False)
    for column in columns:
        table.add_column(column, overflow='fold', no_wrap=column not in ('Message', 'State'))
    return table


def _services(snapshot: Snapshot) -> Table:
    table = _grid('Service', 'Health', 'Units', 'QoS', 'State', 'Message')
    for service in snapshot.services:
        table.add_row(
            plain(service.name),
            health_text(service.health),
            coverage_text(service.coverage),
            '-' if service.qos is None else f'{service.qos:.2f}',
            state_text(service.state),
            plain(service.message),
        )
    return table


def coverage_text(coverage: Coverage) -> str:
    """Return how many of the expected units reported, such as `2/3`."""
    return f'{coverage.reported}/{coverage.expected}'


Group = tuple[Finding, list[str]]


def _groups(snapshot: Snapshot, everything: bool) -> list[Group]:
    """Return the findings, those that are the same on several units of a service as one."""
    groups: list[Group] = []
    for service in snapshot.services:
        groups += _service_groups(service, everything)
    return groups


def _service_groups(service: ServiceHealth, everything: bool) -> list[Group]:
    same: dict[tuple[str, str, str], Group] = {}
    for finding in findings(service, everything):
        key = (finding.health.value, finding.what, finding.message)
        same.setdefault(key, (finding, []))[1].append(finding.reading.unit.name)
    return list(same.values())


def _findings(groups: list[Group], options: Options) -> Table:
    table = _grid('Unit', 'Health', 'Check', 'Age', 'Message')
    for finding, units in groups:
        moment = finding.check.at if finding.check else None
        table.add_row(
            plain(fold_units(units)),
            health_text(finding.health),
            finding.what,
            age_text(moment or finding.reading.received_at, options.now),
            finding.message,
        )
    return table


def _about(reading: Reading, options: Options) -> Table:
    """Return where a unit's reading comes from."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True, style='bold')
    table.add_column(overflow='fold')
    report = reading.report
    rows = {
        'Unit': reading.unit.name + (' (leader)' if reading.unit.leader else ''),
        'Machine': reading.unit.machine,
        'State': state_text(reading.state) + _since(reading),
        'Outcome': f'{reading.outcome.value}, by {reading.via}',
        'Hook': reading.hook,
        'Reporter': f'{report.reporter.unit}, version {report.reporter.version}'
        if report and report.reporter
        else '',
        'Report age': age_text(reading.received_at, options.now) if report else '',
        'Took': f'{duration_text(reading.duration_seconds)}, {reading.attempts} attempt(s)'
        if reading.attempts
        else '',
    }
    for name, value in rows.items():
        if value:
            table.add_row(name, plain(value))
    return table


def _since(reading: Reading) -> str:
    if reading.state is None or reading.state.since is None:
        return ''
    return f', since {reading.state.since:%Y-%m-%d %H:%M:%SZ}'


def _advice(snapshot: Snapshot) -> list[str]:
    """Return what to do, once for each kind of trouble and service."""
    lines: dict[tuple[str, str], tuple[Reading, list[str]]] = {}
    for reading in snapshot.readings():
        if reading.advice:
            key = (reading.unit.application, reading.outcome.value)
            lines.setdefault(key, (reading, []))[1].append(reading.unit.name)
    return [
        clean(f'{fold_units(units)}: {reading.outcome.value}: {reading.advice}')
        for reading, units in lines.values()
    ]
