"""The door to the history's database: SQLite with nothing to set up, or a PostgreSQL server.

What `write` has returned from is there after a power cut. SQLite keeps a log of its own that
readers read as well (WAL), so that nobody waits for a reader. One that is corrupt is set aside,
and a new one begun: of what was, nothing is deleted.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, TypeVar

import tenacity
from sqlalchemy import Connection, create_engine, event, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from charm.kernel.deadline import Deadline
from charm.kernel.errors import FileError
from charm.kernel.files import set_aside

from ..values.by_name import load
from .dialects import Lock, alone, as_we_begin, begin, meant, parsed
from .errors import CorruptHistory, HistoryBusy, HistoryError, NoHistory, OldHistory
from .migrations import LATEST, VERSIONS

_Made = TypeVar('_Made')
# How long one waits for another who writes; that takes milliseconds.
_LOCK_SECONDS = 10.0
_CONNECT_SECONDS = 10
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
        self._url = parsed(url)
        self.name = self._url.render_as_string(hide_password=True)
        self.path = Path(self._url.database or '') if self.is_sqlite else None
        if self.path:
            self.name = str(self.path)
        try:
            # One is opened for each use: a file may have been set aside meanwhile, and a server
            # started anew.
            self._engine = create_engine(
                self._url, poolclass=NullPool, connect_args=self._arguments()
            )
        except ImportError as error:
            wanted = "pip install 'juju-health[postgresql]'"
            raise HistoryError(f'cannot use {self.name}: {error}; {wanted}') from error
        if self.is_sqlite:
            event.listen(self._engine, 'connect', as_we_begin)
            event.listen(self._engine, 'begin', begin)
        self._sound = False

    @property
    def is_sqlite(self) -> bool:
        """Return whether it is a file of SQLite, and no server's."""
        return self._url.get_backend_name() == 'sqlite'

    def _arguments(self) -> dict[str, Any]:
        if self.is_sqlite:
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
                return self._write(work, until)
        raise AssertionError('tenacity ended without an answer or an error')

    def _write(self, work: Callable[[Connection], _Made], until: Deadline) -> _Made:
        try:
            return self._write_once(work, until)
        except CorruptHistory as error:
            # A second one in a row is no accident of this file.
            self._replace(error)
            return self._write_once(work, until)

    def _write_once(self, work: Callable[[Connection], _Made], until: Deadline) -> _Made:
        self._make_ready()
        with self._told('write'), self._begun(immediate=True, until=until) as connection:
            return work(connection)

    @contextlib.contextmanager
    def reading(self) -> Generator[Connection]:
        """Yield a connection to read from, in one state of the database.

        Raises:
            NoHistory: there is none.
            OldHistory: its tables are of an earlier version.
            HistoryError: it cannot be read.
        """
        if not self.exists:
            raise NoHistory(f'cannot find a history in {self.name}: no sweep was recorded')
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
                alone(connection, Lock.UPGRADING)
                before = self.version(connection)
                if before and before not in VERSIONS:
                    self._refuse_version(before)
                if before != LATEST:
                    load('reconciler.history.upgrade:upgrade')(connection)
            if self.is_sqlite:
                # It is kept in the file.
                self._alone('PRAGMA journal_mode = WAL')
        return before, LATEST

    def compact(self) -> None:
        """Give back the space of rows that are gone: to the disk, or on a server to new rows.

        Raises:
            HistoryError: it cannot be, for example since the disk is too full for the copy.
        """
        with self._told('compact'):
            if self.is_sqlite:
                self._alone('VACUUM', 'PRAGMA wal_checkpoint(TRUNCATE)')
            else:
                self._alone('VACUUM ANALYZE')

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
            if found and not self.is_sqlite:
                self._refuse_version(found)
            self.upgrade()
        self._sound = True

    def _refuse_version(self, found: str) -> None:
        if found == LATEST:
            return
        if not found:
            raise NoHistory(f'cannot find a history in {self.name}: no sweep was recorded')
        if found in VERSIONS:
            raise OldHistory(f'cannot use {self.name}: it is of version {found}, not {LATEST}')
        raise HistoryError(
            f'cannot use {self.name}: a newer reconcile-health wrote it, of version {found}; '
            'use that one'
        )

    @contextlib.contextmanager
    def _begun(self, *, immediate: bool, until: Deadline | None = None) -> Generator[Connection]:
        left = until.remaining_seconds if until else _LOCK_SECONDS
        wait = round(min(left, _LOCK_SECONDS) * 1000)
        options = {'immediate': immediate, 'wait_milliseconds': max(wait, 1)}
        with self._engine.connect().execution_options(**options) as connection, connection.begin():
            if not self.is_sqlite:
                connection.exec_driver_sql(f'SET LOCAL lock_timeout = {max(wait, 1)}')
            yield connection

    def _alone(self, *statements: str) -> None:
        """Execute what cannot be within a transaction."""
        options: dict[str, Any] = {'isolation_level': 'AUTOCOMMIT', 'alone': True}
        with self._engine.connect().execution_options(**options) as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    @contextlib.contextmanager
    def _told(self, doing: str) -> Generator[None]:
        """Within the block, tell the database's errors as ours."""
        try:
            yield
        except DBAPIError as error:
            raise meant(doing, self.name, error) from error
        except OSError as error:
            raise HistoryError(f'cannot {doing} {self.name}: {error.strerror or error}') from error

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
