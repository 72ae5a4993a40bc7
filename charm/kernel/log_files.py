"""The agent's log: one JSON object a line, in numbered files that are never renamed.

A file is `agent-<generation>-<tag>.jsonl`. When it is full the next generation begins, and the
oldest are removed. Since names never move, a reader's cursor is a file's name and an offset, and
it loses nothing at a rotation. The tag is random: it tells the files of a log that was wiped and
begun anew from the old ones with the same numbers. `agent.jsonl` links to the newest, for people.

`read_since` is pure reading: it needs no agent, and takes no lock.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
from pathlib import Path

from .errors import FileError
from .facts import dataclass
from .hints import Any, List, Mapping, Optional, Tuple
from .pattern import pattern

LINK = 'agent.jsonl'
_NAME = pattern(r'agent-(?P<generation>[0-9]{8,18})-[0-9a-f]{8}\.jsonl')
_CHUNK_BYTES = 1024 * 1024
# A line holds one report, whose limit is 1 MiB, and its envelope; a longer one is not ours.
_LONGEST_LINE_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True)
class Cursor:
    """A place in the log that a reader has come to: so many bytes of that file.

    They are always a whole number of lines.
    """

    file: str
    offset: int

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Return the cursor that `str()` of one gave.

        Raises:
            ValueError: it is not a cursor.
        """
        file, _, offset = text.rpartition(':')
        if not _NAME.fullmatch(file) or not re.fullmatch('[0-9]{1,18}', offset):
            raise ValueError(f'{text[:80]!r} is not a cursor of the log')
        return cls(file, int(offset))

    def __str__(self) -> str:
        return f'{self.file}:{self.offset}'


@dataclass(frozen=True)
class Tail:
    """Lines of the log, and where to go on.

    Attributes:
        lines: whole lines, the oldest first, without their ends.
        cursor: where to go on; `None` while there is no log.
        gap: lines between the last cursor and these were removed before they were read.
        more: there is more to read now.
    """

    lines: Tuple[bytes, ...] = ()
    cursor: Optional[Cursor] = None
    gap: bool = False
    more: bool = False


def files_of(directory: Path) -> List[str]:
    """Return the names of the log's files, the oldest first; none if there is no directory."""
    try:
        names = os.listdir(directory)
    except FileNotFoundError:
        return []
    found = [
        (int(match['generation']), match[0]) for match in map(_NAME.fullmatch, names) if match
    ]
    return [name for _generation, name in sorted(found)]


def read_since(directory: Path, cursor: Optional[Cursor], most_bytes: int = _CHUNK_BYTES) -> Tail:
    """Return the lines after the cursor, or from the start of the log where it is `None`.

    At most `most_bytes` are read, save that one line is always read whole. A line that the writer
    has not finished is left for later; one that it never will, since it died, is left out.

    Raises:
        FileError: the log cannot be read.
    """
    try:
        return _read(directory, cursor, most_bytes)
    except OSError as error:
        raise FileError(f'cannot read the log in {directory}: {error.strerror}') from error


def _read(directory: Path, cursor: Optional[Cursor], most_bytes: int) -> Tail:
    # The list is taken first: a file that is not the last one in it will never grow again.
    names = files_of(directory)
    gap = cursor is not None and cursor.file not in names
    at = None if gap else cursor
    if at is not None:
        names = names[names.index(at.file) :]
    lines: List[bytes] = []
    room = most_bytes
    for name in names:
        start = at.offset if at is not None and at.file == name else 0
        try:
            if start > os.stat(directory / name).st_size:
                # Somebody cut the file short: what it holds now is not what we had read.
                start, gap = 0, True
            while room > 0:
                data = _whole_lines(directory / name, start, room)
                if not data:
                    break
                lines += data.split(b'\n')[:-1]
                start += len(data)
                room -= len(data)
                at = Cursor(name, start)
        except FileNotFoundError:
            # It was removed, being the oldest, after we listed it.
            gap = True
        if room <= 0:
            return Tail(tuple(lines), at, gap, more=True)
    return Tail(tuple(lines), at, gap)


def _whole_lines(path: Path, start: int, room: int) -> bytes:
    """Return whole lines from `start`, about `room` bytes of them; nothing if there are none."""
    with open(path, 'rb') as file:
        file.seek(start)
        data = file.read(room)
        if data and b'\n' not in data:
            data += file.readline(_LONGEST_LINE_BYTES)
    return data[: data.rfind(b'\n') + 1]


class LogWriter:
    """The one writer of a log.

    Args:
        directory: where; made if need be.
        file_bytes: how large a file may become.
        files: how many are kept, the newest included.
    """

    def __init__(self, directory: Path, file_bytes: int, files: int) -> None:
        self._directory = directory
        self._file_bytes = file_bytes
        self._files = max(files, 2)
        self._descriptor = -1
        self._size = 0
        # How many lines could not be written so far, and how many of those were said.
        self.lost = 0
        self._said = 0
        self._torn = False
        # A full disk must not keep the agent from checking: write() tries again.
        with contextlib.suppress(OSError):
            self._resume()

    def write(self, entry: Mapping[str, Any]) -> bool:
        """Append one line, and return whether it could be; a lost line is counted and said later.

        The line is written by one call, so that readers and `kill -9` see all of it or a part
        that has no line end.
        """
        line = json.dumps(entry, allow_nan=False, separators=(',', ':')).encode() + b'\n'
        unsaid = self.lost - self._said
        if unsaid:
            said = json.dumps({'kind': 'lost', 'lines': unsaid}).encode() + b'\n'
            if not self._append(said):
                self.lost += 1
                return False
            self._said = self.lost
        if not self._append(line):
            self.lost += 1
            return False
        return True

    def sync(self) -> None:
        """Have what was written survive a power cut.

        Raises:
            OSError: it may not.
        """
        if self._descriptor >= 0:
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _append(self, line: bytes) -> bool:
        try:
            if self._descriptor < 0:
                self._resume()
            if self._size and self._size + len(line) > self._file_bytes:
                self._begin_next()
            data = b'\n' + line if self._torn else line
            written = os.write(self._descriptor, data)
            if written < len(data):
                self._cut_back()
                return False
        except OSError:
            return False
        self._torn = False
        self._size += written
        return True

    def _cut_back(self) -> None:
        """Take back a part of a line; if even that fails, the next line begins with a line end."""
        try:
            os.ftruncate(self._descriptor, self._size)
        except OSError:
            self._torn = True
            self._size = os.fstat(self._descriptor).st_size

    def _resume(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        names = files_of(self._directory)
        if not names:
            self._begin_next()
            return
        self._open(names[-1])
        self._size = os.fstat(self._descriptor).st_size
        if self._size:
            with open(self._directory / names[-1], 'rb') as file:
                file.seek(-1, os.SEEK_END)
                self._torn = file.read(1) != b'\n'
        self._point_link(names[-1])

    def _begin_next(self) -> None:
        names = files_of(self._directory)
        newest = _NAME.fullmatch(names[-1]) if names else None
        generation = int(newest['generation']) + 1 if newest else 1
        name = f'agent-{generation:08d}-{secrets.token_hex(4)}.jsonl'
        self._open(name)
        self._size, self._torn = 0, False
        self._point_link(name)
        for old in [*names, name][: -self._files]:
            with contextlib.suppress(OSError):
                os.unlink(self._directory / old)

    def _open(self, name: str) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        descriptor = os.open(self._directory / name, flags, 0o640)
        self.close()
        self._descriptor = descriptor

    def _point_link(self, name: str) -> None:
        """Make `agent.jsonl` lead to the newest file; only people use it."""
        temporary = self._directory / f'.{LINK}.new'
        with contextlib.suppress(OSError):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
            os.symlink(name, temporary)
            os.replace(temporary, self._directory / LINK)
