"""Several who write at once, and a server that is started anew between and during writes."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, insert, select

from charm.kernel.deadline import Deadline
from charm.kernel.report import Health
from reconciler.history.database import Database
from reconciler.history.errors import HistoryBusy, HistoryError
from reconciler.history.examine import examine
from reconciler.history.tables import models, runs, spells
from tests.support.databases import PostgresServer
from tests.support.patience import PATIENCE
from tests.support.recorded import BEGIN, DAY, Sweeps, rows

NOW = round(BEGIN.timestamp() * 1000) + 10 * DAY
_WRITERS, _SWEEPS = 4, 12


def write_many(url: str, number: int) -> None:
    """Record sweeps of a model that is one's own, and of one that all have."""
    own = Sweeps(Database(url), f'lab:own-{number}', f'uuid-{number}')
    shared = Sweeps(Database(url), 'lab:shared', 'uuid-shared')
    for minute in range(_SWEEPS):
        own.see(minute)
        shared.see(minute, Health.PASSED if number % 2 else Health.FAIL)


def test_several_writers_at_once_lose_nothing(history_url: str) -> None:
    # Into nothing: they make the tables as well.
    context = multiprocessing.get_context('spawn')
    writers = [
        context.Process(target=write_many, args=(history_url, number))
        for number in range(_WRITERS)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(PATIENCE)
    assert [writer.exitcode for writer in writers] == [0] * _WRITERS
    database = Database(history_url)
    found = {kept.model.name: kept for kept in examine(database, NOW).models}
    assert examine(database, NOW).faults == ()
    assert len(found) == _WRITERS + 1
    assert found['lab:shared'].sweeps == _WRITERS * _SWEEPS
    assert all(found[f'lab:own-{number}'].sweeps == _SWEEPS for number in range(_WRITERS))


def test_who_reads_sees_one_state_while_another_writes(database: Database) -> None:
    sweeps = Sweeps(database)
    sweeps.see(0)
    with database.reading() as connection:
        before = connection.execute(select(spells.c.sweeps)).scalars().all()
        sweeps.see(1)
        if database.is_sqlite:
            assert connection.execute(select(spells.c.sweeps)).scalars().all() == before
    assert [row.sweeps for row in rows(database, spells)] == [2]


def test_a_server_that_was_started_anew_between_two_sweeps(postgres: PostgresServer) -> None:
    sweeps = Sweeps(Database(postgres.new_database()))
    sweeps.see(0)
    for number in (signal.SIGINT, signal.SIGQUIT):
        postgres.stop(number)
        postgres.start()
        sweeps.see(1)
    assert sum(row.sweeps for row in rows(sweeps.database, spells)) == 3


def broken_at(postgres: PostgresServer, step: Callable[[], None]) -> list[int]:
    """Return how often a transaction was begun that is broken off once, by the end of its server.

    It adds a model; `step` ends the server in the middle of it.
    """
    database = Database(postgres.new_database())
    Sweeps(database).see(0)
    tries: list[int] = []

    def work(connection: Connection) -> None:
        tries.append(len(tries))
        connection.execute(insert(models), {'uuid': 'x', 'name': 'lab:added'})
        if len(tries) == 1:
            step()

    database.write(work, Deadline.after(PATIENCE))
    assert [row.name for row in rows(database, models)] == ['lab:prod', 'lab:added']
    return tries


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGQUIT])
def test_a_server_that_ends_in_the_middle_of_a_sweep_is_waited_for(
    postgres: PostgresServer, number: signal.Signals
) -> None:
    def restart() -> None:
        postgres.stop(number)
        postgres.start()

    assert len(broken_at(postgres, restart)) == 2


def test_a_server_that_is_away_for_a_while_is_waited_for(postgres: PostgresServer) -> None:
    later = threading.Timer(1.0, postgres.start)

    def stop() -> None:
        postgres.stop()
        later.start()

    assert len(broken_at(postgres, stop)) == 2
    later.join()


def test_a_server_that_stays_away_is_told_of_without_its_password(
    postgres: PostgresServer,
) -> None:
    url = postgres.new_database().replace('//tests@', '//tests:secret@')
    sweeps = Sweeps(Database(url))
    sweeps.see(0)
    postgres.stop()
    try:
        with pytest.raises(HistoryBusy, match='cannot write') as told:
            sweeps.database.write(lambda connection: None, Deadline.after(0.5))
        with pytest.raises(HistoryError):
            rows(sweeps.database, runs)
    finally:
        postgres.start()
    assert 'secret' not in f'{told.value}{sweeps.database.name}'


def test_what_a_server_keeps_locked_is_waited_for_until_the_deadline(
    postgres: PostgresServer,
) -> None:
    url = postgres.new_database()
    sweeps = Sweeps(Database(url))
    sweeps.see(0)

    def locked(connection: Connection) -> None:
        connection.execute(select(models.c.id).with_for_update())
        with pytest.raises(HistoryBusy, match='lock timeout'):
            Database(url).write(
                lambda other: other.execute(select(models.c.id).with_for_update()).all(),
                Deadline.after(0.2),
            )

    sweeps.database.write(locked, Deadline.after(PATIENCE))
    sweeps.see(1)
