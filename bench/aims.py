"""What performance is aimed at, and whether what was measured meets it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .ssh_tables import kept_clients

Found = Any
OURS = ('direct, paramiko', 'direct, asyncssh')
LARGEST, USUAL = '10000', '1000'
MB = 1_000_000
_PEERS = ('nrpe', 'node-exporter')


@dataclass(frozen=True)
class Aim:
    """One figure of a bench, and its bound.

    Attributes:
        what: what it is, with its unit.
        bench: which found it.
        bound: the most that it may be, or with `least` the least.
        figure: of what the bench found.
        why: what keeps it from that, where it does not, of all that was found.
    """

    what: str
    bench: str
    bound: float
    figure: Callable[[Found], float]
    least: bool = False
    why: Callable[[Mapping[str, Found]], str] = lambda _known: ''

    def is_met(self, found: Found) -> bool:
        figure = self.figure(found)
        return figure >= self.bound if self.least else figure <= self.bound


def rows(known: Mapping[str, Found]) -> Iterator[tuple[object, ...]]:
    """Yield what was aimed at, the bound, the figure, and why not where it is not met.

    Args:
        known: what each bench found.
    """
    for aim in AIMS:
        if aim.bench in known:
            found = known[aim.bench]
            sign = '≥' if aim.least else '≤'
            verdict = 'yes' if aim.is_met(found) else f'no: {aim.why(known)}'
            yield aim.what, f'{sign} {aim.bound:g}', aim.figure(found), verdict


def _direct(machines: str, client: str, figure: str) -> Callable[[Found], float]:
    def of(found: Found) -> float:
        value: float = found['machines'][machines][client][figure]['median']
        return value

    return of


def _kept(client: str, figure: str) -> Callable[[Found], float]:
    def of(found: Found) -> float:
        value: float = kept_clients(found)[client][figure]['median']
        return value

    return of


def _in_the_library(
    bench: str, ours: Callable[[Found], float], alone: Callable[[Found], float]
) -> Callable[[Mapping[str, Found]], str]:
    def why(known: Mapping[str, Found]) -> str:
        found = known[bench]
        share = alone(found) / ours(found)
        return f'asyncssh alone, as its documentation shows it, takes {share:.0%} of that'

    return why


def _plain_hooks(known: Mapping[str, Found]) -> str:
    one, ten = (
        row['cpu_ms']
        for row in known['far_side']['hooks']['cat']
        if row['way'].startswith('plain') and row['units'] in (1, 10)
    )
    return f'ten plain hooks, one after another, take {ten / one:.1f} times what one takes'


def _by_clock(client: str) -> Callable[[Found], float]:
    return lambda found: float(found['machines']['200'][client]['cold_seconds_to_floor'])


def _slower_than_those(known: Mapping[str, Found]) -> str:
    empty = known['hook']['programs']['python -c pass']['wall_ms']
    return (
        f'this computer takes {empty:.0f} ms for an empty Python, of which the hook takes '
        f'{_hook_to_empty(known["hook"]):.1f} times the instructions'
    )


def _healthy(found: Found) -> float:
    """Return the least share of the healthy units that reported, where all could in that time."""
    rows = [row for row in found['rows'].values() if row['bound_seconds'] < found['seconds']]
    return float(min(row['reported_of_healthy'] for row in rows))


def _linear(found: Found) -> float:
    cold = [_direct(size, OURS[1], 'cold_cpu_ms')(found) for size in (LARGEST, USUAL)]
    return cold[0] / cold[1]


def _ten_units(figure: str) -> Callable[[Found], float]:
    return lambda found: max(float(units['10'][figure]) for units in found['clients'].values())


def _far_side(figure: str) -> Callable[[Found], float]:
    def of(found: Found) -> float:
        (row,) = (
            row
            for row in found['hooks']['cat']
            if row['units'] == 10 and row['way'] == 'framed by Python'
        )
        return float(row[figure])

    return of


def _more_ms(program: str) -> Callable[[Found], float]:
    def of(found: Found) -> float:
        programs = found['programs']
        more: float = programs[program]['wall_ms'] - programs['python -c pass']['wall_ms']
        return more

    return of


def _as_table(known: Mapping[str, Found]) -> str:
    largest = _largest(known['scale'])
    us, total = largest['us_a_unit'], largest['us_a_unit_in_all']['table']
    return (
        f'as a table it is {total:.0f}; `json.loads` of the same reports is '
        f'{us["json_loads_of_the_reports"]:.0f}'
    )


def _beside_it(known: Mapping[str, Found]) -> str:
    peers = {name: row for name, row in known['agent'].items() if name in _PEERS}
    took = (f'{name} {row["cpu_ratio"]:.2%}' for name, row in peers.items())
    return f'beside it ran {", ".join(took)}'


def _largest(found: Found) -> Any:
    return max(found['sizes'], key=lambda size: size['units'])


def _receives(connections: int) -> Callable[[Found], float]:
    return lambda found: float(
        found[f'receive, {connections} connections']['pushes_per_second'][0]
    )


def _hook_to_empty(found: Found) -> float:
    return float(found['programs']['hooks/health']['instructions_ratio'])


_COLD = _direct(USUAL, OURS[1], 'cold_cpu_ms')
_WARM = _kept(OURS[1], 'warm_cpu_ms')
AIMS = (
    Aim('healthy units that report while up to half hang', 'deadline', 1.0, _healthy, True),
    Aim(
        'direct, 1,000 machines, cold: CPU ms a machine',
        'direct',
        1.5,
        _COLD,
        why=_in_the_library('direct', _COLD, _direct(USUAL, 'asyncssh alone', 'cold_cpu_ms')),
    ),
    Aim('the same of 10,000 machines, as a multiple', 'direct', 1.1, _linear),
    Aim(
        'its memory at 10,000 machines, MB',
        'direct',
        300,
        _direct(LARGEST, OURS[1], 'peak_mb'),
    ),
    Aim(
        'direct, warm: CPU ms a machine',
        'direct',
        0.3,
        _WARM,
        why=_in_the_library('direct', _WARM, _kept('asyncssh alone', 'warm_cpu_ms')),
    ),
    Aim('200 kept connections, idle: threads', 'direct', 2, _kept(OURS[1], 'idle_threads')),
    Aim('and % of a core', 'direct', 0.05, _kept(OURS[1], 'idle_core_percent')),
    Aim(
        'a real sshd, 200 machines: time, to the floor in C',
        'openssh',
        1.1,
        lambda found: min(_by_clock(one)(found) for one in OURS),
        why=_in_the_library('openssh', _by_clock(OURS[1]), _by_clock('asyncssh alone')),
    ),
    Aim('ten units of a machine to one, cold', 'one_machine', 1.5, _ten_units('cold_to_fewest')),
    Aim('and warm', 'one_machine', 1.5, _ten_units('warm_to_fewest'), why=_plain_hooks),
    Aim('the far side: processes a unit, of ten', 'far_side', 8, _far_side('processes_a_unit')),
    Aim('and CPU ms a unit', 'far_side', 8, _far_side('cpu_ms_a_unit')),
    Aim(
        'own CPU of a `juju ssh` call, ms',
        'juju_call',
        1.1,
        lambda found: float(found['more_ms']),
    ),
    Aim(
        '`hooks/health`: instructions, to an empty Python',
        'hook',
        6,
        _hook_to_empty,
    ),
    Aim('and ms more than it', 'hook', 40, _more_ms('hooks/health'), why=_slower_than_those),
    Aim('`health-agent report`: ms more', 'hook', 15, _more_ms('health-agent report')),
    Aim(
        '`reconcile-health --help`: instructions, to `import click`',
        'startup',
        2.5,
        lambda found: float(found['--help']['ratio']['instructions']),
    ),
    Aim(
        'reading a report of ten checks, to `json.loads`',
        'scale',
        2,
        lambda found: float(found['decoding']['to_json_loads']['typed_report_decode']),
    ),
    Aim(
        'the most units, read, concluded and written as JSON: CPU µs a unit',
        'scale',
        250,
        lambda found: float(_largest(found)['us_a_unit_in_all']['json']),
        why=_as_table,
    ),
    Aim('and memory, MB', 'scale', 1500, lambda found: _largest(found)['peak_kib'] * 1024 / MB),
    Aim(
        'causes of 18,000 relations, all well, s',
        'weave',
        0.2,
        lambda found: float(
            max(
                row['causes_seconds']
                for row in found
                if row['relations'] == 18_000 and not row['failing']
            )
        ),
    ),
    Aim('durable pushes a second', 'receive', 1000, _receives(100), True),
    Aim(
        'the same of 500 connections, as a multiple',
        'receive',
        0.9,
        lambda found: _receives(500)(found) / _receives(100)(found),
        True,
    ),
    Aim(
        'the agent: % of a core',
        'agent',
        0.1,
        lambda found: float(found['agent']['cpu_ratio']) * 100,
        why=_beside_it,
    ),
    Aim(
        'and resident memory, MB',
        'agent',
        40,
        lambda found: float(found['agent']['resident_peak_bytes']) / MB,
    ),
)
