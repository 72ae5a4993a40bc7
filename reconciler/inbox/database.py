"""The door to the inbox's database: SQLite, in which what is committed survives a power cut.

It is `<root>/reports.d/reports.db`, with a log of its own that readers read as well (WAL), so that
a commit flushes one file, and nobody waits for a reader. A directory of its own, since a database
is several files: one that is corrupt is set aside by one rename, and what can still be read of it
goes into a new one.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import threading
import weakref
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from charm.kernel.deadline import Deadline
from charm.kernel.errors import FileError
from charm.kernel.files import flush_directory, locked, set_aside

_VERSION = 1
_LOCK_SECONDS = 10.0
_TABLES = ('units', 'boots', 'reports')
# `units`: each unit's latest boot, the highest sequence in it, how many boots there were, how many
# bytes its reports have, and the last of them that was dropped.
_SCHEMA = """
BEGIN;
CREATE TABLE log (tag TEXT NOT NULL);
CREATE TABLE units (
    id INTEGER PRIMARY KEY, model TEXT NOT NULL, unit TEXT NOT NULL, boot_id TEXT NOT NULL,
    sequence INTEGER NOT NULL, boots INTEGER NOT NULL, bytes INTEGER NOT NULL,
    dropped INTEGER NOT NULL, UNIQUE (model, unit)
);
CREATE TABLE boots (
    unit INTEGER NOT NULL, digest BLOB NOT NULL, PRIMARY KEY (unit, digest)
) WITHOUT ROWID;
CREATE TABLE reports (
    id INTEGER PRIMARY KEY AUTOINCREMENT, unit INTEGER NOT NULL, received_at TEXT NOT NULL,
    sent_at TEXT, report BLOB NOT NULL
);
CREATE INDEX reports_of_unit ON reports (unit);
INSERT INTO log VALUES (hex(randomblob(4)));
PRAGMA user_version = 1;
COMMIT;
"""
_log = logging.getLogger('juju_health.receive')


class CorruptError(FileError):
    """SQLite finds the database corrupt, or to be none."""


@contextlib.contextmanager
def _told(path: Path, doing: str) -> Generator[None, None, None]:
    """Within the block, tell SQLite's errors as ours.

    Raises:
        CorruptError: the file makes no sense.
        FileError: any other error.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        # A subclass says what cannot be done; the class itself that the file is at fault.
        kind = CorruptError if type(error) is sqlite3.DatabaseError else FileError
        raise kind(f'cannot {doing} {path}: {error}') from error
    except OSError as error:
        raise FileError(f'cannot {doing} {path}: {error.strerror or error}') from error


@dataclass
class _Opened:
    """A connection, and which file it leads to; none before the first use."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    file: tuple[int, int] | None = None
    close: Callable[[], object] = lambda: None
    connection: sqlite3.Connection | None = None


class Database:
    """The database; safe to use from several threads and processes."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._directory = root / 'reports.d'
        self.path = self._directory / 'reports.db'
        # What is read waits for no commit.
        self._reader, self._writer = _Opened(), _Opened()

    @contextlib.contextmanager
    def reading(self) -> Generator[sqlite3.Connection | None, None, None]:
        """Yield a connection to read from, in one state of the database; `None` if there is none.

        Raises:
            FileError: it cannot be read.
        """
        with self._reader.lock, _told(self.path, 'read'):
            connection = self._current(self._reader)
            if connection is None:
                yield None
                return
            connection.execute('BEGIN')
            try:
                yield connection
            finally:
                connection.rollback()

    @contextlib.contextmanager
    def writing(self) -> Generator[sqlite3.Connection, None, None]:
        """Yield a connection to write to; when the block is left, all of it survives a power cut.

        If it is left by an error, nothing is written. The database is made if need be.

        Raises:
            CorruptError: it is corrupt; see `replace`.
            FileError: it cannot be written, for example since the disk is full.
        """
        with self._writer.lock, _told(self.path, 'write'):
            # It may have been removed or set aside: what is written to it then would be lost.
            connection = self._current(self._writer) or self._make()
            connection.execute('BEGIN IMMEDIATE')
            try:
                yield connection
                connection.execute('COMMIT')
            finally:
                connection.rollback()

    def replace(self) -> None:
        """Set a corrupt database aside, say so, and go on with what can be read of it.

        Where another process has done so meanwhile, nothing is left to do.

        Raises:
            FileError: that cannot be done.
        """
        with self._writer.lock, _told(self.path, 'replace'):
            with locked(self._directory, Deadline.after(_LOCK_SECONDS)):
                ours, there = self._writer.file, _identity(self.path)
                self._writer.close()
                self._writer.connection = None
                if there is None or there != ours:
                    return
                aside = set_aside(self._directory)
                _log.error('%s is corrupt, and is set aside as %s', self.path, aside)
            kept = _salvage(aside / self.path.name, self._make())
            _log.error('%d of its reports could be read, and are kept', kept)

    def _current(self, opened: _Opened) -> sqlite3.Connection | None:
        """Return the connection to the file that is there now; `None` if there is none."""
        there = _identity(self.path)
        if opened.connection is None or there != opened.file:
            opened.close()
            opened.connection = None
            if there is not None:
                self._open(opened, there)
        return opened.connection

    def _open(self, opened: _Opened, there: tuple[int, int]) -> None:
        connection = sqlite3.connect(
            f'{self.path.absolute().as_uri()}?mode=rw',
            uri=True,
            timeout=_LOCK_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        opened.file, opened.close = there, weakref.finalize(self, connection.close)
        connection.execute('PRAGMA synchronous = FULL')
        (version,) = connection.execute('PRAGMA user_version').fetchone()
        if version != _VERSION:
            opened.close()
            raise FileError(f'cannot use {self.path}: it is of version {version}, not {_VERSION}')
        opened.connection = connection

    def _make(self) -> sqlite3.Connection:
        """Return a connection to write to, having made the database if there is none."""
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(self._directory, Deadline.after(_LOCK_SECONDS)):
            if _identity(self.path) is None:
                self._directory.mkdir(mode=0o700, exist_ok=True)
                new = self.path.with_suffix('.new')
                new.unlink(missing_ok=True)
                with contextlib.closing(sqlite3.connect(new, isolation_level=None)) as made:
                    made.executescript(_SCHEMA)
                    made.execute('PRAGMA journal_mode = WAL')
                os.replace(new, self.path)
                for directory in (self._directory, self._root, self._root.parent):
                    flush_directory(directory)
            connection = self._current(self._writer)
        if connection is None:
            raise FileError(f'cannot find {self.path}, which was there a moment ago')
        return connection


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _salvage(path: Path, into: sqlite3.Connection) -> int:
    """Copy what can be read of a corrupt database, and return how many reports that is."""
    into.execute('BEGIN IMMEDIATE')
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as old:
        for table in _TABLES:
            for row in _rows(old, table):
                marks = ', '.join('?' * len(row))
                into.execute(f'INSERT OR IGNORE INTO {table} VALUES ({marks})', row)  # noqa: S608
    # Whose they are is lost, and the numbers of units that are lost are given out again.
    for table in ('boots', 'reports'):
        into.execute(f'DELETE FROM {table} WHERE unit NOT IN (SELECT id FROM units)')  # noqa: S608
    into.execute(
        'UPDATE units SET bytes = (SELECT coalesce(sum(length(report)), 0) FROM reports '
        'WHERE reports.unit = units.id)'
    )
    (kept,) = into.execute('SELECT count(*) FROM reports').fetchone()
    into.execute('COMMIT')
    return int(kept)


def _rows(old: sqlite3.Connection, table: str) -> Iterator[tuple[object, ...]]:
    """Yield what can be read of a table, some of it twice.

    It is read from both ends, so that a bad place costs no more than what is in it.
    """
    for order in ('ASC', 'DESC'):
        try:
            yield from old.execute(f'SELECT * FROM {table} ORDER BY 1 {order}')  # noqa: S608
            return
        except sqlite3.DatabaseError as error:
            _log.error('a part of its %s cannot be read: %s', table, error)
