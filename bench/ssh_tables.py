"""The tables and plots of what asking machines costs."""

from __future__ import annotations

from typing import Any

from .markdown import spread, table
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
    heads = ('client', 'CPU, ms a command', 'to the floor', 'threads', 'idle, % of a core')
    return table(
        heads,
        (
            (
                client,
                spread(row['warm_cpu_ms']),
                row['warm_cpu_ms_to_floor'],
                int(row['idle_threads']['median']),
                row['idle_core_percent']['median'],
            )
            for client, row in kept_clients(found).items()
        ),
    )


def openssh(found: Found) -> str:
    heads = ('client', 'seconds', 'to the floor', 'CPU, ms a machine', 'to the floor')
    return table(
        heads,
        (
            (
                client,
                spread(row['cold_seconds']),
                row['cold_seconds_to_floor'],
                spread(row['cold_cpu_ms']),
                row['cold_cpu_ms_to_floor'],
            )
            for client, row in next(iter(found['machines'].values())).items()
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
    return table(
        ('client', 'seconds', 'ratio', 'client CPU, ms a machine'),
        (
            (name, spread(row['seconds']), row['ratio'], row['cpu_ms'])
            for name, row in found['clients'].items()
        ),
    )


def juju_call(found: Found) -> str:
    return table(
        ('a call', 'CPU, ms'),
        ((way, spread(figures)) for way, figures in found['cpu_ms_a_call'].items()),
    )


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
