"""The live table: sweeps one after another in a thread, keys, and a screen that shows both."""

from __future__ import annotations

import io
import math
import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, suppress
from dataclasses import dataclass, field, replace

from reconciler.collect.collect import Progress
from reconciler.sweeps.fleet import Fleet
from reconciler.values.errors import ReconcilerError
from reconciler.values.readings import Snapshot

from .keys import read_keys
from .paint import painted
from .screen import Known, Look, Seen, frame
from .terminal import Terminal
from .view import Room, View, Wish, pressed, wish

Sweep = Callable[[Progress], Snapshot | Fleet]
# The screen is drawn no more often, however many keys or answers come.
_BETWEEN_SECONDS = 0.2
# How often it is looked whether an age has to be told anew.
_LOOK_SECONDS = 1.0
# From the end of one sweep to the start of the next, at least.
_BREATH_SECONDS = 1.0
# By then the rest of what a key sends has come, over a slow line too; else it was Escape.
_REST_SECONDS = 0.4


def _now() -> float:
    """Return the seconds since boot: those that the machine slept count, as what we saw ages."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass
class Session:
    """One live table, from its first sweep to its end.

    Attributes:
        terminal: where it is shown.
        sweep: sweeps once, and tells its progress.
        every_seconds: from the start of one sweep to the start of the next.
        look: how it is drawn.
        title: the model's name, until a sweep has told it.
        last: what the last sweep found; `None` if it failed or none has ended.
    """

    terminal: Terminal
    sweep: Sweep
    every_seconds: float
    look: Look
    title: str
    last: Snapshot | Fleet | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._known = Known(self.title, due_at=_now())
        self._view = View()
        self._room = Room()
        self._came: queue.SimpleQueue[Snapshot | Fleet | Exception] = queue.SimpleQueue()
        self._progress: tuple[int, int] | None = None
        self._talk = io.StringIO()
        self._begun_key = ''
        self._lines: Sequence[str] | None = None
        self._drawn_at = 0.0

    def run(self) -> None:
        """Show it until the operator, or a signal, ends it.

        Raises:
            ReconcilerError: the first sweep's, if trying again cannot help.
        """
        # What a sweep says on stderr would be written into the table.
        with suppress(KeyboardInterrupt), self.terminal.taken(), redirect_stderr(self._talk):
            while self._goes_on():
                pass

    def _goes_on(self) -> bool:
        """Do what is to be done now, and wait for more; return whether it goes on."""
        if self.terminal.stopped():
            self._lines = None
        if not self._view.paused and _now() >= self._known.due_at:
            self._begin()
        self._draw()
        return all(map(self._press, self._keys()))

    def _begin(self) -> None:
        if not self._known.sweeping:
            due_at = _now() + self.every_seconds
            self._known = replace(self._known, sweeping=True, due_at=due_at)
            self._progress = None
            threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        """Sweep once, in a thread of its own."""
        try:
            self._came.put(self.sweep(self._note_progress))
        except Exception as error:  # noqa: BLE001 - the boundary: who waits for it raises it
            self._came.put(error)
        self.terminal.bell.ring()

    def _note_progress(self, known: int, asked: int) -> None:
        self._progress = (known, asked)

    def _take_what_came(self) -> None:
        try:
            came = self._came.get_nowait()
        except queue.Empty:
            return
        talk = self._talk.getvalue().splitlines()
        self._talk.truncate(self._talk.seek(0))
        due_at = max(self._known.due_at, _now() + _BREATH_SECONDS)
        known = replace(self._known, sweeping=False, told=tuple(talk), due_at=due_at)
        if isinstance(came, Exception):
            if not isinstance(came, ReconcilerError) or not (known.seen or came.retryable):
                raise came
            self.last, self._known = None, replace(known, told=came.lines)
            return
        found = came.merged() if isinstance(came, Fleet) else came
        seen = Seen(known.seen.first if known.seen else found, found)
        self.last, self._known = came, replace(known, seen=seen, seen_at=_now())

    def _draw(self) -> None:
        if _now() < self._drawn_at + _BETWEEN_SECONDS:
            return
        known = replace(self._known, progress=self._progress)
        drawn = frame(known, self._view, self.look, self.terminal.size, _now())
        self._room = drawn.room
        if drawn.lines != self._lines:
            self.terminal.write(painted(self._lines, drawn.lines))
            self._lines, self._drawn_at = drawn.lines, _now()

    def _keys(self) -> Sequence[str]:
        """Wait, and return the keys that were pressed meanwhile."""
        began = _now()
        typed = self.terminal.read(_REST_SECONDS if self._begun_key else self._pause_seconds())
        self._take_what_came()
        ended = not typed and _now() >= began + _REST_SECONDS
        keys, self._begun_key = read_keys(self._begun_key + typed, ended)
        return keys

    def _pause_seconds(self) -> float:
        """Return how long nothing is to be done, if nobody presses a key."""
        free_at = self._drawn_at + _BETWEEN_SECONDS
        if _now() < free_at:
            return free_at - _now()
        waits = not (self._view.paused or self._known.sweeping)
        return max(0.0, min(_LOOK_SECONDS, self._known.due_at - _now() if waits else math.inf))

    def _press(self, key: str) -> bool:
        """Do what the key is for; return whether it goes on."""
        wanted = wish(self._view, key)
        if wanted is Wish.SWEEP:
            self._begin()
        elif wanted is Wish.REDRAW:
            self._lines = None
        else:
            self._view = pressed(self._view, key, self._room)
        return wanted is not Wish.QUIT
