"""What the kernel said of late: its log, which on most machines root alone may read."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

from ..kernel.facts import dataclass
from ..kernel.hints import Callable, Iterator, List

KERNEL_LOG = Path('/dev/kmsg')
# More than the largest buffer that a kernel can be given by `log_buf_len` on a sane machine.
_MOST_BYTES = 32 * 1024 * 1024
_RECORD_BYTES = 8192


@dataclass(frozen=True)
class KernelLine:
    """One record: how long ago it was written, and its text as the kernel wrote it."""

    age_seconds: float
    text: str


def read_recent(
    within_seconds: float,
    source: Path = KERNEL_LOG,
    now: Callable[[], float] = time.monotonic,
) -> List[KernelLine]:
    """Return the records not older than this, oldest first; those dropped by then are not there.

    Raises:
        OSError: it may not be read, or is not there, as in most containers.
    """
    lines = []
    for line in _read(source).decode('utf-8', 'replace').split('\n'):
        # level,sequence,microseconds since boot,flags;text (Documentation/ABI/testing/dev-kmsg)
        prefix, _semicolon, text = line.partition(';')
        fields = prefix.split(',')
        if len(fields) >= 3 and fields[2].isdigit():
            age = now() - int(fields[2]) / 1e6
            if age <= within_seconds:
                lines.append(KernelLine(max(age, 0.0), text))
    return lines


def _read(source: Path) -> bytes:
    file = os.open(str(source), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return b''.join(_records(file))
    finally:
        os.close(file)


def _records(file: int) -> Iterator[bytes]:
    left = _MOST_BYTES
    while left > 0:
        try:
            record = os.read(file, _RECORD_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            # The kernel has overwritten the next record meanwhile; the one after it is there.
            if error.errno == errno.EPIPE:
                continue
            raise
        if not record:
            return
        left -= len(record)
        yield record
