"""One sweep of a model at a time, by a lock that is freed with its holder, however that ends.

The file holds who has the lock, for people: what it says decides nothing. It is never removed,
since one who waits for the removed file would hold another lock than one who comes later.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Generator
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import quote

from reconciler.values.errors import StillRuns, UsageError

# Of a file's name, which may have 255 bytes, so that more can be added to it.
_MOST = 200
_READ_BYTES = 200


def lock_path(state: Path, asked: str) -> Path:
    """Return the file of the lock for what is asked, such as a model, below a state directory."""
    name = quote(asked, safe='')
    if len(name) > _MOST:
        name = hashlib.sha256(asked.encode('utf-8', 'surrogateescape')).hexdigest()
    return state / 'sweeps' / f'{name}.lock'


@contextlib.contextmanager
def only_one(path: Path) -> Generator[None, None, None]:
    """Hold the lock within the block, and have the file say who does, and since when.

    Raises:
        StillRuns: somebody else holds it; with who, if that is said.
        UsageError: there can be no such file.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UsageError(f'cannot lock {path}: {error.strerror or error}') from error
    try:
        _take(descriptor, path)
        began = datetime.now(timezone.utc)
        _say(descriptor, f'{began:%Y-%m-%d %H:%M:%SZ} (process {os.getpid()})')
        try:
            yield
        finally:
            # Who comes next says nothing before it holds the lock; until then nobody is named.
            _say(descriptor, '')
    finally:
        os.close(descriptor)


def _take(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        who = os.pread(descriptor, _READ_BYTES, 0).decode('ascii', 'replace').strip()
        since = f' that began {who}' if who else ''
        raise StillRuns(f'cannot sweep: the sweep{since} still runs') from None
    except OSError as error:
        raise UsageError(f'cannot lock {path}: {error.strerror or error}') from error


def _say(descriptor: int, text: str) -> None:
    """Write who holds the lock; where the disk is full it is held all the same."""
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, text.encode(), 0)
