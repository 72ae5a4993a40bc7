"""A sweep counts once, whatever becomes of the word that it was written."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import select
from sqlalchemy.engine.default import DefaultDialect

from charm.kernel.report import Health
from reconciler.history.database import Database
from reconciler.history.looks import Look
from reconciler.history.parts import part_of
from reconciler.history.record import Recorded
from reconciler.history.sql import first_word
from reconciler.history.subject import CHECK, Subject
from reconciler.history.tables import answers, runs, spells, subjects
from tests.support.recorded import WEB, Sweeps, rows


@pytest.fixture
def losing(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Lose the word of each commit that is named in the list, after it was made."""
    lost: list[str] = []
    commit: Callable[[DefaultDialect, Any], None] = DefaultDialect.do_commit

    def do_commit(self: DefaultDialect, connection: Any) -> None:
        commit(self, connection)
        if not lost:
            return
        lost.pop()
        if database.is_sqlite:
            raise sqlite3.OperationalError('database is locked')
        # What is asked next finds that the server went away.
        own: psycopg.Connection = connection.dbapi_connection
        with psycopg.connect(own.info.dsn, autocommit=True) as other:
            other.execute('SELECT pg_terminate_backend(%s, 5000)', [own.info.backend_pid])
        own.execute('SELECT 1')

    monkeypatch.setattr(DefaultDialect, 'do_commit', do_commit)
    yield lost
    assert not lost


def test_a_sweep_whose_word_was_lost_is_counted_once(
    database: Database, losing: list[str]
) -> None:
    sweeps = Sweeps(database)
    sweeps.see(0)
    losing.append('the word')
    sweeps.see(1, Health.FAIL)
    assert [row.sweeps for row in rows(database, spells)] == [2]
    # Of two looks in a row one was seen yet: it does not count.
    assert {row.settled for row in rows(database, runs)} == {'passed'}


def test_what_it_changed_is_told_to_who_tries_again(database: Database, losing: list[str]) -> None:
    sweeps = Sweeps(database)
    told: list[Recorded] = [sweeps.see(0)]
    for minute in (1, 2, 3):
        losing.extend(['once', 'and again'])
        told.append(sweeps.see(minute, Health.FAIL, facts={WEB: {'charm': f'web-{minute}'}}))
    assert [row.sweeps for row in rows(database, spells)] == [4]
    flips = {flip.subject: (flip.before, flip.after) for flip in told[2].flips}
    assert flips[WEB] == (Health.PASSED, Health.FAIL)
    assert [change.sentence for change in told[3].changes] == ['web: charm web-2 -> web-3']
    assert told[0].first
    assert not told[1].first


def test_the_first_sweep_of_a_model_is_one_as_well(database: Database, losing: list[str]) -> None:
    Sweeps(database, 'lab:other', 'uuid-2').see(0)
    losing.append('the word')
    assert Sweeps(database).see(1).first
    assert [row.sweeps for row in rows(database, spells)] == [1, 1]


def test_answers_are_kept_for_as_long_as_somebody_may_ask(database: Database) -> None:
    sweeps = Sweeps(database)
    for minute in range(0, 60, 5):
        sweeps.see(minute)
    assert len(rows(database, answers)) == 4


def test_a_database_has_the_same_parts(database: Database) -> None:
    names = ('', 'web/0', 'web/0 disk', 'web/0 a b', ' led', 'ends ', 'ünï cödé', "it's")
    Sweeps(database).sweep(0, {Subject(CHECK, name): Look(Health.PASSED) for name in names})
    wanted = select(subjects.c.kind, subjects.c.name, first_word(subjects.c.name))
    with database.reading() as connection:
        for kind, name, part in connection.execute(wanted).all():
            assert part == part_of(Subject(kind, name))
