"""Reports on their way to the orchestrator, kept on disk until it has them.

One file a report, written whole or not at all, named by the order they were made in. What was
begun when we were killed is swept up at the next start. When the spool is full the oldest reports
that changed nothing go first, so that the newest and every change of state survive, in order.

On a full disk three things help, in turn: room kept for that hour is given back, reports that
changed nothing make way, and what still cannot be written is held in memory and tried again.
A report sent twice is harmless: the receiver knows it by its boot and sequence.
"""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from pathlib import Path
from typing import Callable, Dict, Iterable, List, Optional, Tuple

from ...kernel.errors import FileError, ReportError
from ...kernel.facts import dataclass
from ...kernel.files import set_aside, write_whole
from ...kernel.report_json import decode
from .spool_files import Reserve, SpoolFile, index

HELD_MOST = 256
_OWNER = 'owner'
_MOST_ASIDE = 10
_MOST_ATTEMPTS = 10
_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class SpooledReport:
    """One report that waits, a line of JSON without its end; `order` grows."""

    order: int
    report: bytes


@dataclass(frozen=True)
class Depth:
    """The depth of a spool.

    Attributes:
        reports: how many wait.
        size_bytes: their size.
        held: how many of them could not be written to disk and are in memory only.
        dropped: how many that changed nothing have made way, since the start.
        dropped_changes: how many changes of state had to, since nothing else was left.
    """

    reports: int
    size_bytes: int
    held: int
    dropped: int
    dropped_changes: int


class Spool:
    """The spool of one unit; safe to use from several threads of one process.

    Args:
        directory: where; made if need be. One process at a time may use it.
        most_bytes: how large it may become.
        most_reports: how many it may hold.
        owner: the model they are of, if it is said: what is of another one is thrown away.
        say: is told while what is in the directory cannot be listed. Until it can, reports are
            held in memory and none is handed out: those on disk come first.
    """

    def __init__(
        self,
        directory: Path,
        most_bytes: int,
        most_reports: int,
        owner: str = '',
        say: Callable[[str], None] = lambda _message: None,
    ) -> None:
        self._directory = directory
        self._most_bytes = most_bytes
        self._most_reports = max(most_reports, 1)
        self._lock = threading.Lock()
        self._kept: Dict[int, SpoolFile] = {}
        self._dropped = 0
        self._dropped_changes = 0
        self._order = 0
        self._owner = owner
        self._say = say
        self._trouble: Optional[str] = ''
        self._reserve = Reserve(directory / 'reserve')
        self._open()

    def put(self, report: bytes, change: bool) -> None:
        """Keep a report, on disk if at all possible; `change` says that something changed."""
        with self._lock:
            self._order += 1
            self._kept[self._order] = SpoolFile(len(report), change, report)
            self._make_room()
            self._settle()

    def oldest(self, most_bytes: int, most: int) -> Tuple[SpooledReport, ...]:
        """Return the oldest reports, in order; at least one if there is one, however large.

        A file that cannot be read as a report is set aside, and is not in the answer.
        """
        found: List[SpooledReport] = []
        size = 0
        with self._lock:
            if not self._open():
                return ()
            for order in list(self._kept):
                kept = self._kept[order]
                if found and (len(found) >= most or size + kept.size_bytes > most_bytes):
                    break
                try:
                    report = kept.held if kept.held is not None else self._read(order, kept)
                except OSError:
                    # Too many open files, or a bad disk: it stays, and so does the order.
                    break
                if report is None:
                    del self._kept[order]
                    continue
                found.append(SpooledReport(order, report))
                size += kept.size_bytes
        return tuple(found)

    def drop(self, orders: Iterable[int]) -> None:
        """Forget the reports that the orchestrator has, and try again to write what is held."""
        with self._lock:
            for order in orders:
                self._remove(order)
            self._settle()

    @property
    def depth(self) -> Depth:
        """Return how full it is."""
        with self._lock:
            kept = list(self._kept.values())
            return Depth(
                len(kept),
                sum(report.size_bytes for report in kept),
                sum(report.held is not None for report in kept),
                self._dropped,
                self._dropped_changes,
            )

    def _open(self) -> bool:
        """Take in what an earlier agent left, once; return whether that has been done."""
        if self._trouble is None:
            return True
        with contextlib.suppress(OSError):
            self._directory.mkdir(parents=True, mode=0o700, exist_ok=True)
        try:
            found = index(self._directory)
        except OSError as error:
            trouble = f'cannot list {self._directory}: {error.strerror}'
            if trouble != self._trouble:
                self._say(f'{trouble}; nothing is shipped from it until it can be')
            self._trouble = trouble
            return False
        if self._trouble:
            self._say(f'{self._directory} can be listed again')
        self._trouble = None
        held = list(self._kept.values())
        self._kept = found
        self._belong_to(self._owner)
        # What is in memory was made after all that is on disk.
        first = max(self._kept, default=0) + 1
        self._kept.update(enumerate(held, first))
        self._order = first + len(held) - 1
        self._make_room()
        self._settle()
        return True

    def _belong_to(self, owner: str) -> None:
        """Throw away what a unit of the same name left here that was of another model."""
        path = self._directory / _OWNER
        try:
            found = path.read_text('utf-8', 'replace').strip()
        except OSError:
            found = ''
        if not owner or found == owner:
            return
        if found:
            for order in list(self._kept):
                self._remove(order)
        with contextlib.suppress(FileError):
            write_whole(path, f'{owner}\n'.encode(), 0o600)

    def _settle(self) -> None:
        """Write what is held in memory, the oldest first, until the disk refuses."""
        if not self._open():
            return
        for order in [order for order, kept in self._kept.items() if kept.held is not None]:
            if order in self._kept and not self._write(order):
                return
        self._reserve.keep()

    def _write(self, order: int) -> bool:
        """Write one report; on a full disk make room for it, in turn, and try again."""
        kept = self._kept[order]
        for _attempt in range(_MOST_ATTEMPTS):
            try:
                write_whole(self._directory / kept.name(order), kept.held or b'', 0o600)
            except FileError as error:
                full = getattr(error.__cause__, 'errno', None) in _FULL
                # Giving things up helps against a full disk only, not against a broken one.
                if full and (self._reserve.release() or self._drop_oldest(order, held=False)):
                    continue
                return False
            self._kept[order] = SpoolFile(kept.size_bytes, kept.change)
            return True
        return False

    def _make_room(self) -> None:
        """Drop until the spool is within its bounds, never the newest."""
        while len(self._kept) > 1 and self._over():
            if not self._drop_oldest(self._order):
                self._drop_change(next(iter(self._kept)))
        while len(self._held()) > HELD_MOST:
            if not self._drop_oldest(self._order, held=True):
                self._drop_change(self._held()[0])

    def _held(self) -> List[int]:
        return [order for order, kept in self._kept.items() if kept.held is not None]

    def _over(self) -> bool:
        size = sum(kept.size_bytes for kept in self._kept.values())
        return size > self._most_bytes or len(self._kept) > self._most_reports

    def _drop_change(self, order: int) -> None:
        self._remove(order)
        self._dropped_changes += 1

    def _drop_oldest(self, before: int, held: Optional[bool] = None) -> bool:
        """Drop the oldest report before `before` that changed nothing; `False` if there is none.

        `held` says whether it has to be one in memory, or one on disk; `None` is either.
        """
        for order, kept in self._kept.items():
            if order >= before:
                return False
            if not kept.change and held in (None, kept.held is not None):
                self._remove(order)
                self._dropped += 1
                return True
        return False

    def _remove(self, order: int) -> None:
        kept = self._kept.pop(order, None)
        if kept is not None and kept.held is None:
            with contextlib.suppress(OSError):
                os.unlink(self._directory / kept.name(order))

    def _read(self, order: int, kept: SpoolFile) -> Optional[bytes]:
        path = self._directory / kept.name(order)
        try:
            report = path.read_bytes()
            decode(report)
        except FileNotFoundError:
            return None
        except ReportError:
            self._set_aside(path)
            return None
        return report

    def _set_aside(self, path: Path) -> None:
        with contextlib.suppress(OSError, FileError):
            aside = [name for name in os.listdir(self._directory) if '.corrupt-' in name]
            if len(aside) < _MOST_ASIDE:
                set_aside(path)
            else:
                path.unlink()
