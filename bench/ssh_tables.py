"""The tables and plots of what asking machines costs."""

from __future__ import annotations

from typing import Any

from .markdown import spread, table, table_of
from .plot import plot

Found = Any


def direct(found: Found) -> str:
    heads = ('machines', 'client', 'CPU, ms a machine', 'to the floor', 'seconds', 'peak, MB')
    return table(
        heads,
        (
            (
                int(machines),
                client,
                spread(row['cold_cpu_ms']),
                row['cold_cpu_ms_to_floor'],
                spread(row['cold_seconds']),
                row['peak_mb']['median'],
            )
            for machines, clients in found['machines'].items()
            for client, row in clients.items()
        ),
    )


def kept_clients(found: Found) -> Any:
    """Return what `bench.direct` found of connections that are kept, by client."""
    (clients,) = (value for name, value in found.items() if name.startswith('kept'))
    return clients


def kept(found: Found) -> str:
    return table_of(
        'client',
        kept_clients(found),
        (
            ('CPU, ms a command', lambda row: spread(row['warm_cpu_ms'])),
            ('to the floor', lambda row: row['warm_cpu_ms_to_floor']),
            ('threads', lambda row: int(row['idle_threads']['median'])),
            ('idle, % of a core', lambda row: row['idle_core_percent']['median']),
        ),
    )


def openssh(found: Found) -> str:
    return table_of(
        'client',
        next(iter(found['machines'].values())),
        (
            ('seconds', lambda row: spread(row['cold_seconds'])),
            ('to the floor', lambda row: row['cold_seconds_to_floor']),
            ('CPU, ms a machine', lambda row: spread(row['cold_cpu_ms'])),
            ('to the floor', lambda row: row['cold_cpu_ms_to_floor']),
        ),
    )


def one_machine(found: Found) -> str:
    heads = ('client', 'units', 'cold, ms', 'to one unit', 'warm, ms', 'to one unit')
    return table(
        heads,
        (
            (
                client,
                int(units),
                spread(row['cold_ms']),
                row['cold_to_fewest'],
                spread(row['warm_ms']),
                row['warm_to_fewest'],
            )
            for client, by_units in found['clients'].items()
            for units, row in by_units.items()
        ),
    )


def direct_growth(found: Found) -> str:
    series: dict[str, list[tuple[float, float]]] = {}
    for machines, clients in found['machines'].items():
        for client, row in clients.items():
            point = float(machines), row['cold_cpu_ms']['median'] * float(machines) / 1000
            series.setdefault(client, []).append(point)
    return plot(series, 'machines, cold, 64 at once', 'CPU seconds in all')


def fanout(found: Found) -> str:
    return table_of(
        'client',
        found['clients'],
        (
            ('seconds', lambda row: spread(row['seconds'])),
            ('ratio', lambda row: row['ratio']),
            ('client CPU, ms a machine', lambda row: row['cpu_ms']),
        ),
    )


def juju_call(found: Found) -> str:
    return table_of('a call', found['cpu_ms_a_call'], (('CPU, ms', spread),))


def far_side(found: Found) -> str:
    ways: dict[int, dict[str, Any]] = {}
    for row in found['hooks']['cat']:
        ways.setdefault(row['units'], {})[row['way']] = row
    names = list(next(iter(ways.values())))
    heads = (
        'units',
        *(f'{name}: ms' for name in names),
        *(f'{name}: processes' for name in names),
    )
    return table(
        heads,
        (
            (
                units,
                *(row[name]['cpu_ms'] for name in names),
                *(row[name]['processes_a_unit'] * units for name in names),
            )
            for units, row in ways.items()
        ),
    )
