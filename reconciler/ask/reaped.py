"""The reports in a log that was reaped, read from its end."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from charm.kernel.errors import FileError, ReportError
from charm.kernel.log_files import files_of

from ..values.freshness import DatedReport
from ..values.typed_report import decode
from .log_chunk import BY_LOG

_BLOCK_BYTES = 64 * 1024


class _Line(msgspec.Struct):
    """What counts of a line as `log_store` keeps it; its `at` is the unit's."""

    kind: str
    received_at: datetime
    report: msgspec.Raw


_DECODER = msgspec.json.Decoder(_Line)


def reports_in(log: Path, unit: str) -> Generator[DatedReport]:
    """Yield the unit's reports in the directory `log`, the last that was written first.

    How long each was held before it came is not told. What cannot be read as one is left out, and
    the same report may be there twice.

    Raises:
        FileError: the log cannot be read.
    """
    try:
        for name in reversed(files_of(log)):
            for line in _from_the_end(log / name):
                found = _read(line)
                if found is not None and found.report.unit == unit:
                    yield found
    except FileNotFoundError:
        return  # The oldest file goes when there is a newer one.
    except OSError as error:
        raise FileError(f'cannot read the log in {log}: {error.strerror}') from error


def _read(line: bytes) -> DatedReport | None:
    # Most lines are results.
    if b'"report"' not in line:
        return None
    try:
        found = _DECODER.decode(line)
        if found.kind != 'report' or found.received_at.tzinfo is None:
            return None
        return DatedReport(decode(bytes(found.report)), found.received_at, None, BY_LOG)
    except (msgspec.MsgspecError, RecursionError, ReportError):
        return None


def _from_the_end(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file, the last one first; only what is wanted of them is read."""
    with open(path, 'rb') as file:
        end, rest = file.seek(0, os.SEEK_END), b''
        while end > 0:
            start = max(end - _BLOCK_BYTES, 0)
            file.seek(start)
            rest, *lines = (file.read(end - start) + rest).split(b'\n')
            yield from reversed(lines)
            end = start
        yield rest
