"""What Juju's agents write into machine-lock.log: each hook and action of a machine, at its end.

They hold one lock a machine while one runs, so a hook that never ends silences all its units. A
line, with the time of the machine's own zone, is one of (Juju's core/machinelock, 2.4 to 4.0)::

    2026-11-30 10:04:31 unit-web-0: web/0 uniter (run update-status hook), waited 0s, held 2s
    2026-11-30 10:04:31 === agent unit-web-0 started ===
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from ..kernel.facts import dataclass
from ..kernel.hints import Collection, Dict, Iterator, Optional
from ..kernel.pattern import pattern

LOG = Path('/var/log/juju/machine-lock.log')
_LINE = pattern(
    r'(?P<at>[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}) '
    r'(?:=== agent (?P<started>[a-z0-9-]+) started|(?P<tag>[a-z0-9-]+): (?P<what>[^\n]*), waited )'
)
_UPDATE_STATUS = 'run update-status hook'


@dataclass(frozen=True)
class LastRuns:
    """What an agent of a unit has done last; times are seconds since the epoch.

    Attributes:
        at: when it wrote its last line.
        what: the last hook or action that has ended, such as `run config-changed hook`.
        update_status_at: when an `update-status` hook has ended last, or since when none has.
    """

    at: float
    what: str
    update_status_at: float


def read_last_runs(tags: Collection[str], log: Path = LOG) -> Dict[str, LastRuns]:
    """Return what the log has last of each of these agents, by tags such as `unit-web-0`.

    Raises:
        OSError: it cannot be read.
    """
    content = log.read_bytes()
    found = {tag: _last_runs(content, tag) for tag in tags}
    return {tag: runs for tag, runs in found.items() if runs is not None}


def _last_runs(content: bytes, tag: str) -> Optional[LastRuns]:
    found = None
    for line in _lines_backwards(content, tag.encode()):
        match = _LINE.match(line)
        if match is None or tag not in (match['tag'], match['started']):
            continue
        at = _seconds(match['at'])
        if at is None:
            continue
        # The worker stands before its parentheses, which may have others in them.
        what = (match['what'] or '').partition('(')[2][:-1]
        later = found or LastRuns(at, '', at)
        found = LastRuns(later.at, later.what or what, at)
        # Before its agent was started nobody ran anything.
        if match['started'] or what == _UPDATE_STATUS:
            break
    return found


def _lines_backwards(content: bytes, word: bytes) -> Iterator[str]:
    """Yield the lines with a word in them, the last one first.

    The log has up to 10 MiB, and mostly its end tells all.
    """
    at = content.rfind(word)
    while at >= 0:
        start, stop = content.rfind(b'\n', 0, at) + 1, content.find(b'\n', at)
        yield content[start : stop if stop >= 0 else len(content)].decode('utf-8', 'replace')
        at = content.rfind(word, 0, start)


def _seconds(text: str) -> Optional[float]:
    """Return a moment of this machine's zone; the later one of an hour that comes twice."""
    try:
        here = datetime.strptime(text, '%Y-%m-%d %H:%M:%S')  # noqa: DTZ007 - our own zone
        return here.replace(fold=1).timestamp()
    except (ValueError, OverflowError):
        return None
