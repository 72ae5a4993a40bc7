"""The door to files that must survive: written whole or not at all, locked, and never lost.

A write goes to a temporary file in the same directory, is flushed to disk, renamed over the old
one, and the directory is flushed too: after `kill -9`, a full disk or a power cut at any step
either the old content or the new one is there. What cannot be read is set aside, not overwritten.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from pathlib import Path

from .deadline import Deadline
from .errors import FileError
from .hints import Generator, Iterable, Optional

_POLL_SECONDS = 0.02


def write_whole(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Replace the file's content, atomically and durably; make its directory if need be.

    Raises:
        FileError: it cannot be written, for example since the disk is full; the old content stays.
    """
    write_pieces(path, (content,), mode)


def write_pieces(path: Path, pieces: Iterable[bytes], mode: int = 0o644) -> None:
    """Replace the file's content in the same way by what comes piece by piece.

    Whatever the pieces raise, the old content stays.

    Raises:
        FileError: as for `write_whole`.
    """
    # Imported late: most of who reads writes nothing.
    import tempfile

    temporary = ''
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=f'.{path.name}.', dir=path.parent)
        with os.fdopen(descriptor, 'wb') as file:
            os.fchmod(file.fileno(), mode)
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        temporary = ''
        flush_directory(path.parent)
    except OSError as error:
        raise FileError(f'cannot write {path}: {error.strerror or error}') from error
    finally:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def read_whole(path: Path) -> Optional[bytes]:
    """Return what the file holds; `None` if there is none.

    Raises:
        FileError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FileError(f'cannot read {path}: {error.strerror}') from error


def read_told(path: Path, most: int = -1) -> str:
    """Return what a file of a kernel or a program says, of `most` characters if that is not -1.

    That is nothing where there is no such file, or it is refused: who asks goes without it.
    """
    try:
        with open(path, encoding='utf-8', errors='replace') as file:
            return file.read(most)
    except OSError:
        return ''


def flush_directory(directory: Path) -> None:
    """Have the names in a directory survive a power cut.

    Raises:
        OSError: they may not.
    """
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def set_aside(path: Path) -> Path:
    """Rename a file that cannot be used to `<name>.corrupt-<UTC time>`, and return that path.

    Raises:
        FileError: it cannot be renamed.
    """
    stamp = time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())
    aside = path.with_name(f'{path.name}.corrupt-{stamp}')
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f'{path.name}.corrupt-{stamp}-{number}')
    try:
        os.rename(path, aside)
    except OSError as error:
        raise FileError(f'cannot set {path} aside: {error.strerror or error}') from error
    return aside


@contextlib.contextmanager
def locked(path: Path, deadline: Deadline) -> Generator[None, None, None]:
    """Hold the lock of `path`, kept in `<path>.lock`, which is never removed.

    The kernel frees the lock when its holder dies, so it is never stale.

    Raises:
        FileError: the lock cannot be had by the deadline.
    """
    name = path.with_name(f'{path.name}.lock')
    try:
        name.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise FileError(f'cannot lock {path}: {error.strerror or error}') from error
    try:
        _lock(descriptor, path, deadline, f'another process holds {name}')
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def locked_directory(path: Path, deadline: Deadline) -> Generator[None, None, None]:
    """Hold the lock of a directory itself, which leaves no file; none if it is not there.

    Raises:
        FileError: the lock cannot be had by the deadline.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield
        return
    except OSError as error:
        raise FileError(f'cannot lock {path}: {error.strerror or error}') from error
    try:
        _lock(descriptor, path, deadline, 'another process holds it')
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, path: Path, deadline: Deadline, else_: str) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except (BlockingIOError, InterruptedError):
            if deadline.passed:
                raise FileError(f'cannot lock {path}: {else_}') from None
        except OSError as error:
            raise FileError(f'cannot lock {path}: {error.strerror or error}') from error
        time.sleep(min(_POLL_SECONDS, deadline.remaining_seconds))
