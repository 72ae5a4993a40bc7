"""What units reported between two sweeps is in both databases as if sweeps had been there."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from charm.kernel.report import Health
from reconciler.history.database import Database
from reconciler.history.examine import examine
from reconciler.history.find import find_model
from reconciler.history.looks import EarlierLook, Look
from reconciler.history.moments import to_number
from reconciler.history.record import HistoryRules
from reconciler.history.subject import CHECK, UNIT, Subject
from reconciler.history.tables import models, runs, spells, subjects
from reconciler.history.timeline import FlipSeen, Gap, Span, timeline
from tests.support.recorded import BEGIN, DAY, MINUTE, WEB, WHOLE, Sweeps, minutes, rows

PASSED, FAIL = Health.PASSED, Health.FAIL
MYSQL, DISK = Subject(UNIT, 'mysql/0'), Subject(CHECK, 'mysql/0 disk')
WELL, ILL = Look(PASSED), Look(FAIL, message='it is full')
LOOK = st.sampled_from([WELL, ILL, Look(FAIL, message='still'), Look(Health.WARN, 'blocked')])
# What the sweep sees at each tenth minute, after what was reported before it.
SWEEP = st.tuples(st.lists(LOOK, max_size=6), LOOK)
_counter = itertools.count()


def earlier(minute: float, look: Look, flip: bool = True, times: int = 1) -> EarlierLook:
    return EarlierLook(BEGIN + timedelta(minutes=minute), look, times, flip)


def runs_of(database: Database, uuid: str, subject: Subject) -> list[Any]:
    """Return all that is kept of the runs of a subject, but for their rows' numbers."""
    (model,) = [row.id for row in rows(database, models) if row.uuid == uuid]
    own = [row.id for row in rows(database, subjects) if row[1:] == (model, *subject)]
    found = [row for row in rows(database, runs) if row.subject_id in own]
    return sorted(tuple(str(value) for value in row[2:]) for row in found)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(SWEEP, min_size=2, max_size=4), st.integers(1, 3))
def test_looks_between_count_as_sweeps_of_their_own_would(
    database: Database, seen: Sequence[tuple[list[Look], Look]], wanted: int
) -> None:
    names = [f'uuid-{next(_counter)}' for _ in 'ab']
    rules = HistoryRules(wanted, longest_pause=DAY)
    one, other = (Sweeps(database, name, name, rules) for name in names)
    before = None
    for number, (reported, look) in enumerate(seen):
        end, between = number * 10.0, []
        # Before the first sweep there is no last one.
        for minute, told in enumerate(reported if number else (), 1):
            other.sweep(end - 10 + minute, {MYSQL: told}, whole=False)
            flip = before is None or (told.health, told.state) != (before.health, before.state)
            between.append(earlier(end - 10 + minute, told, flip))
            before = told
        for each in (one, other):
            added = {'between': {MYSQL: between}} if each is one else {}
            each.sweep(end, {WHOLE: WELL, MYSQL: look}, **added)
        before = look
    assert runs_of(database, names[0], MYSQL) == runs_of(database, names[1], MYSQL)


def happened(database: Database, *names: str, raw: bool = False) -> list[Any]:
    begin = to_number(BEGIN)
    with database.reading() as connection:
        span = Span(begin, begin + DAY, names, raw)
        found = timeline(connection, find_model(connection, ''), span).happened
    return [
        (one.subject.name, one.after.value, minutes(one.at))
        if isinstance(one, FlipSeen)
        else (minutes(one.at), minutes(one.until))
        for one in found
        if isinstance(one, FlipSeen | Gap)
    ]


def see(sweeps: Sweeps, minute: float, look: Look = WELL, **told: Any) -> None:
    sweeps.sweep(minute, {WHOLE: WELL, WEB: WELL, MYSQL: look, DISK: look}, **told)


def outage(begin: float, end: float, times: int = 3) -> dict[Subject, list[EarlierLook]]:
    between = [earlier(begin, ILL), earlier(begin + 0.5, ILL, flip=False, times=times - 1)]
    between += [earlier(end, WELL), earlier(end + 1, WELL, flip=False)]
    if times == 1:
        del between[1]
    return {MYSQL: between, DISK: between}


def test_an_outage_between_two_sweeps_is_told_of_its_unit_and_of_nothing_else(
    database: Database,
) -> None:
    sweeps = Sweeps(database)
    see(sweeps, 0)
    see(sweeps, 10, between=outage(3, 6))
    see(sweeps, 20)
    own = [('mysql/0', 'fail', 3), ('mysql/0', 'passed', 6)]
    both = [*own, ('mysql/0 disk', 'fail', 3), ('mysql/0 disk', 'passed', 6)]
    assert sorted(happened(database, 'mysql/0')) == sorted(both)
    assert happened(database, 'web') == []
    assert len(rows(database, spells)) == 1
    assert examine(database, to_number(BEGIN) + DAY).faults == ()


@pytest.mark.parametrize(('times', 'settled'), [(1, 0), (2, 2)])
def test_what_one_report_said_is_in_the_raw_line_alone(
    database: Database, times: int, settled: int
) -> None:
    sweeps = Sweeps(database)
    see(sweeps, 0)
    see(sweeps, 10, between={MYSQL: outage(3, 6, times)[MYSQL]})
    assert len(happened(database, 'mysql/0')) == settled
    assert len(happened(database, 'mysql/0', raw=True)) == 2


def test_an_outage_that_a_sweep_saw_begin_is_settled_by_what_was_reported(
    database: Database,
) -> None:
    sweeps = Sweeps(database)
    see(sweeps, 0)
    see(sweeps, 10, ILL)
    between = [earlier(11, ILL, flip=False), earlier(12, WELL), earlier(13, WELL, flip=False)]
    see(sweeps, 20, between={MYSQL: between})
    assert happened(database, 'mysql/0')[-2:] == [
        ('mysql/0', 'fail', 10),
        ('mysql/0', 'passed', 12),
    ]


def test_what_reports_said_all_along_while_juju_said_worse_changes_nothing(
    database: Database,
) -> None:
    sweeps = Sweeps(database)
    for minute in (0, 10, 20):
        see(sweeps, minute, ILL, between={MYSQL: [earlier(minute - 5, WELL, flip=False)]})
    see(sweeps, 30, between={MYSQL: [earlier(25, WELL, flip=False)]})
    see(sweeps, 40)
    last = [one for one in happened(database, 'mysql/0') if one[0] == 'mysql/0'][-1]
    assert last == ('mysql/0', 'passed', 30)


def test_a_gap_stays_one_while_the_units_own_runs_say_what_it_reported(database: Database) -> None:
    sweeps = Sweeps(database)
    for minute in (0, 5, 10):
        see(sweeps, minute)
    see(sweeps, 200, between=outage(100, 150))
    assert (10, 200) in happened(database, 'web')
    ends = [minutes(row.until) or 0 for row in rows(database, runs) if row.until is not None]
    # Until the outage nobody had looked; that it lasted, reports say.
    assert sorted(ends) == [10, 10, 150, 150]
    see(sweeps, 205)
    see(sweeps, 400, ILL, between={MYSQL: [earlier(300, WELL, flip=False)]})
    later = [minutes(row.until) for row in rows(database, runs) if (row.until or 0) > 0]
    # Of the unit it is known that it was well until then, of its check not.
    assert sorted(one for one in later if one and one > 150) == [205, 400]
    assert examine(database, to_number(BEGIN) + DAY).faults == ()


def test_only_what_lies_between_the_sweeps_and_is_seen_by_this_one_counts(
    database: Database,
) -> None:
    sweeps = Sweeps(database)
    early = [earlier(-1, ILL), earlier(5, ILL)]
    see(sweeps, 10, between={MYSQL: early})
    see(sweeps, 20, between={MYSQL: [*early, earlier(20, ILL), earlier(25, ILL)]})
    gone = Subject(CHECK, 'mysql/0 gone')
    see(sweeps, 30, between={gone: [earlier(25, ILL)]})
    # A clock that was set back lets nothing be between.
    see(sweeps, 15, between={MYSQL: [earlier(12, ILL)]})
    assert happened(database, 'mysql/0', raw=True) == []
    assert gone not in {Subject(row.kind, row.name) for row in rows(database, subjects)}


def test_what_is_told_of_a_check_is_kept_whatever_it_is(database: Database) -> None:
    sweeps = Sweeps(database)
    see(sweeps, 0)
    odd = Look(FAIL, message='a\x00b\ud800')
    see(sweeps, 10, between={DISK: [earlier(5, odd), earlier(6, WELL)]})
    (message,) = [row.message for row in rows(database, runs) if row.message]
    assert message == 'a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}'
    ends = [row.until - row.since for row in rows(database, runs) if row.message]
    assert ends == [MINUTE]
