"""A real PostgreSQL server of this test run, and databases in it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.support.patience import PATIENCE

_PACKAGED = '/usr/lib/postgresql'
# The server refuses to be root's, and whoever is not root runs it as oneself.
_AS_NOBODY = ('setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups')
_USER = 'tests'


def _program(name: str) -> str | None:
    packaged = sorted(Path(_PACKAGED).glob(f'*/bin/{name}'))
    return str(packaged[-1]) if packaged else shutil.which(name)


def why_no_postgresql() -> str:
    """Return why there can be no server; empty if there can."""
    return '' if _program('initdb') and _program('postgres') else 'needs Debian’s postgresql'


@dataclass
class PostgresServer:
    """A server of one directory, asked through a socket in it."""

    directory: Path
    process: subprocess.Popen[bytes] | None = None
    made: int = field(default=0)

    def url(self, name: str) -> str:
        return f'postgresql://{_USER}@/{name}?host={self.directory}'

    def new_database(self) -> str:
        """Make an empty database, and return its URL."""
        self.made += 1
        name = f'history{self.made}'
        with self._connected() as connection:
            connection.execute(f'CREATE DATABASE {name}'.encode())
        return self.url(name)

    def begin(self) -> None:
        """Initialise the directory, and start."""
        if os.geteuid() == 0:
            shutil.chown(self.directory, 'nobody', 'nogroup')
        initdb = [*_as(), _program('initdb'), '-D', f'{self.directory}/data', '-U', _USER]
        options = ('-A', 'trust', '--no-sync', '--encoding=UTF8', '--locale=C.UTF-8')
        subprocess.run(
            [*map(str, initdb), *options],
            check=True,
            capture_output=True,
            timeout=PATIENCE,
            cwd=self.directory,
        )
        self.start()

    def start(self) -> None:
        """Start, and wait until it answers."""
        # What a process that is killed wrote, the kernel keeps: only power cuts need a flush.
        settings = ('listen_addresses=', 'fsync=off', f'unix_socket_directories={self.directory}')
        words = [word for setting in settings for word in ('-c', setting)]
        with (self.directory / 'log').open('ab') as log:
            self.process = subprocess.Popen(
                [*_as(), str(_program('postgres')), '-D', f'{self.directory}/data', *words],
                stdout=log,
                stderr=log,
                cwd=self.directory,
            )
        end = time.monotonic() + PATIENCE
        while not self._answers():
            assert self.process.poll() is None, (self.directory / 'log').read_text()
            assert time.monotonic() < end, 'PostgreSQL does not answer'
            time.sleep(0.05)

    def stop(self, number: int = signal.SIGINT) -> None:
        """End it: by SIGINT at once, with every connection cut."""
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(PATIENCE)

    def _answers(self) -> bool:
        try:
            with self._connected():
                return True
        except psycopg.OperationalError:
            return False

    def _connected(self) -> psycopg.Connection:
        return psycopg.connect(self.url('postgres'), autocommit=True)


def _as() -> tuple[str, ...]:
    return _AS_NOBODY if os.geteuid() == 0 else ()


@contextmanager
def postgresql() -> Iterator[PostgresServer]:
    """Run a server within the block."""
    # The directories of tests are their user's alone, and the path of a socket is short.
    with tempfile.TemporaryDirectory(prefix='history-', dir='/tmp') as directory:
        server = PostgresServer(Path(directory))
        server.begin()
        try:
            yield server
        finally:
            server.stop()
