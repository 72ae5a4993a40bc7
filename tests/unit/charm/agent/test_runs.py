"""No check waits for another, and none is run twice at once."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from pathlib import Path

import pytest

from charm.agent.runs import Runs
from charm.kernel import command
from charm.kernel.deadline import Deadline
from charm.kernel.report import CheckResult, Health
from charm.reporting.runner import Job
from tests.support.patience import PATIENCE

FINE = (CheckResult('fine', Health.PASSED, message='well'),)


class Landed:
    """Collects what lands."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[tuple[str, tuple[CheckResult, ...]]] = queue.SimpleQueue()
        self.flights = Runs(lambda key, results: self._queue.put((key, results)))

    def next(self) -> tuple[str, CheckResult]:
        """Return what lands next, as the loop would: it answers for those that are late."""
        until = Deadline.after(PATIENCE)
        while True:
            self.flights.answer_late()
            wait = min([*self.flights.due, until.at]) - time.monotonic()
            with contextlib.suppress(queue.Empty):
                key, results = self._queue.get(timeout=max(wait, 0.001))
                return key, results[0]
            assert not until.passed

    @property
    def empty(self) -> bool:
        return self._queue.empty()


def waits(name: str, release: threading.Event, timeout: float) -> Job:
    def run(_deadline: Deadline) -> tuple[CheckResult, ...]:
        release.wait(PATIENCE)
        return FINE

    return Job(name, timeout, run)


@pytest.fixture
def release() -> threading.Event:
    return threading.Event()


def test_a_check_is_not_starved_by_a_hundred_slow_ones(release: threading.Event) -> None:
    landed = Landed()
    flights = landed.flights
    try:
        for number in range(100):
            flights.start(f'slow-{number}', waits('slow', release, 30))
        flights.start('fine', Job('fine', 10, lambda _deadline: FINE))
        assert landed.next()[0] == 'fine'
    finally:
        release.set()


def test_a_check_that_still_runs_is_not_begun_again(release: threading.Event) -> None:
    landed = Landed()
    flights = landed.flights
    assert flights.start('slow', waits('slow', release, 30))
    assert not flights.start('slow', waits('slow', release, 30))
    release.set()
    assert landed.next()[0] == 'slow'
    assert flights.start('slow', waits('slow', release, 30))


def test_a_stuck_thread_is_answered_for_and_never_doubled(release: threading.Event) -> None:
    landed = Landed()
    flights = landed.flights
    try:
        flights.start('stuck', waits('stuck', release, 0.1))
        assert 'timeout of 0.1 s' in landed.next()[1].message
        for _round in range(5):
            assert flights.start('stuck', waits('stuck', release, 0.1))
            result = landed.next()[1]
            assert result.health is Health.UNKNOWN
            assert 'has still not ended' in result.message
        assert flights.count == 1
    finally:
        release.set()


def test_once_the_stuck_thread_has_ended_the_check_runs_again() -> None:
    landed = Landed()
    flights = landed.flights
    first, ended = threading.Event(), threading.Event()

    def run(_deadline: Deadline) -> tuple[CheckResult, ...]:
        first.wait(PATIENCE)
        ended.set()
        return FINE

    flights.start('check', Job('check', 0.1, run))
    assert landed.next()[1].health is Health.UNKNOWN
    first.set()
    assert ended.wait(PATIENCE)
    while flights.count:
        threading.Event().wait(0.01)
    assert landed.empty, 'it was answered for twice'
    flights.start('check', Job('check', 10, run))
    assert landed.next()[1].health is Health.PASSED


def test_what_a_late_one_left_running_is_killed(tmp_path: Path) -> None:
    landed = Landed()
    pid = tmp_path / 'pid'

    def run(_deadline: Deadline) -> tuple[CheckResult, ...]:
        # A check that does not keep to its deadline.
        command.run(['sh', '-c', f'echo $$ > {pid}; sleep 1000'], Deadline.after(PATIENCE))
        return FINE

    landed.flights.start('late', Job('late', 0.1, run))
    assert 'timeout of 0.1 s' in landed.next()[1].message
    while landed.flights.count:
        threading.Event().wait(0.01)
    assert not Path(f'/proc/{pid.read_text().strip()}').exists()


def test_without_a_thread_it_is_answered_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    landed = Landed()
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, 'start', refuse)
        assert landed.flights.start('fine', Job('fine', 10, lambda _deadline: FINE))
    assert "could not be begun: can't start new thread" in landed.next()[1].message
    assert landed.flights.count == 0
    landed.flights.start('fine', Job('fine', 10, lambda _deadline: FINE))
    assert landed.next()[1].health is Health.PASSED
