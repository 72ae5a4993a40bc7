"""The tables and plots of docs/performance.md, each of what one bench found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .markdown import spread, table, table_of
from .plot import plot
from .ssh_tables import (
    direct,
    direct_growth,
    fanout,
    far_side,
    juju_call,
    kept,
    one_machine,
    openssh,
)

Found = Any


def deadline(found: Found) -> str:
    return table_of(
        '1,000 machines',
        found['rows'],
        (
            ('of the healthy, reported', lambda row: f'{row["reported_of_healthy"]:.1%}'),
            ('sweep, s', lambda row: row['sweep_seconds']),
            ('most `juju ssh` at once', lambda row: row['most_juju_at_once']),
            ('at least, s', lambda row: row['bound_seconds'] or None),
        ),
    )


def hook(found: Found) -> str:
    return table_of(
        'program',
        found['programs'],
        (
            (
                'instructions, millions',
                lambda row: row['instructions'] and row['instructions'] / 1e6,
            ),
            ('ratio', lambda row: row['instructions_ratio']),
            ('CPU, ms', lambda row: row['cpu_ms']),
            ('ratio', lambda row: row['cpu_ratio']),
            ('clock, ms', lambda row: row['wall_ms']),
            ('modules more', lambda row: row['modules_more']),
        ),
    )


def startup(found: Found) -> str:
    return table_of(
        'command',
        found,
        (
            ('instructions, millions', lambda row: row['instructions'] / 1e6),
            ('ratio', lambda row: row['ratio']['instructions']),
            ('CPU, ms', lambda row: row['cpu_ms']),
            ('modules', lambda row: int(row['modules'])),
        ),
    )


_STEPS = (
    *('status', 'json_loads_of_the_reports', 'read_reports', 'conclude', 'of_that_causes'),
    *('render_table', 'render_json'),
)


def scale(found: Found) -> str:
    heads = (
        'units',
        *(f'{step.replace("_", " ")}, µs' for step in _STEPS),
        'in all as table, µs',
        'in all as JSON, µs',
        'peak, MB',
    )
    return table(
        heads,
        (
            (
                size['units'],
                *(float(size['us_a_unit'][step]) for step in _STEPS),
                float(size['us_a_unit_in_all']['table']),
                float(size['us_a_unit_in_all']['json']),
                size['peak_kib'] * 1024 / 1e6,
            )
            for size in found['sizes']
        ),
    )


def decoding(found: Found) -> str:
    read = found['decoding']['us_a_report']
    return table(
        ('reader', 'µs a report', 'to json.loads'),
        ((name.replace('_', ' '), us, us / read['json_loads']) for name, us in read.items()),
    )


def scale_growth(found: Found) -> str:
    steps = ('status', 'read_reports', 'conclude', 'render_json')
    series = {
        step.replace('_', ' '): [
            (size['units'], size['us_a_unit'][step] * size['units'] / 1e6)
            for size in found['sizes']
        ]
        for step in steps
    }
    return plot(series, 'units', 'CPU seconds')


def weave(found: Found) -> str:
    return table(
        ('model', 'fail', 'relations', 'json.loads, s', 'causes, s', 'µs a relation', 'ratio'),
        (
            (
                row['shape'],
                row['failing'],
                row['relations'],
                row['json_seconds'],
                row['causes_seconds'],
                row['causes_seconds'] / row['relations'] * 1e6,
                row['causes_seconds'] / row['json_seconds'],
            )
            for row in found
        ),
    )


def receive(found: Found) -> str:
    return table_of(
        'server',
        found,
        (
            ('pushes a second', lambda row: spread(row['pushes_per_second'])),
            ('to Starlette', lambda row: row['rate_to_starlette']),
            ('p50, ms', lambda row: row['p50_ms'][0]),
            ('p99, ms', lambda row: row['p99_ms'][0]),
            ('CPU, ms a push', lambda row: row['server_cpu_ms_per_push'][0]),
        ),
    )


def agent(found: Found) -> str:
    measured = {
        name: row
        for name, row in found.items()
        if isinstance(row, dict) and 'resident_peak_bytes' in row
    }
    return table_of(
        '',
        measured,
        (
            ('CPU, of one', lambda row: f'{row["cpu_ratio"]:.2%}'),
            ('resident at most, MB', lambda row: row['resident_peak_bytes'] / 1e6),
            ('its own share, MB', lambda row: row['proportional_bytes'] / 1e6),
        ),
    )


# By the names that the page's template calls them.
TABLES: Mapping[str, tuple[str, Callable[[Found], str]]] = {
    'deadline': ('deadline', deadline),
    'direct': ('direct', direct),
    'kept': ('direct', kept),
    'openssh': ('openssh', openssh),
    'one_machine': ('one_machine', one_machine),
    'fanout': ('fanout', fanout),
    'juju_call': ('juju_call', juju_call),
    'far_side': ('far_side', far_side),
    'hook': ('hook', hook),
    'startup': ('startup', startup),
    'scale': ('scale', scale),
    'decoding': ('scale', decoding),
    'weave': ('weave', weave),
    'receive': ('receive', receive),
    'agent': ('agent', agent),
}
PLOTS: Mapping[str, tuple[str, Callable[[Found], str]]] = {
    'direct-growth': ('direct', direct_growth),
    'scale-growth': ('scale', scale_growth),
}
