"""The terminal while it shows a live table; whatever happens, it is then as it was before."""

from __future__ import annotations

import codecs
import contextlib
import os
import select
import signal
import termios
from collections.abc import Iterator
from types import FrameType

from charm.kernel.wakeup import Wakeup

from .paint import ENTER, LEAVE
from .screen import Size

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_NOTED = (signal.SIGWINCH, signal.SIGTSTP)
# A terminal that does not know how large it is, such as a serial line, says 0.
_STANDARD = Size(80, 24)
# How long a terminal that takes nothing, such as a dead connection's, may keep us from ending.
_LAST_SECONDS = 1.0
_INPUT_FLAGS, _LOCAL_FLAGS = 0, 3  # Where termios has them.


class Terminal:
    """A terminal that shows a screen of ours, and is read key by key.

    Whatever ends us, a signal or that the terminal has gone, is a KeyboardInterrupt.

    Attributes:
        bell: whoever rings it ends a wait.
    """

    def __init__(self, keys: int | None, screen: int, encoding: str) -> None:
        self.bell = Wakeup()
        self._keys, self._screen, self._encoding = keys, screen, encoding
        self._decoder = codecs.getincrementaldecoder('utf-8')('ignore')
        self._before = None if keys is None else termios.tcgetattr(keys)
        self._to_stop = self._leaving = False

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """Within the block the screen is ours."""
        before = {number: signal.signal(number, self._note) for number in _NOTED}
        before.update({number: signal.signal(number, self._end) for number in _ENDING})
        try:
            self._enter()
            yield
        finally:
            self._leaving = True
            self._leave()
            for number, handler in before.items():
                signal.signal(number, handler)

    @property
    def size(self) -> Size:
        """Return how large it is now."""
        found = os.get_terminal_size(self._screen)
        return Size(found.columns, found.lines) if all(found) else _STANDARD

    def write(self, text: str) -> None:
        """Write all of the text, in ASCII as far as the terminal's encoding lacks it."""
        data = text.encode(self._encoding, 'marks')
        try:
            while data:
                data = data[os.write(self._screen, data) :]
        except OSError as error:
            raise KeyboardInterrupt from error

    def read(self, seconds: float) -> str:
        """Return what was typed, empty if nothing is within so many seconds or the bell rings."""
        poll = select.poll()
        poll.register(self.bell, select.POLLIN)
        if self._keys is not None:
            poll.register(self._keys, select.POLLIN)
        ready = {number for number, _event in poll.poll(seconds * 1000)}
        self.bell.hush()
        if self._keys not in ready:
            return ''
        try:
            data = os.read(self._keys, 4096)
        except OSError as error:
            raise KeyboardInterrupt from error
        if not data:
            raise KeyboardInterrupt
        return self._decoder.decode(data)

    def stopped(self) -> bool:
        """Stop if Ctrl-Z was pressed; return, once we go on, whether we did."""
        if not self._to_stop:
            return False
        self._to_stop = False
        self._leave()
        handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        # To this thread, so that it goes no further before.
        signal.raise_signal(signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, handler)
        self._enter()
        return True

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._to_stop |= number == signal.SIGTSTP
        self.bell.ring()

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        # One while we leave comes too late, and must not keep us from it.
        if not self._leaving:
            raise KeyboardInterrupt

    def _enter(self) -> None:
        if self._keys is not None:
            mode = termios.tcgetattr(self._keys)
            mode[_LOCAL_FLAGS] &= ~(termios.ECHO | termios.ICANON)
            # Ctrl-S would hold us up.
            mode[_INPUT_FLAGS] &= ~termios.IXON
            termios.tcsetattr(self._keys, termios.TCSANOW, mode)
        self.write(ENTER)

    def _leave(self) -> None:
        with contextlib.suppress(OSError, termios.error):
            if self._keys is not None and self._before is not None:
                termios.tcflush(self._keys, termios.TCIFLUSH)
                termios.tcsetattr(self._keys, termios.TCSANOW, self._before)
        with contextlib.suppress(OSError):
            if select.select([], [self._screen], [], _LAST_SECONDS)[1]:
                os.write(self._screen, LEAVE.encode())
