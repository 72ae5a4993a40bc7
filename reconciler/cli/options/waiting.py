"""Gates: sweep again and again until the health is what was asked for, or time is up."""

from __future__ import annotations

import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, TypeVar

import click

from charm.kernel.deadline import Deadline
from charm.kernel.report import Health
from charm.kernel.wakeup import Wakeup
from reconciler.render.cases import not_well, tally, verdict
from reconciler.render.meaning import cause_text, causes_shown
from reconciler.values.errors import ReconcilerError
from reconciler.values.readings import Snapshot
from reconciler.values.time_budget import TimeBudget
from reconciler.values.words import clean, duration_text

from .durations import duration

Function = TypeVar('Function', bound=Callable[..., Any])
Found = TypeVar('Found')
_MOST_REASONS = 10


def waiting_options(function: Function) -> Function:
    """Add the options that make a `GateOptions`."""
    options = (
        click.option(
            '--wait-for',
            type=click.Choice(['passed', 'warn']),
            help='Sweep again until the health is this or better.',
        ),
        click.option(
            '--within',
            type=duration,
            metavar='DURATION',
            default='10m',
            show_default=True,
            help='With --wait-for: how long to try, such as 90s, 10m or 1h30m.',
        ),
        click.option(
            '--every',
            type=duration,
            metavar='DURATION',
            default='15s',
            show_default=True,
            help='With --wait-for: from the start of one sweep to the start of the next.',
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


@dataclass(frozen=True)
class GateOptions:
    """What the options say of a gate.

    Attributes:
        wait_for: `passed`, `warn`, or `None` for no gate.
        within: seconds for all attempts together.
        every: seconds from one attempt's start to the next one's.
    """

    wait_for: str | None = None
    within: float = 600.0
    every: float = 15.0

    @property
    def goal(self) -> Health | None:
        """Return the worst health that opens the gate; `None` for no gate."""
        return Health.parse(self.wait_for) if self.wait_for else None


@dataclass(frozen=True)
class Gate:
    """Waits; what is outside of it is a field.

    Attributes:
        goal: the worst health that opens it.
        every_seconds: from one attempt's start to the next one's.
        say: told one line about each attempt.
        pause: waits for so many seconds.
        interrupted: whether the operator ended an attempt.
    """

    goal: Health
    every_seconds: float
    say: Callable[[str], None]
    pause: Callable[[float], object] = lambda seconds: Wakeup().wait(seconds)
    interrupted: Callable[[], bool] = lambda: False

    def wait(
        self,
        attempt: Callable[[Deadline], Found],
        until: Deadline,
        as_one: Callable[[Found], Snapshot],
    ) -> Found:
        """Return what is good enough first, else the last that is whole.

        Args:
            attempt: sweeps once, by a deadline.
            until: when to give up.
            as_one: makes one snapshot of what it found, to judge it by.

        A sweep that the end of the wait cut short does not replace one that was complete.

        Raises:
            ReconcilerError: the last attempt's, if no attempt brought a snapshot; at once if
                trying again cannot help.
        """
        best: Found | None = None
        failed: ReconcilerError | None = None
        number = 0
        while True:
            number += 1
            left = until.remaining_seconds
            try:
                found = attempt(until)
            except ReconcilerError as error:
                if not error.retryable:
                    raise
                failed, told = error, str(error)
            else:
                one = as_one(found)
                told = _describe(one)
                if best is None or one.complete or not as_one(best).complete:
                    best = found
                if verdict(one).rank <= self.goal.rank:
                    self.say(f'attempt {number}: {told}')
                    return found
            rest = self._rest(left - until.remaining_seconds, until)
            if self.interrupted() or rest < 0.0:
                why = 'interrupted' if self.interrupted() else 'time is up'
                self.say(f'attempt {number}: {told}; {why}')
                break
            self.say(f'attempt {number}: {told}; again in {duration_text(rest)}')
            if not self._pause(rest):
                break
        if best is None and failed is not None:
            raise failed
        assert best is not None  # noqa: S101 - each attempt brings a snapshot or an error
        return best

    def _pause(self, seconds: float) -> bool:
        """Wait, and return whether nobody interrupted it."""
        try:
            self.pause(seconds)
        except KeyboardInterrupt:
            self.say('interrupted')
            return False
        return True

    def _rest(self, took_seconds: float, until: Deadline) -> float:
        """Return how long to wait; below 0 if another attempt would not end in time.

        The last attempt is made as late as it still fits.
        """
        latest = until.remaining_seconds - 1.5 * took_seconds - TimeBudget.gate_margin_seconds
        return min(max(0.0, self.every_seconds - took_seconds), latest)


@contextmanager
def noting_interrupts() -> Generator[Callable[[], bool], None, None]:
    """Within the block, note interrupts, which still interrupt; yields whether there was one."""
    numbers: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        numbers.append(number)
        raise KeyboardInterrupt

    before = {one: signal.signal(one, note) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(numbers)
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _describe(snapshot: Snapshot) -> str:
    return f'{verdict(snapshot).value}: {tally(snapshot)}'


def reasons(snapshot: Snapshot, goal: Health) -> list[str]:
    """Return why a snapshot does not open the gate, the causes first, one line each."""
    lines = [f'cause: {cause_text(cause)}' for cause in causes_shown(snapshot)]
    lines += [
        clean(f'{one.health.value} {one.name}: {one.message}')
        for one in not_well(snapshot)
        if one.health.rank > goal.rank
    ]
    more = len(lines) - _MOST_REASONS
    lines = lines[:_MOST_REASONS] + ([f'and {more} more'] if more > 0 else [])
    if not snapshot.complete:
        lines.append('the sweep is incomplete')
    return lines + [clean(fault) for fault in snapshot.faults]
