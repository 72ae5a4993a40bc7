"""Checking, pruning and exporting a history."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, delete, update

from charm.kernel.deadline import Deadline
from charm.kernel.report import Health
from reconciler.cli.main import command
from reconciler.history.database import Database
from reconciler.history.errors import CorruptHistory
from reconciler.history.examine import Examined, examine
from reconciler.history.export import COLUMNS
from reconciler.history.find import known_models
from reconciler.history.looks import Look
from reconciler.history.migrations import LATEST
from reconciler.history.prune import Pruned, Work, before, future
from reconciler.history.tables import facts, models, points, runs, series, spells, subjects
from tests.support.patience import PATIENCE
from tests.support.recorded import BEGIN, DAY, WEB, WHOLE, Sweeps, minutes, rows

START = round(BEGIN.timestamp() * 1000)
_A_DAY = 1440


def pruned(database: Database, work: Any, *times: int) -> Pruned:
    """Return what went of the first model; times are in days from the beginning."""
    with database.reading() as connection:
        model = known_models(connection)[0]
    done: Work = work(model, *(START + time * DAY for time in times))
    return database.write(done, Deadline.after(PATIENCE))


def looked_at(database: Database, day: float = 1000) -> Examined:
    return examine(database, START + round(day * DAY))


def invoked(database: Database, *words: str) -> Any:
    place = ('--history', str(database.path))
    return CliRunner().invoke(command, ['history', *words, *place], standalone_mode=False)


def test_what_ended_before_goes_and_what_lasts_stays(database: Database, sweeps: Sweeps) -> None:
    for day in range(10):
        sweeps.see(day * _A_DAY, facts={WEB: {'revision': str(day // 5)}})
    for minute, health in enumerate([Health.FAIL, Health.FAIL, Health.PASSED, Health.PASSED]):
        sweeps.see(10 * _A_DAY + minute, health, facts={WEB: {'revision': '1'}})
    before_it = [len(rows(database, table)) for table in (runs, facts, spells)]
    gone = pruned(database, before, 8, 11)
    after = [len(rows(database, table)) for table in (runs, facts, spells)]
    assert [gone.runs, gone.facts, gone.spells] == [
        one - left for one, left in zip(before_it, after, strict=True)
    ]
    assert (gone.models, gone.subjects) == (0, 0)
    # The run of all days before the failure ended on day 9, and so is whole.
    assert minutes(rows(database, runs)[0].since) == 0
    assert [row.value for row in rows(database, facts) if row.name == 'revision'] == ['1']
    assert looked_at(database).faults == ()
    assert not pruned(database, before, 8, 11)


def test_of_points_one_a_day_stays_and_the_last(database: Database, sweeps: Sweeps) -> None:
    for hour in range(24 * 4):
        sweeps.measure(hour * 60, {'/ used': hour % 2 / 10})
    sweeps.measure(60 * _A_DAY, {'/ used': 0.3})
    gone = pruned(database, before, 1, 40)
    left = [minutes(row.at) for row in rows(database, points)]
    # Of the first day nothing; of those of more than thirty days before the first of each.
    assert left == [1 * _A_DAY, 2 * _A_DAY, 3 * _A_DAY, 60 * _A_DAY]
    assert gone.points == 24 * 4 - 3
    (figure,) = rows(database, series)
    assert (figure.at, figure.value) == (rows(database, points)[-1].at, 0.3)


def test_a_figure_that_never_moved_keeps_its_point(database: Database, sweeps: Sweeps) -> None:
    for day in range(60):
        sweeps.measure(day * _A_DAY, {'/ used': 0.3})
    pruned(database, before, 50, 60)
    assert [row.value for row in rows(database, points)] == [0.3]


def test_a_model_that_no_sweep_saw_since_goes_altogether(
    database: Database, sweeps: Sweeps
) -> None:
    sweeps.measure(0, {'/ used': 0.3})
    other = replace(sweeps, uuid='uuid-2')
    other.see(20 * _A_DAY)
    gone = pruned(database, before, 10, 20)
    assert (gone.models, gone.runs, gone.points) == (1, 2, 1)
    assert [row.uuid for row in rows(database, models)] == ['uuid-2']
    assert len(rows(database, subjects)) == 2
    assert looked_at(database).faults == ()


def test_what_is_no_more_is_forgotten_with_its_last_run(
    database: Database, sweeps: Sweeps
) -> None:
    sweeps.measure(0, {'/ used': 0.3})
    for day in range(1, 30):
        sweeps.see(day * _A_DAY, facts={WEB: {'there': 'yes'}})
    assert pruned(database, before, 20, 30).subjects == 2
    assert [(row.kind, row.name) for row in rows(database, subjects)] == [WHOLE, WEB]


def test_what_a_clock_that_was_ahead_wrote_goes(database: Database, sweeps: Sweeps) -> None:
    for minute in range(3):
        sweeps.measure(minute, {'/ used': 0.3 + minute / 10}, faults=())
    for minute in (500 * _A_DAY, 500 * _A_DAY + 1):
        sweeps.measure(minute, {'/ used': 0.9})
        sweeps.see(minute + 0.5, Health.FAIL, facts={WEB: {'revision': '9'}})
    assert {fault.what.partition(' ')[2] for fault in looked_at(database, 1).faults} == {
        f'{table} are of the future' for table in ('runs', 'facts', 'spells', 'points')
    }
    assert pruned(database, future, 1)
    assert looked_at(database, 1).faults == ()
    assert [minutes(row.until) for row in rows(database, spells)] == [2]
    (figure,) = rows(database, series)
    assert (minutes(figure.at), figure.value) == (2, 0.5)
    # It goes on as if that had not been.
    found = sweeps.measure(3, {'/ used': 0.6})
    assert (found.set_back, found.gap, found.flips) == (0, 0, ())
    assert looked_at(database, 1).faults == ()


def damage(database: Database, *statements: Any) -> None:
    def work(connection: Connection) -> None:
        for statement in statements:
            connection.execute(statement)

    database.write(work, Deadline.after(PATIENCE))


@pytest.mark.parametrize(
    ('statement', 'said'),
    [
        (update(runs).values(until=None), '2 runs last twice at once'),
        (update(runs).where(runs.c.until.is_not(None)).values(until=START + DAY), 'before ended'),
        (update(runs).where(runs.c.until.is_(None)).values(until=START - 1), 'before they begin'),
        (update(spells).values(until=START - 1), 'spells end before they begin'),
        (update(runs).values(since=START + 2000 * DAY), 'runs are of the future'),
    ],
)
def test_rows_that_cannot_be_are_found(
    statement: Any, said: str, database: Database, sweeps: Sweeps
) -> None:
    for minute, health in enumerate([Health.PASSED, Health.FAIL, Health.FAIL]):
        sweeps.see(minute, health)
    assert looked_at(database).faults == ()
    damage(database, statement)
    assert any(said in fault.what for fault in looked_at(database).faults)
    assert invoked(database, 'check').return_value == 2


def test_rows_that_belong_to_nothing_are_found(database: Database, sweeps: Sweeps) -> None:
    sweeps.see(0)
    with database.reading() as connection:
        # Only where the rule is not held to can that be.
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.execute('COMMIT')
        raw.execute('PRAGMA foreign_keys = OFF')
        raw.execute('DELETE FROM models')
        raw.execute('BEGIN')
    (fault,) = looked_at(database).faults
    assert 'belong to nothing' in fault.what


def test_a_damaged_page_is_found(database: Database, sweeps: Sweeps) -> None:
    for minute in range(40):
        sweeps.see(minute * 70, Health.FAIL if minute % 2 else Health.PASSED)
    database.compact()
    assert database.path
    content = bytearray(database.path.read_bytes())
    content[-4096:] = bytes(4096)
    database.path.write_bytes(content)
    try:
        found = looked_at(database).faults
    except CorruptHistory:
        return
    assert 'the file is damaged' in found[0].what


def test_check_says_what_is_there(database: Database, sweeps: Sweeps) -> None:
    sweeps.see(0)
    sweeps.see(1)
    done = invoked(database, 'check')
    assert done.return_value == 0
    assert 'lab:prod (uuid-1): 2 sweeps from 2024-11-01 00:00:00Z to 2024-11-01 00:01:00Z' in (
        done.output
    )
    assert 'nothing is wrong with it' in done.output
    assert str(database.path) in done.output


def test_a_dry_run_changes_nothing_and_tells_the_same(database: Database, sweeps: Sweeps) -> None:
    sweeps.measure(0, {'/ used': 0.3})
    # The beginning is in the past of whoever runs this, by a day at least.
    dry = invoked(database, 'prune', '--older-than', '0', '--dry-run').output
    assert len(rows(database, models)) == 1
    wet = invoked(database, 'prune', '--older-than', '0').output
    assert dry.removeprefix('would remove') == wet.removeprefix('removed')
    assert rows(database, models) == []
    assert 'removed nothing of' in invoked(database, 'prune').output


def test_the_space_of_what_went_is_given_back(database: Database, sweeps: Sweeps) -> None:
    looks = {WHOLE: Look(Health.PASSED)}
    for minute in range(20):
        looks[WEB] = Look(Health.FAIL, message=f'{minute}' * 500, state=f'{minute}')
        sweeps.sweep(minute, looks)
    assert database.path
    database.compact()
    before_it = database.path.stat().st_size
    damage(database, delete(models))
    database.compact()
    assert database.path.stat().st_size < before_it


def exported(database: Database, *words: str) -> list[dict[str, Any]]:
    output = invoked(database, 'export', *words).output
    return [json.loads(line) for line in output.splitlines()]


def test_an_export_has_every_row_once(database: Database, sweeps: Sweeps) -> None:
    for minute in (0, 1, 500, 501):
        sweeps.measure(minute, {'/ used': minute / 1000})
    found = exported(database)
    kinds = [one['type'] for one in found]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        'model': 1,
        'gap': 1,
        'run': len(rows(database, runs)),
        'fact': len(rows(database, facts)),
        'point': len(rows(database, points)),
    }
    assert all(one['model'] == 'lab:prod' and one['uuid'] == 'uuid-1' for one in found)
    (gap,) = [one for one in found if one['type'] == 'gap']
    assert (gap['since'], gap['until']) == ('2024-11-01T00:01:00Z', '2024-11-01T08:20:00Z')
    table = list(
        csv.DictReader(io.StringIO(invoked(database, 'export', '--format', 'csv').output))
    )
    assert len(table) == len(found)
    assert list(table[0]) == list(COLUMNS)
    for row, document in zip(table, found, strict=True):
        assert {key: value for key, value in row.items() if value} == {
            key: str(value) for key, value in document.items() if value not in (None, '')
        }


def test_an_export_of_a_time_has_what_lasted_then(database: Database, sweeps: Sweeps) -> None:
    healths = [Health.PASSED, Health.FAIL, Health.FAIL, Health.PASSED, Health.PASSED]
    for minute, health in enumerate(healths):
        sweeps.see(minute, health)
    words = ('--since', '2024-11-01T00:01:30Z', '--until', '2024-11-01T00:02:30Z')
    own = [one for one in exported(database, *words) if one['type'] == 'run']
    assert {(one['name'], one['health']) for one in own} == {('', 'fail'), ('web', 'fail')}


def test_upgrade_says_what_it_did(database: Database) -> None:
    assert f'is made, of version {LATEST}' in invoked(database, 'upgrade').output
    assert f'is of version {LATEST}, which is the latest' in invoked(database, 'upgrade').output
