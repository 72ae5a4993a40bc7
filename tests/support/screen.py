"""A terminal for tests: a pseudoterminal with a program on it, and the screen that it draws.

The screen knows the control codes that we send and no other, so that one which we did not mean is
an error.
"""

from __future__ import annotations

import codecs
import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import unicodedata
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.cells import cell_len

from charm.kernel.deadline import Deadline
from tests.support.patience import PATIENCE

_PIECE = re.compile(r'\x1b\[(?P<codes>[?0-9;]*)(?P<end>[A-Za-z])|[^\x1b]')
_MODES = {'?1049': 'alternate', '?25': 'cursor', '?7': 'wraps'}


@dataclass
class Screen:
    """What a terminal shows, of the text that it was sent."""

    columns: int = 100
    rows: int = 24
    alternate: bool = False
    cursor: bool = True
    wraps: bool = True
    coloured: bool = False
    received: int = 0
    _cells: dict[tuple[int, int], str] = field(default_factory=dict)
    _at: tuple[int, int] = (0, 0)

    @property
    def lines(self) -> list[str]:
        """Return the text in each row, without the blanks behind it."""
        return [
            ''.join(self._cells.get((row, n), ' ') for n in range(self.columns)).rstrip()
            for row in range(self.rows)
        ]

    def text_is(self, lines: Sequence[str]) -> bool:
        """Return whether these are the lines, but for blanks and what takes no room."""

        def seen(line: str) -> str:
            return ''.join(one for one in line if one != ' ' and cell_len(one))

        return list(map(seen, self.lines)) == list(map(seen, lines))

    def take(self, text: str) -> None:
        """Show what is sent."""
        at = 0
        while at < len(text):
            piece = _PIECE.match(text, at)
            assert piece, f'the terminal was sent {text[at : at + 20]!r}'
            at = piece.end()
            if piece['end']:
                self._obey(piece['codes'], piece['end'])
            elif self.alternate:
                self._show(piece[0])

    def _obey(self, codes: str, end: str) -> None:
        if end in 'hl':
            setattr(self, _MODES[codes], end == 'h')
        elif end == 'H':
            row, column = map(int, codes.split(';'))
            self._at = row - 1, column - 1
            assert row <= self.rows
        elif (codes, end) == ('2', 'J'):
            self._cells.clear()
        elif (codes, end) == ('2', 'K'):
            for column in range(self.columns):
                self._cells.pop((self._at[0], column), None)
        else:
            assert end == 'm', f'the terminal was sent {codes}{end}'
            self.coloured |= codes != '0'

    def _show(self, character: str) -> None:
        row, column = self._at
        assert unicodedata.category(character) != 'Cc'
        assert not self.wraps
        if cell_len(character):
            self._cells[row, min(column, self.columns - 1)] = character
            self._at = row, column + cell_len(character)


class Terminal:
    """A program that runs on a terminal of its own, and that terminal."""

    def __init__(self, process: subprocess.Popen[bytes], own: int, other: int) -> None:
        self.process, self._own, self._other = process, own, other
        self.screen = Screen()
        self.mode_before = termios.tcgetattr(other)
        self._text = codecs.getincrementaldecoder('utf-8')()

    def type(self, text: str) -> None:
        """Press the keys."""
        os.write(self._own, text.encode())

    def resize(self, columns: int, rows: int) -> None:
        """Make the window as large as that."""
        _set_size(self._other, columns, rows)
        self.screen.columns, self.screen.rows = columns, rows

    def until(self, shown: Callable[[Screen], bool]) -> Screen:
        """Read what the program sends until that holds, and return the screen."""
        deadline = Deadline.after(PATIENCE)
        while not shown(self.screen):
            assert not deadline.passed, '\n'.join(self.screen.lines)
            self._read(deadline.remaining_seconds)
        return self.screen

    def until_told(self, *texts: str) -> Screen:
        """Read until all of the texts are on the screen."""
        return self.until(lambda screen: all(text in '\n'.join(screen.lines) for text in texts))

    def exit_code(self) -> int:
        """Read until the program has ended, and return its exit code."""
        deadline = Deadline.after(PATIENCE)
        while self.process.poll() is None:
            assert not deadline.passed, 'it does not end'
            self._read(0.05)
        self._read(0.0)
        return self.process.returncode

    def mode(self) -> list[Any]:
        """Return how the terminal is set now."""
        return termios.tcgetattr(self._other)

    def hang_up(self) -> None:
        """Close the window."""
        os.close(self._other)
        os.close(self._own)

    def _read(self, seconds: float) -> None:
        if select.select([self._own], [], [], seconds)[0]:
            data = os.read(self._own, 65536)
            self.screen.received += len(data)
            self.screen.take(self._text.decode(data))


@contextlib.contextmanager
def terminal(
    argv: Sequence[str], environment: Mapping[str, str] | None = None, **streams: Any
) -> Generator[Terminal, None, None]:
    """Run a program that has a terminal of its own, 100 columns wide; kill it at the end.

    `streams` are those that are not the terminal. Without it as stdin no key sends a signal.
    """
    own, other = pty.openpty()
    _set_size(other, 100, 24)
    process = subprocess.Popen(
        [*(() if 'stdin' in streams else ('setsid', '--ctty')), *argv],
        **{'stdin': other, 'stdout': other, 'stderr': other, **streams},
        env={**os.environ, 'TERM': 'xterm', **(environment or {})},
    )
    with process:
        try:
            yield Terminal(process, own, other)
        finally:
            process.kill()
            for descriptor in (own, other):
                with contextlib.suppress(OSError):
                    os.close(descriptor)


def _set_size(descriptor: int, columns: int, rows: int) -> None:
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
