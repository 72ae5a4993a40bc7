"""The tables and plots of docs/performance.md, each of what one bench found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .plot import plot

Found = Any


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table; `None` is a dash."""
    lines = [heads, ['---'] * len(heads), *rows]
    return '\n'.join(f'| {" | ".join(_cell(cell) for cell in line)} |' for line in lines)


def _cell(value: object) -> str:
    if value is None:
        return '–'
    if isinstance(value, float):
        return f'{value:,.0f}' if abs(value) >= 100 else f'{value:.3g}'
    return f'{value:,}' if isinstance(value, int) else str(value)


def _spread(figures: Mapping[str, float] | Sequence[float] | None) -> str | None:
    """Return a median with the least and the most."""
    if figures is None:
        return None
    middle, least, most = figures.values() if isinstance(figures, Mapping) else figures
    return f'{_cell(middle)} ({_cell(least)}–{_cell(most)})'


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


def direct(found: Found) -> str:
    heads = ('machines', 'client', 'CPU, ms a machine', 'to the floor', 'seconds', 'peak, MB')
    return table(
        heads,
        (
            (
                int(machines),
                client,
                _spread(row['cold_cpu_ms']),
                row['cold_cpu_ms_to_floor'],
                _spread(row['cold_seconds']),
                row['peak_mb']['median'],
            )
            for machines, clients in found['machines'].items()
            for client, row in clients.items()
        ),
    )


def kept(found: Found) -> str:
    (clients,) = (value for name, value in found.items() if name.startswith('kept'))
    heads = ('client', 'CPU, ms a command', 'to the floor', 'threads', 'idle, % of a core')
    return table(
        heads,
        (
            (
                client,
                _spread(row['warm_cpu_ms']),
                row['warm_cpu_ms_to_floor'],
                int(row['idle_threads']['median']),
                row['idle_core_percent']['median'],
            )
            for client, row in clients.items()
        ),
    )


def openssh(found: Found) -> str:
    heads = ('client', 'seconds', 'to the floor', 'CPU, ms a machine', 'to the floor')
    return table(
        heads,
        (
            (
                client,
                _spread(row['cold_seconds']),
                row['cold_seconds_to_floor'],
                _spread(row['cold_cpu_ms']),
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
                _spread(row['cold_ms']),
                row['cold_to_fewest'],
                _spread(row['warm_ms']),
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
            (name, _spread(row['seconds']), row['ratio'], row['cpu_ms'])
            for name, row in found['clients'].items()
        ),
    )


def juju_call(found: Found) -> str:
    return table(
        ('a call', 'CPU, ms'),
        ((way, _spread(figures)) for way, figures in found['cpu_ms_a_call'].items()),
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
                _spread(row['pushes_per_second']),
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
