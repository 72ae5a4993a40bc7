"""Many machines at once: an answer for every unit that gave one by the deadline.

One thread asks one machine, with its own timeout for each attempt; one machine costs only itself.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from charm.deadline import Deadline
from charm.gather import gather

from .ask import hook
from .ask.hook import Answer
from .errands import Errand
from .errors import ReconcilerError
from .reach.base import Reach, ReachError
from .retry import Budget, retrying

# What the connection, the login and the answer's way back may take beside the hooks themselves.
OVERHEAD_SECONDS = 15
# base64 and the frames around it.
_FRAMED = 1.5


@dataclass(frozen=True)
class Limits:
    """How hard to try.

    Attributes:
        workers: machines asked at once.
        timeout_seconds: for the hooks of one machine, in one attempt.
        attempts: tries per machine, for faults of the way only.
        retries: all retries of one sweep.
    """

    workers: int = 16
    timeout_seconds: int = 30
    attempts: int = 3
    retries: int = 50


@dataclass(frozen=True)
class Return:
    """What one errand brought back.

    Attributes:
        errand: which.
        answers: one per request, in order; incomplete ones where something went wrong.
        fault: what went wrong on the way; `None` if nothing did.
        duration_seconds: how long it took, retries and all.
        attempts: how often it was tried.
    """

    errand: Errand
    answers: tuple[Answer, ...]
    fault: ReachError | None
    duration_seconds: float
    attempts: int


def run_errands(
    errands: Sequence[Errand], reach: Reach, limits: Limits, deadline: Deadline
) -> Iterator[Return]:
    """Yield what each errand brought back, as it comes; those late for the deadline never do."""
    budget = Budget(limits.retries)
    calls: dict[int, Callable[[], Return]] = {
        index: _Runner(errand, reach, limits, deadline, budget).run
        for index, errand in enumerate(errands)
    }
    for done in gather(calls, deadline, limits.workers):
        if done.error is not None:
            raise done.error
        if done.value is not None:
            yield done.value


class _Runner:
    """One errand with its retries; answers that came in one attempt are kept over the next."""

    def __init__(
        self, errand: Errand, reach: Reach, limits: Limits, deadline: Deadline, budget: Budget
    ) -> None:
        self._errand = errand
        self._reach = reach
        self._limits = limits
        self._deadline = deadline
        self._budget = budget
        self._answers: dict[int, Answer] = {}
        self._attempts = 0

    def run(self) -> Return:
        started = time.monotonic()
        fault: ReachError | None = None
        try:
            retrying(self._attempt, self._deadline, self._budget, self._limits.attempts)
        except ReachError as error:
            fault = error
        except _Upgrading:
            pass  # No retry was left: the answer stands as it is, a missing hook.
        answers = tuple(
            self._answers.get(index, Answer()) for index in range(len(self._errand.asked))
        )
        return Return(self._errand, answers, fault, time.monotonic() - started, self._attempts)

    def _attempt(self, number: int) -> None:
        """Ask for what is still missing, and keep what comes.

        Raises:
            ReachError: something went wrong, and an answer is still missing.
        """
        self._attempts = number
        missing = [
            index
            for index in range(len(self._errand.asked))
            if index not in self._answers or not _final(self._answers[index])
        ]
        requests = [self._errand.asked[index].request for index in missing]
        nonce = secrets.token_hex(8)
        command = hook.command(requests, nonce, self._limits.timeout_seconds)
        cap_bytes = int(hook.STDOUT_CAP_BYTES * _FRAMED) * len(requests)
        attempt = self._deadline.within(self._limits.timeout_seconds + OVERHEAD_SECONDS)
        fault: ReachError | None = None
        try:
            output = self._reach.run(self._errand.target, command, attempt, cap_bytes).stdout
        except ReachError as error:
            fault, output = error, error.completed.stdout
        for index, answer in zip(missing, hook.read(output, nonce, len(requests)), strict=True):
            self._answers[index] = answer
        if fault is not None and not all(_final(answer) for answer in self._answers.values()):
            raise fault
        self._retry_upgrading(missing, number)

    def _retry_upgrading(self, missing: Sequence[int], number: int) -> None:
        """Ask once more for a shipped hook that is not there: Juju may be unpacking an upgrade."""
        for index in missing if number == 1 else ():
            answer = self._answers[index]
            lost = answer.exit_code in (hook.NOT_FOUND, hook.NOT_EXECUTABLE)
            if lost and self._errand.asked[index].shipped:
                self._answers[index] = replace(answer, complete=False)
                raise _Upgrading


def _final(answer: Answer) -> bool:
    return answer.complete


class _Upgrading(ReconcilerError):
    """A hook is missing where a health charm is deployed; for the first time."""

    retryable = True
