"""Measure what the history costs: to write down sweeps, to keep them, and to ask it.

    .venv/bin/python -m bench.history [--sweeps 10080] [--year 360] [--rounds 30]

500 units of ten checks, with planted outages, are swept each minute of a week, then for 10,000
minutes in which all is well, and then each `--year` minutes of a year, which is asked about; of
PostgreSQL a tenth of the sweeps. What is timed of a commit is the call of `record`, to its return.
Beside it a naive tool inserts a row for each sample into plain SQLite, 1,000 sweeps. Printed as
JSON; times are by the clock.
"""

from __future__ import annotations

import argparse
import gc
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, func, select

from charm.kernel.deadline import Deadline
from reconciler.cli.main import COLLECT_AFTER
from reconciler.history.availability import Period, availability
from reconciler.history.database import Database
from reconciler.history.find import find_model
from reconciler.history.forecast import forecast
from reconciler.history.looks import SweepLooks, looks_of
from reconciler.history.moments import to_number
from reconciler.history.record import HistoryRules, record
from reconciler.history.tables import facts, points, runs, spells, subjects
from reconciler.history.timeline import Span, timeline
from tests.support.databases import postgresql, why_no_postgresql

from .history_world import BEGIN, NAME, OUTAGES_A_WEEK, UUID, WEEK, World, snapshot, world
from .spent import all_seconds

UNITS, WELL, NAIVE = 500, 10_000, 1000
MINUTE, DAY = 60_000, 86_400_000
YEAR_MINUTES = 365 * 24 * 60
_TABLES = (subjects, runs, facts, spells, points)


def percentiles(times: Sequence[float]) -> dict[str, float]:
    """Return the median and the 99th percentile of seconds, in milliseconds."""
    ordered = sorted(times)
    return {
        f'p{part}_ms': round(1000 * ordered[min(len(ordered) * part // 100, len(ordered) - 1)], 2)
        for part in (50, 99)
    }


def recorded(
    database: Database, sweeps: Iterable[SweepLooks], rules: HistoryRules
) -> dict[str, float]:
    """Record them, and return what one takes; the first one, which makes the tables, is apart."""
    times, spent = [], []
    for sweep in sweeps:
        began, used = time.perf_counter(), all_seconds()
        record(database, sweep, Deadline.after(600), rules)
        times.append(time.perf_counter() - began)
        spent.append(all_seconds() - used)
    later, cpu = times[1:], percentiles(spent[1:])
    return {
        'sweeps': len(times),
        'first_ms': round(1000 * times[0], 1),
        **percentiles(later),
        'cpu_p50_ms': cpu['p50_ms'],
        'cpu_p99_ms': cpu['p99_ms'],
    }


def rows(database: Database) -> dict[str, int]:
    """Return how many rows there are, by table."""

    def count(connection: Connection, table: Table) -> int:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()

    with database.reading() as connection:
        return {table.name: count(connection, table) for table in _TABLES}


def size_bytes(database: Database) -> int:
    """Return how large it is; SQLite's log is in its file when nobody has it open."""
    if database.path:
        return database.path.stat().st_size
    with database.reading() as connection:
        size = func.pg_database_size(func.current_database())
        return int(connection.execute(select(size)).scalar_one())


def of_a_week(database: Database, planted: World, sweeps: int) -> dict[str, Any]:
    """Return what the sweeps of a week cost, beginning with one that makes all rows."""
    first = HistoryRules()
    record(database, planted.first, Deadline.after(600), first)
    empty = size_bytes(database)
    found = recorded(database, (planted.at(minute) for minute in range(1, sweeps)), HistoryRules())
    size = size_bytes(database)
    return {
        **found,
        'bytes_of_first': empty,
        'bytes': size,
        'bytes_a_week': empty + round((size - empty) * WEEK / sweeps),
        'rows': rows(database),
    }


def of_well(database: Database, planted: World, sweeps: int) -> dict[str, Any]:
    """Return what sweeps cost in which all is well, and how many rows they make a subject."""
    at = (planted.first.at + timedelta(minutes=minute) for minute in range(sweeps))
    well = (SweepLooks(**{**vars(planted.first), 'at': moment}) for moment in at)
    found = recorded(database, well, HistoryRules())
    kept = rows(database)
    return {**found, 'rows': kept, 'runs_a_subject': kept['runs'] / kept['subjects']}


def naive(path: Path, planted: World, sweeps: int) -> dict[str, Any]:
    """Return what a row for each sample costs: its subject, its moment, its health."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute('PRAGMA journal_mode = WAL')
    connection.execute('PRAGMA synchronous = FULL')
    connection.execute('CREATE TABLE samples (subject_id INTEGER, at INTEGER, health TEXT)')
    connection.execute('CREATE INDEX of_subject ON samples (subject_id, at)')
    words = [look.health.value for look in planted.first.looks.values()]
    began, times = to_number(BEGIN), []
    for minute in range(sweeps):
        at = began + minute * MINUTE
        start = time.perf_counter()
        connection.execute('BEGIN IMMEDIATE')
        samples = [(number, at, word) for number, word in enumerate(words)]
        connection.executemany('INSERT INTO samples VALUES (?, ?, ?)', samples)
        connection.execute('COMMIT')
        times.append(time.perf_counter() - start)
    connection.execute('PRAGMA wal_checkpoint(TRUNCATE)')
    connection.close()
    size = path.stat().st_size
    return {
        'sweeps': sweeps,
        **percentiles(times),
        'bytes': size,
        'bytes_a_week': round(size / sweeps * WEEK),
    }


def questions(until: int) -> dict[str, Callable[[Connection], object]]:
    """Return what is asked, by names; `until` is when the history ends, in milliseconds."""

    def line(days: int, *names: str) -> Callable[[Connection], object]:
        span = Span(until - days * DAY, until, names)
        return lambda connection: timeline(connection, find_model(connection, NAME), span)

    def up(days: int, *names: str) -> Callable[[Connection], object]:
        period = Period('', until - days * DAY, until, until)
        return lambda connection: availability(
            connection, find_model(connection, NAME), period, names
        )

    def ahead(*names: str) -> Callable[[Connection], object]:
        return lambda connection: forecast(
            connection, [find_model(connection, NAME)], names, until, 90 * DAY
        )

    return {
        'timeline of a day': line(1),
        'timeline of a service, a day': line(1, 'app-3'),
        'timeline of a service, a year': line(365, 'app-3'),
        'timeline of a year': line(365),
        'availability of a day': up(1),
        'availability of a month': up(30),
        'availability of a year': up(365),
        'availability of a service, a year': up(365, 'app-3'),
        'forecast': ahead(),
        'forecast of a service': ahead('app-3'),
    }


def asked(database: Database, until: int, rounds: int) -> dict[str, dict[str, float]]:
    """Return what each question takes, with opening the database; they are asked in turn."""
    known = questions(until)
    times: dict[str, list[float]] = {name: [] for name in known}
    for _ in range(rounds + 1):
        for name, ask in known.items():
            began = time.perf_counter()
            with database.reading() as connection:
                ask(connection)
            times[name].append(time.perf_counter() - began)
    return {name: percentiles(each[1:]) for name, each in times.items()}


def of_a_year(database: Database, every: int, rounds: int) -> dict[str, Any]:
    """Return what questions about a year take that was swept each so many minutes."""
    planted = world(UNITS, YEAR_MINUTES, OUTAGES_A_WEEK * 52)
    rules = HistoryRules(longest_pause=3 * every * MINUTE)
    found = recorded(database, planted.sweeps(every), rules)
    until = to_number(BEGIN) + YEAR_MINUTES * MINUTE
    return {
        'minutes_between': every,
        **found,
        'bytes': size_bytes(database),
        'rows': rows(database),
        'questions': asked(database, until, rounds),
    }


def looking_ms() -> float:
    """Return the processor time of what comes before: what a sweep saw, as the history has it."""
    seen = snapshot(UNITS)
    began = all_seconds()
    for _ in range(10):
        looks_of(seen, NAME, UUID)
    return round(100 * (all_seconds() - began), 2)


def measured(url: Callable[[str], str], given: argparse.Namespace, sweeps: int) -> dict[str, Any]:
    """Return all figures of one kind of database, whose URLs are made of names."""
    planted = world(UNITS, WEEK, OUTAGES_A_WEEK)
    return {
        'week': of_a_week(Database(url('week')), planted, sweeps),
        'well': of_well(Database(url('well')), planted, min(WELL, sweeps)),
        'year': of_a_year(Database(url('year')), given.year, given.rounds),
    }


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--sweeps', type=int, default=WEEK)
    parser.add_argument('--year', type=int, default=360, metavar='MINUTES')
    parser.add_argument('--rounds', type=int, default=30)
    given = parser.parse_args()
    gc.set_threshold(*COLLECT_AFTER)
    found: dict[str, Any] = {'units': UNITS, 'looking_cpu_ms': looking_ms()}
    with tempfile.TemporaryDirectory() as place:
        planted = world(UNITS, WEEK, OUTAGES_A_WEEK)
        found['subjects'] = len(planted.first.looks)
        found['naive'] = naive(Path(place) / 'naive.db', planted, min(NAIVE, given.sweeps))
        found['sqlite'] = measured(
            lambda name: f'sqlite:///{place}/{name}.db', given, given.sweeps
        )
    reason = why_no_postgresql()
    if reason:
        print(f'without PostgreSQL: {reason}', file=sys.stderr)
    else:
        with postgresql() as server:
            found['postgresql'] = measured(
                lambda _name: server.new_database(), given, given.sweeps // 10
            )
    print(json.dumps(found, indent=1))


if __name__ == '__main__':
    main()
