"""The tables: made anew, brought up to date from every earlier version, or refused in words."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, create_engine, func, insert, select, text

from charm.kernel.deadline import Deadline
from reconciler.history import database as door
from reconciler.history.database import Database
from reconciler.history.dialects import parsed
from reconciler.history.errors import HistoryError, OldHistory
from reconciler.history.incident_tables import incidents
from reconciler.history.migrations import LATEST, VERSIONS
from reconciler.history.tables import runs
from reconciler.history.upgrade import upgrade
from tests.support.patience import PATIENCE
from tests.support.recorded import Sweeps, rows

metadata = incidents.metadata


def differences(database: Database) -> list[object]:
    """Return how the tables differ from those that are declared."""
    with database.reading() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))


def filled(connection: Connection) -> dict[str, int]:
    """Write a row into every table, whatever columns it has, and return how many each has."""
    there = MetaData()
    there.reflect(connection)
    own = [table for table in there.sorted_tables if table.name != 'alembic_version']
    for table in own:
        values = {
            # Every key is that of the one row before.
            column.name: 1 if column.type.python_type in (int, float) else 'x'
            for column in table.columns
            if column.name != 'id'
        }
        connection.execute(insert(table), values)
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in own
    }


def stamp(database: Database, version: str) -> None:
    """Have the tables say that they are of that version."""
    database.write(
        lambda connection: connection.execute(
            text('UPDATE alembic_version SET version_num = :new'), {'new': version}
        ),
        Deadline.after(PATIENCE),
    )


def test_tables_that_are_made_are_those_that_are_declared(database: Database) -> None:
    assert database.upgrade() == ('', LATEST)
    assert database.upgrade() == (LATEST, LATEST)
    assert differences(database) == []


@pytest.mark.parametrize('version', VERSIONS)
def test_an_earlier_version_is_brought_up_to_date_with_all_that_is_in_it(
    database: Database, history_url: str, version: str
) -> None:
    if database.path:
        database.path.parent.mkdir()
    engine = create_engine(parsed(history_url))
    with engine.begin() as connection:
        upgrade(connection, version)
        before = filled(connection)
    engine.dispose()
    assert database.upgrade() == (version, LATEST)
    assert differences(database) == []
    after = {name: len(rows(database, table)) for name, table in metadata.tables.items()}
    assert {name: after.get(name) for name in before} == before
    Sweeps(database).see(0)


@pytest.fixture
def older(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Give a history that says it is of an earlier version."""
    Sweeps(database).see(0)
    stamp(database, '0000')
    monkeypatch.setattr(door, 'VERSIONS', ('0000', *VERSIONS))
    return database


def test_an_earlier_version_is_read_by_nobody(older: Database, history_url: str) -> None:
    anew = Database(history_url)
    with pytest.raises(OldHistory, match=f'it is of version 0000, not {LATEST}') as told:
        rows(anew, runs)
    assert told.value.advice.command == 'reconcile-health history upgrade'
    if older.path is None:
        # Others may use the server's, with the version that made it.
        with pytest.raises(OldHistory):
            Sweeps(anew).see(1)


def test_a_newer_version_is_refused_in_words(database: Database, history_url: str) -> None:
    Sweeps(database).see(0)
    stamp(database, '9999')
    anew = Database(history_url)
    said = 'a newer reconcile-health wrote it, of version 9999; use that one'
    for refused in (lambda: rows(anew, runs), lambda: Sweeps(anew).see(1), anew.upgrade):
        with pytest.raises(HistoryError, match=said):
            refused()


def test_a_database_of_something_else_is_left_alone(database: Database, history_url: str) -> None:
    if database.path:
        database.path.parent.mkdir()
    engine = create_engine(parsed(history_url))
    with engine.begin() as connection:
        connection.execute(text('CREATE TABLE customers (name TEXT)'))
    for refused in (
        lambda: rows(database, runs),
        lambda: Sweeps(database).see(1),
        database.upgrade,
    ):
        with pytest.raises(HistoryError, match='it is a database of something else'):
            refused()
    with engine.connect() as connection:
        there = MetaData()
        there.reflect(connection)
    engine.dispose()
    assert list(there.tables) == ['customers']


def test_who_reads_where_nothing_was_recorded_is_told_so(database: Database) -> None:
    with pytest.raises(HistoryError, match='no sweep was recorded'):
        rows(database, runs)
