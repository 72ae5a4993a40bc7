"""What is as it was is not read, and that changes nothing of what is kept."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event, update
from sqlalchemy.engine import Engine

from charm.kernel.deadline import Deadline
from charm.kernel.report import Health
from reconciler.history.database import Database
from reconciler.history.facts import THERE
from reconciler.history.find import known_models
from reconciler.history.looks import EarlierLook, Look
from reconciler.history.parts import forget_parts
from reconciler.history.prune import before
from reconciler.history.record import HistoryRules, Recorded
from reconciler.history.subject import CHECK, MACHINE, UNIT, Subject
from reconciler.history.tables import facts, parts, runs, spells, subjects
from tests.support.patience import PATIENCE
from tests.support.recorded import BEGIN, WEB, WHOLE, Sweeps, rows

NAMES = [
    *(WEB, Subject(UNIT, 'web/0'), Subject(CHECK, 'web/0 disk'), Subject(CHECK, 'web/0 a b')),
    *(Subject(UNIT, 'web/1'), Subject(CHECK, 'web/1 disk'), Subject(MACHINE, 'web')),
]
# Of what reports tell.
LOGGED = [name for name in NAMES if name.kind in (UNIT, CHECK)]
WELL = Look(Health.PASSED)
LOOK = st.builds(Look, st.sampled_from(Health), message=st.sampled_from(['', 'one', 'two']))
FACTS = st.fixed_dictionaries({THERE: st.just('yes')}, optional={'charm': st.sampled_from('xy')})
# So many seconds before the sweep, which may be before the one before it.
EARLIER = st.tuples(st.integers(1, 100), LOOK, st.integers(1, 3), st.booleans())
TOLD = st.fixed_dictionaries(
    {
        'looks': st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, LOOK)),
        'facts': st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, FACTS)),
        'whole': st.booleans(),
        'whole_inventory': st.booleans(),
        'seen': st.sampled_from([True, True, True, False]),
        'between': st.fixed_dictionaries(
            {}, optional=dict.fromkeys(LOGGED, st.lists(EARLIER, max_size=4))
        ),
    }
)
# How often each sweep is told, since what is told again is what is not read.
TIMES = st.tuples(TOLD, st.integers(1, 3), st.sampled_from([1, 1, 90]))
SWEEPS = st.lists(TIMES, min_size=1, max_size=6)
_counter = itertools.count()


def forget(database: Database) -> None:
    def work(connection: Connection) -> None:
        forget_parts(connection, 1)

    database.write(work, Deadline.after(PATIENCE))


def kept(database: Database) -> list[Any]:
    """Return all rows but those that only say what was told."""
    return [rows(database, table) for table in (subjects, runs, facts)]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SWEEPS, st.integers(1, 3))
def test_rows_are_as_if_all_of_them_were_read_at_each_sweep(
    tmp_path: Path, told: list[tuple[Mapping[str, Any], int, int]], wanted: int
) -> None:
    place = f'sqlite:///{tmp_path}/{next(_counter)}'
    one, other = (
        Sweeps(Database(f'{place}-{name}.db'), rules=HistoryRules(looks=wanted)) for name in 'ab'
    )
    minute = 0
    for sweep, times, pause in told:
        for _ in range(times):
            minute += pause
            forget(other.database)
            looks = {**sweep['looks'], WHOLE: Look(Health.PASSED)}
            between = {of: earlier(minute, told) for of, told in sweep['between'].items()}
            whole = {**sweep, 'looks': looks, 'between': between}
            added = [each.sweep(minute, **whole) for each in (one, other)]
            assert _sorted(added[0]) == _sorted(added[1])
    assert _alike(kept(one.database)) == _alike(kept(other.database))


def earlier(minute: int, told: list[tuple[int, Look, int, bool]]) -> list[EarlierLook]:
    at = BEGIN + timedelta(minutes=minute)
    looks = [
        EarlierLook(at - timedelta(seconds=ago), look, times, flip)
        for ago, look, times, flip in told
    ]
    return sorted(looks, key=lambda one: one.at)


def _sorted(recorded: Recorded) -> tuple[Any, ...]:
    """Return what was added; of one moment, changes have no order."""
    flips = sorted(recorded.flips, key=lambda flip: flip.subject)
    changes = sorted(recorded.changes, key=lambda change: (change.subject, change.fact))
    return recorded.at, recorded.gap, flips, changes


def _alike(tables: list[Any]) -> list[Any]:
    """Return rows without their numbers, by the subjects' names."""
    names = {row.id: (row.kind, row.name) for row in tables[0]}
    return [
        sorted((names[row.subject_id], *(str(value) for value in row[2:])) for row in table)
        for table in tables[1:]
    ]


@pytest.fixture
def read(database: Database) -> Iterator[dict[str, tuple[Any, ...]]]:
    """Give what rows of subjects, runs and facts were asked for last, by the table."""
    said: dict[str, tuple[Any, ...]] = {}

    def note(*told: Any) -> None:
        statement, parameters = ' '.join(told[2].split()), told[3]
        for name in ('subjects', 'runs', 'facts'):
            if statement.startswith('SELECT') and f' FROM {name} WHERE' in statement:
                said[name] = tuple(parameters)

    event.listen(Engine, 'before_cursor_execute', note)
    yield said
    event.remove(Engine, 'before_cursor_execute', note)


def see(sweeps: Sweeps, minute: float, disk: Look = WELL, **told: Any) -> Recorded:
    """Record a sweep of two units with a check each."""
    looks = dict.fromkeys(NAMES, WELL) | {NAMES[2]: disk}
    return sweeps.sweep(minute, looks, **told)


def test_of_what_is_as_it_was_no_row_is_read(
    sweeps: Sweeps, read: dict[str, tuple[Any, ...]]
) -> None:
    see(sweeps, 0)
    assert read['subjects'] == (1,)
    see(sweeps, 1)
    # The model's own are read always: it has no look here, and the fact that sweeps see it.
    whole = rows(sweeps.database, subjects)[-1]
    assert whole.kind == 'model'
    assert read == {'subjects': (1, ''), 'runs': (whole.id,), 'facts': (whole.id,)}


def test_of_what_is_otherwise_its_part_is_read_until_it_has_settled(
    sweeps: Sweeps, read: dict[str, tuple[Any, ...]]
) -> None:
    see(sweeps, 0)
    failed = Look(Health.FAIL, message='it is full')
    for minute, parts_read in ((1, ('', 'web/0')), (2, ('', 'web/0')), (3, ('',))):
        see(sweeps, minute, failed)
        assert read['subjects'] == (1, *parts_read)
    see(sweeps, 4, whole=False)
    assert read['subjects'] == (1, '', 'web/0')
    see(sweeps, 5)
    assert read['subjects'] == (1, '', 'web/0')


def test_all_is_read_after_a_writer_who_knows_of_no_digests(sweeps: Sweeps) -> None:
    see(sweeps, 0)
    see(sweeps, 1)

    def older(connection: Connection) -> None:
        more = {'sweeps': spells.c.sweeps + 1, 'until': spells.c.until + 60_000}
        connection.execute(update(spells).values(more))
        fail = {'health': 'fail', 'settled': 'fail', 'last_message': 'it is full'}
        connection.execute(update(runs).where(runs.c.subject_id == 3).values(fail))

    sweeps.database.write(older, Deadline.after(PATIENCE))
    see(sweeps, 3)
    see(sweeps, 4)
    last = [row for row in rows(sweeps.database, runs) if row.subject_id == 3][-1]
    assert (last.health, last.settled, last.until) == ('passed', 'passed', None)


def test_all_is_read_after_rows_were_forgotten(
    sweeps: Sweeps, read: dict[str, tuple[Any, ...]]
) -> None:
    see(sweeps, 0)
    with sweeps.database.reading() as connection:
        (model,) = known_models(connection)
    sweeps.database.write(before(model, 0, 10**14), Deadline.after(PATIENCE))
    see(sweeps, 1)
    assert read['subjects'] == (1,)


def test_what_was_reported_as_before_is_not_read_and_a_flip_reads_its_part_alone(
    sweeps: Sweeps, read: dict[str, tuple[Any, ...]]
) -> None:
    other = EarlierLook(BEGIN + timedelta(minutes=1.5), Look(Health.FAIL), flip=True)
    alike = EarlierLook(BEGIN + timedelta(minutes=0.5), WELL, 5)
    see(sweeps, 0)
    for minute, told, parts_read in (
        (1, [alike], ('',)),
        (2, [other], ('', 'web/0')),
        (3, [], ('',)),
    ):
        see(sweeps, minute, between={NAMES[2]: told})
        assert read['subjects'] == (1, *parts_read)


def test_what_is_gone_leaves_no_digest(sweeps: Sweeps) -> None:
    see(sweeps, 0)
    assert {row.name for row in rows(sweeps.database, parts)} == {'web', 'web/0', 'web/1'}
    sweeps.see(1)
    assert [row.name for row in rows(sweeps.database, parts)] == ['web']
