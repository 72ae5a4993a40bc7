"""Gates: until it is good enough or time is up; every attempt is said, and the reasons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.kernel.deadline import Deadline
from charm.kernel.report import Health
from reconciler.cli.commands.sweep import judged
from reconciler.cli.options.printing import PrintOptions
from reconciler.config.suppressions import MAINTENANCE
from reconciler.render.cases import overall_health
from reconciler.render.people.gate import reasons
from reconciler.sweeps.fleet import Fleet
from reconciler.sweeps.gate import Gate, JudgedSweep
from reconciler.values.errors import ControllerUnreachable, NotLoggedIn, ReconcilerError
from reconciler.values.readings import Snapshot
from tests.support.command_line import run
from tests.support.render_cases import told
from tests.support.snapshots import check, reported, troubled, well
from tests.support.suppressed import DISK, UNITS, entry, sweep
from tests.support.tree import TESTS


@dataclass
class Clock:
    """Time that goes on only where a test says so."""

    now: float = 100.0
    pauses: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def gate(self, goal: Health = Health.PASSED, every: float = 10.0) -> Gate:
        return Gate(goal, every, self.said.append, self.pause)

    def until(self, seconds: float) -> Deadline:
        return Deadline(self.now + seconds, lambda: self.now)

    def attempts(
        self, *results: Snapshot | ReconcilerError, took: float = 2.0
    ) -> Callable[[Deadline], Snapshot]:
        """Return an attempt that brings these in turn, and then the last one for ever."""
        left = list(results)

        def attempt(until: Deadline) -> Snapshot:
            self.now += took
            result = left.pop(0) if len(left) > 1 else left[0]
            if isinstance(result, ReconcilerError):
                raise result
            return result

        return attempt


LOST = ControllerUnreachable('cannot use juju status: i/o timeout')
CUT_SHORT = replace(well(), complete=False)


def test_it_opens_at_the_first_attempt_that_is_good_enough() -> None:
    clock = Clock()
    found = clock.gate().wait(clock.attempts(troubled(), well()), clock.until(60), judged)
    assert found == well()
    assert clock.pauses == [8.0], 'attempts begin ten seconds apart'
    assert clock.said == [
        'attempt 1: fail: 1 fail, 1 unknown of 3 services; again in 8s',
        'attempt 2: passed: the service passed',
    ]


def test_a_warning_opens_a_gate_for_warnings() -> None:
    warned = replace(troubled(), health=Health.WARN)
    clock = Clock()
    assert clock.gate(Health.WARN).wait(clock.attempts(warned), clock.until(60), judged) is warned
    assert clock.pauses == []


def test_what_is_unknown_or_incomplete_opens_no_gate() -> None:
    clock = Clock()
    found = clock.gate().wait(clock.attempts(CUT_SHORT), clock.until(30), judged)
    assert not found.complete
    assert clock.said[-1].endswith('time is up')


def test_it_gives_up_in_time_and_makes_the_last_attempt_late() -> None:
    clock = Clock()
    until = clock.until(60)
    found = clock.gate().wait(clock.attempts(troubled()), until, judged)
    assert found == troubled()
    assert not until.passed
    assert until.remaining_seconds < 5


@pytest.mark.slow
@given(within=st.floats(0.1, 300), every=st.floats(0, 100), took=st.floats(1, 50))
def test_no_attempt_begins_after_the_end(within: float, every: float, took: float) -> None:
    clock = Clock()
    until = clock.until(within)
    began: list[bool] = []

    def attempt(deadline: Deadline) -> Snapshot:
        began.append(deadline.passed)
        clock.now += took
        return troubled()

    clock.gate(every=every).wait(attempt, until, judged)
    assert not any(began)
    assert clock.now <= until.at + took


def test_a_controller_that_does_not_answer_is_tried_again() -> None:
    clock = Clock()
    found = clock.gate().wait(clock.attempts(LOST, LOST, well()), clock.until(60), judged)
    assert found == well()
    assert clock.said[0] == f'attempt 1: {LOST}; again in 8s'


def test_what_trying_again_cannot_mend_ends_it_at_once() -> None:
    clock = Clock()
    with pytest.raises(NotLoggedIn):
        clock.gate().wait(clock.attempts(NotLoggedIn('cannot')), clock.until(60), judged)
    assert clock.pauses == []


def test_without_any_answer_the_last_error_is_told() -> None:
    clock = Clock()
    with pytest.raises(ControllerUnreachable):
        clock.gate().wait(clock.attempts(LOST), clock.until(30), judged)


def test_a_sweep_cut_short_does_not_hide_what_the_whole_one_before_it_found() -> None:
    clock = Clock()
    found = clock.gate().wait(clock.attempts(troubled(), CUT_SHORT), clock.until(30), judged)
    assert found == troubled()


def test_an_interrupt_ends_the_wait_with_the_last_whole_sweep() -> None:
    clock = Clock()

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    gate = replace(clock.gate(), pause=interrupt)
    assert gate.wait(clock.attempts(troubled()), clock.until(60), judged) == troubled()
    assert clock.said[-1] == 'interrupted'
    gate = replace(clock.gate(), interrupted=lambda: True)
    assert gate.wait(clock.attempts(CUT_SHORT), clock.until(60), judged) == CUT_SHORT
    assert clock.said[-1].endswith('; interrupted')


def test_the_reasons_are_the_causes_and_what_is_worse_than_wanted() -> None:
    assert reasons(told(), Health.WARN) == [
        'cause: mysql likely explains 1 service (wordpress): 97% full | 3 GiB left',
        'cause: machine 2 is possibly a cause: down',
        'fail mysql: disk-space: /var/lib/mysql is 97% full | 3 GiB left',
    ]
    assert any(line.startswith('warn wordpress') for line in reasons(told(), Health.PASSED))


def test_what_is_excused_by_the_exit_code_does_not_hold_a_gate() -> None:
    planned = entry('mysql', MAINTENANCE)
    found, other = (
        sweep(DISK, said=[planned]),
        reported(UNITS[2], check('http', Health.WARN, 'slow')),
    )
    counted = PrintOptions(maintenance_is_ok=True).counted

    def passing(found: Snapshot) -> JudgedSweep:
        return judged(counted(found))

    clock = Clock()
    assert clock.gate().wait(clock.attempts(found), clock.until(60), passing) == found
    assert clock.pauses == []
    assert overall_health(PrintOptions(ack_is_ok=True).counted(found)) is Health.FAIL
    both = sweep(DISK, other, said=[planned])
    assert clock.gate().wait(clock.attempts(both), clock.until(9), passing) == both
    assert reasons(counted(both), Health.PASSED) == ['warn web: http: slow']
    (fleet,) = (Fleet({'lab:prod': one}, one.started_at, 1.0) for one in (found,))
    assert overall_health(counted(fleet)) is Health.PASSED
    assert overall_health(PrintOptions().counted(fleet)) is Health.FAIL


@pytest.mark.slow
def test_the_process_says_attempts_and_reasons_on_stderr_and_still_failing_by_its_code(
    tmp_path: Path,
) -> None:
    status = TESTS / 'data' / 'juju-status' / 'machines-3.6.json'
    words = ('--status', str(status), '--juju', '/nonexistent/juju', '--wait-for', 'passed')
    done = run(*words, '--within', '1s', '--every', '0.2s', '--format', 'summary')
    lines = done.stderr.decode().splitlines()
    assert done.returncode == 2
    assert lines[0].startswith('attempt 1: fail: ')
    assert any(line.endswith('time is up') for line in lines)
    assert 'reconcile-health: still not passed:' in lines
    assert done.stdout.startswith(b'lab:prod: fail')
    quiet = run(*words, '--within', '1s', '-q')
    assert b'attempt' not in quiet.stderr
    assert b'still not passed' in quiet.stderr
