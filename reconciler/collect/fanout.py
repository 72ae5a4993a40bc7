"""Many machines at once: an answer for every unit that gave one by the deadline.

One thread asks one machine, with its own timeout for each attempt; one machine costs only itself,
and those who hang step aside (`reach/lanes.py`).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from charm.kernel.deadline import Deadline

from ..ask import frames
from ..ask.base import Asker, MachineAnswer
from ..ask.errands import MachineRequest
from ..ask.frames import Request, UnitAnswer
from ..reach.base import ReachError
from ..reach.lanes import ASIDE_EACH, GivenUp, Lanes, Pace, Turn, take_turns
from ..values.errors import ReconcilerError
from ..values.readings import Outcome
from ..values.time_budget import DEFAULT_TIME, TimeBudget
from .retry import RetryBudget, Round, retrying


@dataclass(frozen=True)
class FanoutLimits:
    """The limits of a fan-out: machines at once, tries and time.

    Attributes:
        workers: machines asked at once, beside those that have stepped aside.
        attempts: tries per machine, for faults of the way only.
        retries: all retries of one sweep.
        time: how long each attempt may take.
        aside_each: how many have room aside, for each worker.
    """

    workers: int = 16
    attempts: int = 3
    retries: int = 50
    time: TimeBudget = DEFAULT_TIME
    aside_each: int = ASIDE_EACH

    def lanes(self, workers: int) -> Lanes:
        """Return how many are asked at once, with so many workers."""
        return Lanes(workers, self.time.attempt_with_agent_seconds, self.aside_each)


@dataclass(frozen=True, kw_only=True)
class MachineResult(MachineAnswer):
    """The answer of one machine, after as many tries as it took.

    Attributes:
        errand: what it was asked.
        probed: what looked at the machine itself answered; `None` where nothing did.
        duration_seconds: how long it took, retries and all.
        attempts: how often it was tried.
        gone: units that juju says are gone, though its status had them.
        login_seconds: how long the last attempt that got there was on its way.
    """

    errand: MachineRequest
    probed: UnitAnswer | None = None
    duration_seconds: float = 0.0
    attempts: int = 1
    gone: frozenset[str] = frozenset()
    login_seconds: float | None = None

    @property
    def dropped(self) -> bool:
        """Return whether nothing came since the connection was dropped at once."""
        return self.fault is not None and self.fault.dropped


def run_errands(
    errands: Sequence[MachineRequest],
    asker: Asker,
    limits: FanoutLimits,
    deadline: Deadline,
    clock: Callable[[], float] = time.monotonic,
    pace: Pace | None = None,
) -> Iterator[MachineResult]:
    """Yield what each errand brought back, as it comes; those late for the deadline never do.

    How long an attempt took is told by `clock`, monotonic. Who was silent in the last sweep, as
    far as `pace` knows of one, or is gone by Juju's word, is asked last.

    Raises:
        ReconcilerError: what was asked for makes no sense for any machine.
    """
    budget = RetryBudget(limits.retries)
    pace = pace or Pace()
    runners = {
        index: _Runner(errand, asker, limits, deadline, budget, clock)
        for index, errand in enumerate(_in_turn(errands, pace, limits.workers))
    }
    turn: Round | None = Round(limits.workers)
    dropped: dict[int, MachineResult] = {}
    while turn is not None and runners:
        for index, result in _asked(runners, deadline, limits.lanes(turn.workers), pace):
            if result.dropped and not result.errand.gone:
                dropped[index] = result
            else:
                dropped.pop(index, None)
                runners[index].forget()
                yield result
        runners = {index: runners[index] for index in dropped}
        turn = turn.after(limits.attempts)
        if turn is not None and runners:
            time.sleep(turn.pause_seconds(deadline.remaining_seconds))
    yield from dropped.values()


def _in_turn(
    errands: Sequence[MachineRequest], pace: Pace, workers: int
) -> Sequence[MachineRequest]:
    """Return the errands in the order of asking: those that may be in vain come last."""
    mixed = list(errands)
    if len(mixed) > workers:
        # Neighbours share a service, a rack or a fault: all who are asked first could hang.
        random.Random(len(mixed)).shuffle(mixed)  # noqa: S311 - any order will do
    return sorted(mixed, key=lambda errand: errand.gone or errand.place in pace.silent)


def _asked(
    runners: Mapping[int, _Runner], deadline: Deadline, lanes: Lanes, pace: Pace
) -> Iterator[tuple[int, MachineResult]]:
    calls = {index: runner.run for index, runner in runners.items()}
    left = {*runners}
    for done in take_turns(calls, deadline, lanes, pace):
        if isinstance(done.error, ReconcilerError):
            raise done.error
        errand = runners[done.key].errand
        result = _failed(errand, done.error) if done.error else done.value
        if result is not None:
            left.discard(done.key)
            note = pace.silent.discard if result.fault is None else pace.silent.add
            note(errand.place)
            yield done.key, result
    for index in left:
        # Given up, and not asked again by the deadline: some of its units may have answered.
        found = runners[index].left()
        if found is not None:
            pace.silent.add(found.errand.place)
            yield index, found


def _failed(errand: MachineRequest, error: Exception) -> MachineResult:
    """Return what an errand brought back that met a fault of our own: it costs only itself."""
    message = f'cannot ask it: {type(error).__name__}: {error}'
    fault = ReachError(Outcome.JUJU_FAILED, message)
    return MachineResult((UnitAnswer(),) * len(errand.asked), fault, errand=errand)


@dataclass
class _Runner:
    """The tries at one machine; answers that came in one attempt are kept over the next."""

    errand: MachineRequest
    _asker: Asker
    _limits: FanoutLimits
    _deadline: Deadline
    _budget: RetryBudget
    _clock: Callable[[], float]
    _answers: dict[int, UnitAnswer] = field(default_factory=dict)
    _attempts: int = 0
    _orphans: tuple[str, ...] = ()
    _gone: set[str] = field(default_factory=set)
    _took_seconds: float = 0.0
    _login_seconds: float | None = None
    _far_seconds: float | None = None
    _given_up: ReachError | None = None

    def run(self, turn: Turn) -> MachineResult:
        fault: ReachError | None = None
        until = turn.deadline(self._deadline)
        try:
            attempts = 1 if self.errand.gone else self._limits.attempts
            retrying(partial(self._attempt, until), until, self._budget, attempts)
        except ReachError as error:
            fault = error
        except _Upgrading:
            pass  # No retry was left: the answer stands as it is, a missing hook.
        self._took_seconds += time.monotonic() - turn.began
        turn.answered = fault is None
        if fault is not None and turn.given_up:
            self._given_up = fault
            raise GivenUp
        return self._result(fault)

    def left(self) -> MachineResult | None:
        """Return what it brought before it was given up; `None` if it did not, or was not."""
        brought = any(answer.stdout or answer.complete for answer in self._answers.values())
        return self._result(self._given_up) if self._given_up is not None and brought else None

    def _result(self, fault: ReachError | None) -> MachineResult:
        answers = (self._answers.get(n, UnitAnswer()) for n in range(len(self.errand.asked)))
        return MachineResult(
            tuple(answers),
            fault,
            self._orphans,
            errand=self.errand,
            probed=self._answers.get(len(self.errand.asked)),
            duration_seconds=self._took_seconds,
            attempts=self._attempts,
            login_seconds=self._login_seconds,
            far_seconds=self._far_seconds,
            gone=frozenset(self._gone),
        )

    def forget(self) -> None:
        """Let go of what came, once it was handed on: of a large model it is most memory."""
        self._answers.clear()

    def _attempt(self, until: Deadline, number: int) -> None:
        """Ask for what is still missing, keep what comes, and raise what kept some from coming."""
        self._attempts += 1
        wanted = self.errand.requests
        missing = [
            index
            for index in range(len(wanted))
            if index not in self._answers or not self._answers[index].complete
        ]
        requests = [wanted[index] for index in missing]
        attempt = until.within(self._seconds)
        began = self._clock()
        came = self._ask(requests, attempt)
        took_seconds = self._clock() - began
        if came.far_seconds is not None:
            self._login_seconds = took_seconds - came.far_seconds
            self._far_seconds = came.far_seconds
        for index, answer in zip(missing, came.answers, strict=True):
            # What came before may be whole, though its process hangs, and now it says less.
            had = self._answers.get(index, answer)
            if answer.complete or len(answer.stdout) >= len(had.stdout):
                self._answers[index] = answer
        self._orphans = came.orphans or self._orphans
        fault = came.fault
        if fault is not None and not self._has_all:
            tried_seconds = took_seconds - fault.waited_seconds
            soon = tried_seconds < TimeBudget.in_vain_seconds
            # Not that it was reached: an attempt that long which brought no answer was in vain.
            brought = any(one.stdout or one.stderr or one.complete for one in came.answers)
            fault.retryable &= (soon and not fault.dropped) or brought
            raise fault
        self._retry_upgrading(missing, number)

    def _ask(self, requests: Sequence[Request], attempt: Deadline) -> MachineAnswer:
        """Ask the machine by the first name of it that juju still knows."""
        names = (self.errand.target, *self.errand.stand_ins)
        known = [name for name in names if name not in self._gone] or [names[-1]]
        for name in known:
            came = self._asker.ask(name, requests, attempt)
            if came.fault is None or not came.fault.gone:
                break
            self._gone.add(name)
        return came

    @property
    def _has_all(self) -> bool:
        """Return whether all that is needed has come: a probe only where a hook is missing."""
        asked = self.errand.asked
        answers = [self._answers[index] for index in range(len(asked))]
        missing = any(
            one.looked and answer.exit_code == frames.NOT_FOUND
            for one, answer in zip(asked, answers, strict=True)
        )
        probe = self._answers.get(len(asked))
        seen = probe is None or probe.complete or not missing
        return seen and all(answer.complete for answer in answers)

    @property
    def _seconds(self) -> float:
        first = any(asked.request.first is not None for asked in self.errand.asked)
        shares = self._limits.time
        return shares.attempt_with_agent_seconds if first else shares.attempt_seconds

    def _retry_upgrading(self, missing: Sequence[int], number: int) -> None:
        """Ask once more for a shipped hook that is not there: Juju may be unpacking an upgrade."""
        units = [index for index in missing if index < len(self.errand.asked)]
        for index in units if number == 1 else ():
            answer = self._answers[index]
            lost = answer.exit_code in (frames.NOT_FOUND, frames.NOT_EXECUTABLE)
            if lost and self.errand.asked[index].shipped:
                self._answers[index] = replace(answer, complete=False)
                raise _Upgrading


class _Upgrading(ReconcilerError):
    """A hook is missing where a health charm is deployed; for the first time."""

    retryable = True
