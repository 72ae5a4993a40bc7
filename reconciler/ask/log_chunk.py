"""What `health-agent log` prints: its lines, and where to go on; see `docs/agent-log.md`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from charm.kernel.log_files import Cursor

BY_LOG = 'agent log'
# What is asked for at once; one line that is longer comes whole.
CHUNK_BYTES = 1024 * 1024
LOG_CAP_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class LogChunk:
    """A piece of an agent's log, as `health-agent log` prints it.

    Attributes:
        lines: log lines, parsed, the oldest first.
        cursor: where to go on; `None` while there is no log.
        gap: lines were removed before they were read.
        more: there is more to read now.
        boot_id, uptime_seconds: of the far side when it answered; empty and `None` if unsaid.
    """

    lines: tuple[Mapping[str, Any], ...]
    cursor: Cursor | None
    gap: bool = False
    more: bool = False
    boot_id: str = ''
    uptime_seconds: float | None = None


def read_chunk(output: bytes) -> LogChunk:
    """Return what the output says; a log line that is no object is left out.

    Raises:
        ValueError: it does not end with a cursor.
    """
    *lines, last = output.strip().split(b'\n')
    end = _object(last)
    if end is None or end.get('kind') != 'cursor':
        raise ValueError('what came of its log does not end with a cursor')
    text = end.get('cursor')
    return LogChunk(
        lines=tuple(found for found in map(_object, lines) if found is not None),
        cursor=Cursor.parse(text) if isinstance(text, str) else None,
        gap=end.get('gap') is True,
        more=end.get('more') is True,
        boot_id=str(end.get('boot_id') or ''),
        uptime_seconds=_seconds(end.get('uptime')),
    )


def _seconds(value: Any) -> float | None:
    try:
        return float(value) if isinstance(value, (int, float)) else None
    except OverflowError:
        return None  # An integer of hundreds of digits.


def _object(line: bytes) -> Mapping[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
