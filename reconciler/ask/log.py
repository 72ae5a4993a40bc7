"""Ask for agents' logs: all that was logged since the last sweep, so that no history is missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from charm.kernel.deadline import Deadline
from charm.kernel.errors import FileError, HealthError
from charm.kernel.log_files import Cursor
from charm.kernel.report_json import encode

from .base import Asker, MachineAnswer
from .frames import Request, UnitAnswer
from .log_chunk import BY_LOG, read_chunk
from .log_store import LogStore

# A first sweep may find a log of many chunks; what this leaves is read by the next one.
MOST_ROUNDS = 64
# What the agent's client exits with when there is nothing to be had.
_NOTHING_EXIT = 3


@dataclass(frozen=True)
class LogAsker:
    """Asks, and reaps the logs in the answers: chunk by chunk, each kept before the next is asked.

    The `asker` is who is asked; requests for anything but logs are passed on to it.
    """

    asker: Asker
    store: LogStore

    @property
    def name(self) -> str:
        """Return the asker's name."""
        return self.asker.name

    def ask(self, target: str, requests: Sequence[Request], deadline: Deadline) -> MachineAnswer:
        """Ask until there is nothing more, or the deadline has passed."""
        answers = [UnitAnswer() for _ in requests]
        waiting = {index: self._going_on(request) for index, request in enumerate(requests)}
        came = MachineAnswer(())
        for _ in range(MOST_ROUNDS):
            asked = [request for request, _since in waiting.values()]
            came = self.asker.ask(target, asked, deadline)
            more = {}
            for (index, told), answer in zip(waiting.items(), came.answers, strict=True):
                answers[index], goes_on = self._reap(*told, answer, answers[index])
                if goes_on:
                    more[index] = self._going_on(requests[index])
            if came.fault is not None or not more or deadline.passed:
                break
            waiting = more
        return replace(came, answers=tuple(answers))

    def _going_on(self, request: Request) -> tuple[Request, Cursor | None]:
        """Return the request with where to go on, and that cursor."""
        if request.by != BY_LOG:
            return request, None
        try:
            cursor = self.store.kept(request.unit).cursor
        except FileError:
            return request, None  # Keeping what comes will fail for the same reason, and say so.
        if cursor is None:
            return request, None
        words = (*request.arguments, '--cursor', str(cursor))
        return replace(request, arguments=words), cursor

    def _reap(
        self, request: Request, since: Cursor | None, answer: UnitAnswer, before: UnitAnswer
    ) -> tuple[UnitAnswer, bool]:
        """Return the answer with the newest report for its stdout, and whether there is more."""
        if request.by != BY_LOG or answer.exit_code != 0 or not answer.complete:
            # What an earlier chunk held is an answer all the same.
            return (before if before.complete else answer), False
        try:
            chunk = read_chunk(answer.stdout)
            kept = self.store.keep(request.unit, since, chunk, datetime.now(timezone.utc))
            text = b'' if kept.latest is None else encode(kept.latest).encode()
        except (HealthError, ValueError, RecursionError) as error:
            return _nothing(str(error)), False
        if not text:
            return _nothing('its log holds no report of this unit'), chunk.more
        held = kept.held_seconds(chunk)
        return UnitAnswer(text, b'', 0, True, held_seconds=held, by=BY_LOG), chunk.more


def _nothing(reason: str) -> UnitAnswer:
    return UnitAnswer(b'', reason.encode(), _NOTHING_EXIT, complete=True)
