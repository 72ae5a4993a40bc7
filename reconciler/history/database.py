"""The door to the history's database: SQLite with nothing to set up, or a PostgreSQL server.

What `write` has returned from is there after a power cut. SQLite keeps a log of its own that
readers read as well (WAL), so that nobody waits for a reader. One that is corrupt is set aside,
and a new one begun: of what was, nothing is deleted.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, TypeVar

import tenacity
from sqlalchemy import Connection, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from charm.kernel.deadline import Deadline
from charm.kernel.errors import FileError
from charm.kernel.files import set_aside

from ..values.by_name import load
from .errors import CorruptHistory, HistoryBusy, HistoryError, OldHistory
from .migrations import LATEST, VERSIONS

_Made = TypeVar('_Made')
# How long one waits for another who writes; that takes milliseconds.
_LOCK_SECONDS = 10.0
_CONNECT_SECONDS = 10
# Held while a server's tables are made or changed; any number does that nobody else has.
_UPGRADING = 7_404_001
_log = logging.getLogger('juju_health.history')


class Database:
    """The database; every error of it is a `HistoryError`.

    Attributes:
        name: where it is, without a password.
    """

    def __init__(self, url: str) -> None:
        """Take `sqlite:///PATH` or `postgresql://…`; nothing is opened yet.

        Raises:
            HistoryError: it is neither, or what speaks to it is not installed.
        """
        self._url = _parsed(url)
        self.name = self._url.render_as_string(hide_password=True)
        self.path = Path(self._url.database or '') if self._is_sqlite else None
        if self.path:
            self.name = str(self.path)
        try:
            self._engine = create_engine(
                self._url,
                # A file is opened for each use, as it may have been set aside meanwhile.
                **{'poolclass': NullPool} if self._is_sqlite else {'pool_pre_ping': True},
                connect_args=self._arguments(),
            )
        except ImportError as error:
            wanted = "pip install 'juju-health[postgresql]'"
            raise HistoryError(f'cannot use {self.name}: {error}; {wanted}') from error
        if self._is_sqlite:
            event.listen(self._engine, 'connect', _as_we_begin)
            event.listen(self._engine, 'begin', _begin)
        self._sound = False

    @property
    def _is_sqlite(self) -> bool:
        return self._url.get_backend_name() == 'sqlite'

    def _arguments(self) -> dict[str, Any]:
        if self._is_sqlite:
            return {'timeout': _LOCK_SECONDS}
        return {'connect_timeout': _CONNECT_SECONDS, 'application_name': 'juju-health'}

    @property
    def exists(self) -> bool:
        """Return whether something is there to read; of a server only asking it can tell."""
        return self.path is None or self.path.exists()

    def write(self, work: Callable[[Connection], _Made], until: Deadline) -> _Made:
        """Return what `work` does in one transaction, begun anew when its server was away.

        When this returns, all of it survives a power cut; when it raises, nothing was written. The
        tables are made if there are none.

        Raises:
            HistoryBusy: it could not be had in time.
            HistoryError: it cannot be written, for example since the disk is full.
        """
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda error: isinstance(error, HistoryBusy)),
            stop=lambda state: until.passed,
            wait=tenacity.wait_random_exponential(multiplier=0.2, max=2),
            reraise=True,
        )
        for attempt in retrying:
            with attempt:
                return self._write(work)
        raise AssertionError('tenacity ended without an answer or an error')

    def _write(self, work: Callable[[Connection], _Made]) -> _Made:
        try:
            self._make_ready()
            with self._told('write'), self._begun(immediate=True) as connection:
                return work(connection)
        except CorruptHistory as error:
            # A second one in a row is no accident of this file.
            self._replace(error)
            self._make_ready()
            with self._told('write'), self._begun(immediate=True) as connection:
                return work(connection)

    @contextlib.contextmanager
    def reading(self) -> Generator[Connection]:
        """Yield a connection to read from, in one state of the database.

        Raises:
            OldHistory: its tables are of an earlier version.
            HistoryError: there is none, or it cannot be read.
        """
        if not self.exists:
            raise HistoryError(f'cannot find a history in {self.name}: no sweep was recorded')
        with self._told('read'), self._begun(immediate=False) as connection:
            if not self._sound:
                self._refuse_version(self.version(connection))
                self._sound = True
            yield connection

    def upgrade(self) -> tuple[str, str]:
        """Bring the tables up to date, and return of which version they were and now are.

        Raises:
            HistoryError: they are of a newer one, or cannot be changed.
        """
        if self.path:
            self._make_directory(self.path.parent)
        with self._told('upgrade'):
            with self._begun(immediate=True) as connection:
                if not self._is_sqlite:
                    connection.execute(text(f'SELECT pg_advisory_xact_lock({_UPGRADING})'))
                before = self.version(connection)
                if before and before not in VERSIONS:
                    self._refuse_version(before)
                if before != LATEST:
                    load('reconciler.history.upgrade:upgrade')(connection)
            if self._is_sqlite:
                # It is kept in the file, and cannot be set within a transaction.
                with contextlib.closing(self._engine.raw_connection()) as connection:
                    connection.cursor().execute('PRAGMA journal_mode = WAL')
        return before, LATEST

    def version(self, connection: Connection) -> str:
        """Return of which version the tables are; empty for a database without any.

        Raises:
            HistoryError: they are not those of a history.
        """
        there = inspect(connection).get_table_names()
        if 'alembic_version' not in there:
            if there:
                raise HistoryError(f'cannot use {self.name}: it is a database of something else')
            return ''
        found = connection.execute(text('SELECT version_num FROM alembic_version')).scalar()
        return str(found or '')

    def _make_ready(self) -> None:
        """See to it that the tables are there, and of this version.

        SQLite's are upgraded, since they are this user's alone; a server's when somebody says so,
        as others may still use them.
        """
        if self._sound and self.exists:
            return
        found = ''
        if self.exists:
            with self._told('read'), self._begun(immediate=False) as connection:
                found = self.version(connection)
        if found != LATEST:
            if found and not self._is_sqlite:
                self._refuse_version(found)
            self.upgrade()
        self._sound = True

    def _refuse_version(self, found: str) -> None:
        if found == LATEST:
            return
        if not found:
            raise HistoryError(f'cannot find a history in {self.name}: no sweep was recorded')
        if found in VERSIONS:
            raise OldHistory(f'cannot use {self.name}: it is of version {found}, not {LATEST}')
        raise HistoryError(
            f'cannot use {self.name}: a newer reconcile-health wrote it, of version {found}; '
            'use that one'
        )

    @contextlib.contextmanager
    def _begun(self, *, immediate: bool) -> Generator[Connection]:
        options = {'immediate': immediate}
        with self._engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def _told(self, doing: str) -> Generator[None]:
        """Within the block, tell the database's errors as ours."""
        try:
            yield
        except DBAPIError as error:
            raise self._meant(doing, error) from error
        except OSError as error:
            raise HistoryError(f'cannot {doing} {self.name}: {error.strerror or error}') from error

    def _meant(self, doing: str, error: DBAPIError) -> HistoryError:
        said = ' '.join(str(error.orig).split())
        message = f'cannot {doing} {self.name}: {said}'
        if self._is_sqlite:
            # A subclass says what cannot be done; the class itself that the file is at fault.
            if type(error.orig) is sqlite3.DatabaseError:
                return CorruptHistory(message)
            return (HistoryBusy if 'is locked' in said else HistoryError)(message)
        away = error.connection_invalidated or _is_passing(error.orig)
        return (HistoryBusy if away else HistoryError)(message)

    def _replace(self, error: CorruptHistory) -> None:
        """Set the corrupt file aside with its log, and say so; the next write makes a new one.

        Raises:
            HistoryError: that cannot be done.
        """
        path = self.path
        if path is None:
            raise error
        self._engine.dispose()
        self._sound = False
        try:
            # A log without its file is nothing, but a new file must never meet an old log.
            for name in (f'{path.name}-wal', f'{path.name}-shm'):
                if path.with_name(name).exists():
                    set_aside(path.with_name(name))
            aside = set_aside(path)
        except FileError as fault:
            raise HistoryError(f'{error}; and {fault}') from fault
        _log.error('%s; it is now %s, and a new one is begun', error, aside)

    @staticmethod
    def _make_directory(directory: Path) -> None:
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            reason = error.strerror or error
            raise HistoryError(f'cannot make {directory}: {reason}') from error


def _parsed(url: str) -> URL:
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


def _as_we_begin(connection: sqlite3.Connection, record: object) -> None:
    """Leave it to us when a transaction begins: the driver begins none for tables."""
    connection.isolation_level = None
    connection.execute('PRAGMA synchronous = FULL')
    connection.execute('PRAGMA foreign_keys = ON')


def _begin(connection: Connection) -> None:
    # Who will write says so at once: two who read first could wait for each other.
    immediate = connection.get_execution_options().get('immediate')
    connection.exec_driver_sql('BEGIN IMMEDIATE' if immediate else 'BEGIN')


def _is_passing(error: BaseException | None) -> bool:
    """Return whether a server's error is one of the moment, by its SQLSTATE's class.

    08 is a connection that failed, 40 a transaction that gave way to another, 53 want of
    resources, 55 something in use, 57 a server that shuts down; without any, none was reached.
    """
    state = getattr(error, 'sqlstate', None)
    if state is None:
        return type(error).__name__ == 'OperationalError'
    return str(state)[:2] in ('08', '40', '53', '55', '57')
