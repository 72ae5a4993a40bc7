"""When a residence is asked, and what the agent does with its answer and its faults."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.agent.config import Config
from charm.agent.loop import Loop
from charm.agent.notify import Notifier
from charm.agent.residence import Notice, ResidenceWatch
from charm.agent.setup import Setup
from charm.agent.units import Unit
from charm.kernel.errors import FileError, HealthError
from charm.reporting.plan import Plan

EVERY_SECONDS = 5.0


class Told:
    """A residence that says what it is told to, and `STAY` after that."""

    def __init__(self, *answers: Notice | HealthError) -> None:
        self._answers = list(answers)
        self.looks = 0

    def look(self) -> Notice:
        self.looks += 1
        answer = self._answers.pop(0) if self._answers else Notice.STAY
        if isinstance(answer, HealthError):
            raise answer
        return answer

    def remove(self) -> None:
        raise AssertionError('nobody asked for it')


@given(st.lists(st.sampled_from([*Notice, FileError('cannot')])))
def test_it_is_paused_from_a_pause_to_a_reload(answers: list[Notice | HealthError]) -> None:
    lookout = ResidenceWatch(Told(*answers), EVERY_SECONDS, lambda _line: None)
    paused = False
    for number, answer in enumerate(answers):
        notice = lookout.look(number * EVERY_SECONDS)
        assert notice is (answer if isinstance(answer, Notice) else Notice.STAY)
        paused = notice is Notice.PAUSE or (paused and notice is not Notice.RELOAD)
        assert lookout.paused is paused


def test_it_is_asked_at_most_so_often_unless_somebody_is_in_a_hurry() -> None:
    residence = Told(Notice.RELOAD, Notice.RELOAD, Notice.RELOAD)
    lookout = ResidenceWatch(residence, EVERY_SECONDS, lambda _line: None)
    notices = [lookout.look(now) for now in (0.0, EVERY_SECONDS - 0.1, EVERY_SECONDS)]
    assert notices == [Notice.RELOAD, Notice.STAY, Notice.RELOAD]
    lookout.hurry()
    assert lookout.look(EVERY_SECONDS + 0.1) is Notice.RELOAD
    assert residence.looks == 3


def test_a_fault_is_told_once_until_it_has_gone_or_is_another() -> None:
    said: list[str] = []
    one, other = FileError('one'), FileError('other')
    residence = Told(one, one, other, Notice.STAY, other)
    lookout = ResidenceWatch(residence, EVERY_SECONDS, said.append)
    for number in range(5):
        assert lookout.look(number * EVERY_SECONDS) is Notice.STAY
    assert [line.rpartition(' ')[2] for line in said] == ['one', 'other', 'other']


@pytest.fixture
def hang_up() -> Iterator[None]:
    """Let the test catch SIGHUP, SIGTERM and SIGINT."""
    kept = {one: signal.getsignal(one) for one in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)
    signal.set_wakeup_fd(-1)


@pytest.mark.usefixtures('hang_up')
@pytest.mark.parametrize(
    ('then', 'reads', 'units'), [(Notice.STAY, 1, []), (Notice.RELOAD, 2, ['web/0'])]
)
def test_a_paused_agent_that_is_told_to_reload_asks_whether_to(
    tmp_path: Path, then: Notice, reads: int, units: list[str]
) -> None:
    setup = Setup(
        Config(state=tmp_path / 'state', log=tmp_path / 'log'),
        ((Unit('web/0', 'health/0'), Plan('web/0', 'web/0', ())),),
    )
    read: list[Setup] = []

    def reader() -> Setup:
        read.append(setup)
        return setup

    residence = Told(Notice.PAUSE, then)
    loop = Loop(reader, Notifier('', None), residence=residence)
    loop.catch_signals()
    # A signal for another unit's sake, say: what has left stays withdrawn all the same.
    signal.raise_signal(signal.SIGHUP)
    signal.raise_signal(signal.SIGTERM)
    loop.run()
    assert (residence.looks, len(read), list(loop.desks)) == (2, reads, units)
