"""The tables and plots of docs/performance.md, each of what one bench found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .markdown import spread, table
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
    heads = ('1,000 machines', 'of the healthy, reported', 'sweep, s', 'most `juju ssh` at once')
    return table(
        (*heads, 'at least, s'),
        (
            (
                name,
                f'{row["reported_of_healthy"]:.1%}',
                row['sweep_seconds'],
                row['most_juju_at_once'],
                row['bound_seconds'] or None,
            )
            for name, row in found['rows'].items()
        ),
    )


def hook(found: Found) -> str:
    return table(
        (
            *('program', 'instructions, millions', 'ratio', 'CPU, ms', 'ratio', 'clock, ms'),
            'modules more',
        ),
        (
            (
                name,
                row['instructions'] and row['instructions'] / 1e6,
                row['instructions_ratio'],
                row['cpu_ms'],
                row['cpu_ratio'],
                row['wall_ms'],
                row['modules_more'],
            )
            for name, row in found['programs'].items()
        ),
    )


def startup(found: Found) -> str:
    return table(
        ('command', 'instructions, millions', 'ratio', 'CPU, ms', 'modules'),
        (
            (
                name,
                row['instructions'] / 1e6,
                row['ratio']['instructions'],
                row['cpu_ms'],
                int(row['modules']),
            )
            for name, row in found.items()
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
    heads = ('server', 'pushes a second', 'to Starlette', 'p50, ms', 'p99, ms', 'CPU, ms a push')
    return table(
        heads,
        (
            (
                name,
                spread(row['pushes_per_second']),
                row['rate_to_starlette'],
                row['p50_ms'][0],
                row['p99_ms'][0],
                row['server_cpu_ms_per_push'][0],
            )
            for name, row in found.items()
        ),
    )


def agent(found: Found) -> str:
    return table(
        ('', 'CPU, of one', 'resident at most, MB', 'its own share, MB'),
        (
            (
                name,
                f'{row["cpu_ratio"]:.2%}',
                row['resident_peak_bytes'] / 1e6,
                row['proportional_bytes'] / 1e6,
            )
            for name, row in found.items()
            if isinstance(row, dict) and 'cpu_ratio' in row and 'resident_peak_bytes' in row
            if name != 'agent_to_peer'
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
