"""One result or more for each job, always: what a check or a callback does costs only itself."""

from __future__ import annotations

import functools
import subprocess
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from charm.checks.check import CheckSpec, Verdict
from charm.kernel import command
from charm.kernel.deadline import Deadline
from charm.kernel.errors import CheckError
from charm.kernel.report import CheckResult, Health
from charm.reporting import runner
from charm.reporting.runner import Job, check_job, run_jobs
from charm.sources.callbacks import bind
from tests.support.patience import PATIENCE
from tests.support.processes import wait_gone


@dataclass(frozen=True)
class Raises:
    error: BaseException

    def run(self, deadline: Deadline) -> Verdict:
        raise self.error


@dataclass(frozen=True)
class Says:
    verdict: Verdict

    def run(self, deadline: Deadline) -> Verdict:
        return self.verdict


@dataclass(frozen=True)
class Waits:
    """Ignores its deadline, as a check that blocks in the kernel does."""

    event: threading.Event

    def run(self, deadline: Deadline) -> Verdict:
        self.event.wait(PATIENCE)
        return Verdict(Health.PASSED, 'late')


FINE = CheckSpec('fine', Says(Verdict(Health.PASSED, 'all well', {'n': 1}, 0.9)), PATIENCE)


def results_of(*specs: CheckSpec, seconds: float = PATIENCE) -> tuple[CheckResult, ...]:
    return run_jobs([check_job(spec) for spec in specs], Deadline.after(seconds))


def test_a_verdict_becomes_a_result_with_its_time_and_duration() -> None:
    (result,) = results_of(FINE)
    assert (result.name, result.health, result.qos) == ('fine', Health.PASSED, 0.9)
    assert result.data == {'n': 1}
    assert result.at is not None
    assert result.duration is not None


@pytest.mark.parametrize(
    ('error', 'said'),
    [
        (CheckError('cannot read /proc/x: gone'), 'cannot read /proc/x: gone'),
        (ValueError('bad'), 'ValueError: bad'),
        (RecursionError(), 'RecursionError'),
        (SystemExit(7), 'it exited with 7'),
        (KeyboardInterrupt(), 'KeyboardInterrupt'),
        (GeneratorExit('left'), 'GeneratorExit: left'),
    ],
)
def test_a_check_that_raises_is_unknown_with_the_reason(error: BaseException, said: str) -> None:
    broken, fine = results_of(CheckSpec('broken', Raises(error)), FINE)
    assert (broken.name, broken.health) == ('broken', Health.UNKNOWN)
    assert said in broken.message
    assert fine.health is Health.PASSED


@pytest.mark.parametrize(
    ('returned', 'said'),
    [
        (None, 'nothing, not a verdict, was returned'),
        ({'health': 'passed'}, "dict {'health': 'passed'}, not a verdict"),
        (7, 'int 7, not a verdict'),
    ],
)
def test_a_check_that_returns_no_verdict_says_what_it_returned(returned: Any, said: str) -> None:
    broken, fine = results_of(CheckSpec('broken', Says(returned)), FINE)
    assert (broken.name, broken.health) == ('broken', Health.UNKNOWN)
    assert said in broken.message
    assert fine.health is Health.PASSED


@pytest.mark.parametrize(
    ('returned', 'said'),
    [
        (None, 'nothing, not a result, was returned'),
        ('passed', "str 'passed', not a result"),
        ((CheckResult('a', Health.PASSED), 7), 'int 7, not a result'),
    ],
)
def test_a_job_that_returns_no_results_says_what_it_returned(returned: Any, said: str) -> None:
    (broken,) = run_jobs([Job('broken', 5, lambda _deadline: returned)], Deadline.after(PATIENCE))
    assert (broken.name, broken.health) == ('broken', Health.UNKNOWN)
    assert said in broken.message


@pytest.mark.slow
def test_a_check_that_overruns_is_unknown_and_holds_no_other() -> None:
    release = threading.Event()
    late, early = CheckSpec('hung', Waits(release), 0.1), replace(FINE, timeout_seconds=3.0)
    try:
        hung, fine = results_of(late, early)
    finally:
        release.set()
    assert hung.health is Health.UNKNOWN
    assert hung.message == 'it did not end within its timeout of 0.1 s'
    assert fine.health is Health.PASSED


@pytest.mark.slow
def test_the_deadline_of_the_run_ends_a_check_with_a_longer_timeout() -> None:
    release = threading.Event()
    try:
        hung, fine = results_of(CheckSpec('hung', Waits(release), PATIENCE), FINE, seconds=3)
    finally:
        release.set()
    assert 'deadline' in hung.message
    assert fine.health is Health.PASSED


@dataclass(frozen=True)
class Releases:
    """Lets those go on that wait."""

    event: threading.Event

    def run(self, deadline: Deadline) -> Verdict:
        self.event.set()
        return Verdict(Health.PASSED, 'all well')


@pytest.mark.slow
def test_a_check_behind_many_that_hang_starts_with_them() -> None:
    release = threading.Event()
    hung = [CheckSpec(f'hung-{n}', Waits(release), PATIENCE) for n in range(150)]
    *results, last = results_of(*hung, CheckSpec('last', Releases(release), PATIENCE))
    assert {result.message for result in results} == {'late'}
    assert (last.name, last.health) == ('last', Health.PASSED)


@pytest.mark.slow
def test_a_check_that_was_never_begun_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, '_AT_ONCE', 2)
    release = threading.Event()
    hung = [CheckSpec(f'hung-{number}', Waits(release), 0.1) for number in range(2)]
    try:
        *results, late = results_of(*hung, FINE, seconds=2)
    finally:
        release.set()
    assert all('did not end' in result.message for result in results)
    assert 'it was never begun: 2 others' in late.message


def test_results_come_in_the_order_of_the_jobs() -> None:
    specs = [CheckSpec(f'c{n}', Says(Verdict(Health.WARN, ''))) for n in range(100)]
    assert [result.name for result in results_of(*specs)] == [f'c{n}' for n in range(100)]


def check_db(service: str) -> Any:
    return {'health': 'warn', 'message': f'{service} is slow', 'data': {'ping_seconds': 0.2}}


def check_both(service: str, prefix: str) -> Any:
    return [{'name': f'{prefix}-a', 'health': 'pass'}, {'name': f'{prefix}-b', 'health': 'fail'}]


class Callable:
    def __call__(self, service: str) -> Any:
        return {'health': 'passed'}


def test_a_callback_is_given_the_service_and_may_return_one_or_many() -> None:
    callbacks: list[Any] = [
        check_db,
        functools.partial(check_both, prefix='x'),
        Callable(),
        lambda service: None,
    ]
    jobs = [check_job(bound.spec) for bound in bind(callbacks, 'web')]
    results = run_jobs(jobs, Deadline.after(PATIENCE))
    assert [(result.name, result.health) for result in results] == [
        ('check_db', Health.WARN),
        ('x-a', Health.PASSED),
        ('x-b', Health.FAIL),
        ('Callable', Health.PASSED),
        ('<lambda>', Health.UNKNOWN),
    ]
    assert results[0].message == 'web is slow'


def test_nothing_to_run_is_no_results() -> None:
    assert run_jobs([], Deadline.after(1)) == ()


@dataclass(frozen=True)
class Runs:
    """Runs a program that does not want to end."""

    mark: Path

    def run(self, deadline: Deadline) -> Verdict:
        script = f'trap "" TERM; echo $$ > {self.mark}; while :; do sleep 0.05; done'
        command.run(['sh', '-c', script], deadline)
        return Verdict(Health.PASSED, 'late')


@pytest.mark.slow
def test_what_overran_is_ended_with_all_it_started_and_nothing_else_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Its own thread would wait so long for it to obey.
    monkeypatch.setattr(command, '_OBEY_SECONDS', PATIENCE)
    other = subprocess.Popen(['sleep', '1000'], start_new_session=True)
    try:
        (hung,) = results_of(CheckSpec('hung', Runs(tmp_path / 'pid'), PATIENCE), seconds=3)
        assert hung.health is Health.UNKNOWN
        assert wait_gone(int((tmp_path / 'pid').read_text()))
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()
