"""How the last run of a schedule went: a small file that the run writes, and `show` reads."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from charm.kernel.fields import format_time, parse_time
from charm.kernel.files import read_whole, write_whole


@dataclass(frozen=True)
class LastRun:
    """One run.

    Attributes:
        began: when (UTC).
        ended: when; `None` while it runs, and for ever if it was killed.
        exit_code: that of the sweep.
        said: why it could not be made; empty if it could.
    """

    began: datetime
    ended: datetime | None = None
    exit_code: int | None = None
    said: str = ''

    def end(self, at: datetime, exit_code: int, said: str = '') -> LastRun:
        """Return it ended."""
        return replace(self, ended=at, exit_code=exit_code, said=said)


def write(path: Path, run: LastRun) -> None:
    """Write how it went.

    Raises:
        FileError: it cannot be written.
    """
    document = {
        'began': format_time(run.began),
        'ended': format_time(run.ended),
        'exit_code': run.exit_code,
        'said': run.said,
    }
    write_whole(path, f'{json.dumps(document)}\n'.encode(), 0o600)


def read(path: Path) -> LastRun | None:
    """Return how it went; `None` if there was no run yet, or the file says nothing of use.

    Raises:
        FileError: it cannot be read, for example since it is another user's.
    """
    content = read_whole(path)
    try:
        found = json.loads(content or b'')
        ended = parse_time(found['ended']) if found['ended'] else None
        code = found['exit_code']
        return LastRun(
            parse_time(found['began']),
            ended,
            code if isinstance(code, int) else None,
            str(found['said']),
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
