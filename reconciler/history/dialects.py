"""What SQLite and PostgreSQL are told alike, and what they do differently: URLs, errors, space."""

from __future__ import annotations

import enum
import sqlite3

from sqlalchemy import Connection, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from .errors import CorruptHistory, HistoryBusy, HistoryError


class Lock(enum.IntEnum):
    """What only one may do at a time; any numbers do that nobody else has."""

    UPGRADING = 7_404_001
    STEPPING = 7_404_002
    CLAIMING = 7_404_003


def parsed(url: str) -> URL:
    """Return the URL with the driver that is used.

    Raises:
        HistoryError: it is none, or of a database that cannot keep a history.
    """
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, NoSuchModuleError, ValueError):
        # What it is may hold a password.
        raise HistoryError('cannot use the history: its database is not named by a URL') from None
    if backend == 'postgresql':
        return parsed.set(drivername='postgresql+psycopg')
    if backend != 'sqlite':
        raise HistoryError(
            f'cannot keep the history in {backend}: name sqlite:///PATH or postgresql://…'
        )
    if not parsed.database or parsed.database == ':memory:':
        raise HistoryError('cannot keep the history in memory: name sqlite:///PATH')
    return parsed


def as_we_begin(connection: sqlite3.Connection, record: object) -> None:
    """Leave it to us when a transaction begins: the driver begins none for tables."""
    connection.isolation_level = None
    connection.execute('PRAGMA synchronous = FULL')
    connection.execute('PRAGMA foreign_keys = ON')


def begin(connection: Connection) -> None:
    """Begin a transaction of SQLite, save for statements that are `alone`."""
    # Who will write says so at once: two who read first could wait for each other.
    options = connection.get_execution_options()
    if not options.get('alone'):
        wait = options.get('wait_milliseconds', 0)
        connection.exec_driver_sql(f'PRAGMA busy_timeout = {wait}')
        connection.exec_driver_sql('BEGIN IMMEDIATE' if options.get('immediate') else 'BEGIN')


def alone(connection: Connection, lock: Lock, of: str | None = None) -> None:
    """Keep others from the same, or the same of `of`, until the transaction's end.

    SQLite has one writer anyway.
    """
    if connection.dialect.name != 'postgresql':
        return
    held = ':lock' if of is None else ':lock, hashtext(:of)'
    connection.execute(text(f'SELECT pg_advisory_xact_lock({held})'), {'lock': lock, 'of': of})


def _is_passing(error: BaseException | None) -> bool:
    """Return whether a server's error is one of the moment, by its SQLSTATE's class.

    08 is a connection that failed, 40 a transaction that gave way to another, 53 want of
    resources, 55 something in use, 57 a server that shuts down; without any, none was reached.
    """
    state = getattr(error, 'sqlstate', None)
    if state is None:
        return type(error).__name__ == 'OperationalError'
    return str(state)[:2] in ('08', '40', '53', '55', '57')


def meant(doing: str, name: str, error: DBAPIError) -> HistoryError:
    """Return our error for one of the database that is called so."""
    said = ' '.join(str(error.orig).split())
    message = f'cannot {doing} {name}: {said}'
    if isinstance(error.orig, sqlite3.Error):
        # A subclass says what cannot be done; the class itself that the file is at fault.
        if type(error.orig) is sqlite3.DatabaseError:
            return CorruptHistory(message)
        return (HistoryBusy if 'is locked' in said else HistoryError)(message)
    away = error.connection_invalidated or _is_passing(error.orig)
    return (HistoryBusy if away else HistoryError)(message)
