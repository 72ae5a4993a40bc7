"""The tables of what the history costs, and what is aimed at in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .markdown import table

Found = Any
_NAMES = {'sqlite': 'SQLite', 'postgresql': 'PostgreSQL'}


def kept(found: Found) -> str:
    """Return what sweeps cost to write down, and to keep, beside a row for each sample."""
    return table(
        ('', 'sweeps', 'p50, ms', 'p99, ms', 'CPU p50, ms', 'MB a week', 'to a row a sample'),
        _kept(found),
    )


def _kept(found: Found) -> Iterator[tuple[object, ...]]:
    naive = found['naive']
    for name, title in _NAMES.items():
        for what in ('week', 'well') if name in found else ():
            row = found[name][what]
            size = row.get('bytes_a_week')
            yield (
                f'{title}, {"a week" if what == "week" else "all well"}',
                *(row['sweeps'], row['p50_ms'], row['p99_ms'], row['cpu_p50_ms']),
                size and size / 1e6,
                size and size / naive['bytes_a_week'],
            )
    figures = (naive['sweeps'], naive['p50_ms'], naive['p99_ms'], None)
    yield ('a row a sample, plain SQLite', *figures, naive['bytes_a_week'] / 1e6, 1.0)


def asked(found: Found) -> str:
    """Return what questions take of a year."""
    there = [name for name in _NAMES if name in found]
    heads = [f'{_NAMES[name]}, p{part}, ms' for name in there for part in (50, 99)]
    questions = found[there[0]]['year']['questions']
    return table(
        ('question', *heads),
        (
            (
                what,
                *(
                    found[name]['year']['questions'][what][f'p{part}_ms']
                    for name in there
                    for part in (50, 99)
                ),
            )
            for what in questions
        ),
    )


def megabytes_a_week(found: Found) -> float:
    """Return how large a week's file of SQLite is, in MB."""
    return float(found['sqlite']['week']['bytes_a_week']) / 1e6


def runs_a_subject(found: Found) -> float:
    """Return how many runs of each subject there are when all was well, in SQLite."""
    return float(found['sqlite']['well']['runs_a_subject'])


def commit(found: Found) -> float:
    """Return what it takes to write a sweep of a week down, in SQLite; p99 in milliseconds."""
    return float(found['sqlite']['week']['p99_ms'])


def slowest(found: Found) -> float:
    """Return the most that a question takes of SQLite, but a forecast; p99 in milliseconds."""
    questions = found['sqlite']['year']['questions']
    return float(
        max(row['p99_ms'] for name, row in questions.items() if not name.startswith('forecast'))
    )


def forecasting(found: Found) -> float:
    """Return what a forecast of all takes of SQLite; p99 in milliseconds."""
    return float(found['sqlite']['year']['questions']['forecast']['p99_ms'])


def beside_a_row_a_sample(known: Mapping[str, Found]) -> str:
    """Return what keeps a commit from its aim."""
    found = known['history']
    naive = found['naive']['p99_ms']
    return f'{found["subjects"]:,} subjects; to insert a row for each takes {naive:.0f}'


def the_slowest(known: Mapping[str, Found]) -> str:
    """Return what keeps the slowest question from its aim."""
    questions = known['history']['sqlite']['year']['questions']
    name, row = max(
        ((name, row) for name, row in questions.items() if not name.startswith('forecast')),
        key=lambda pair: pair[1]['p99_ms'],
    )
    return f'it is "{name}", of which half takes {row["p50_ms"]:.0f} at most'


def all_points(known: Mapping[str, Found]) -> str:
    """Return what keeps a forecast from its aim."""
    points = known['history']['sqlite']['year']['rows']['points']
    return f'those of 90 days are read, of {points:,} points'
