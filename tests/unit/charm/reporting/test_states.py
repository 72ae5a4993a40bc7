"""States outlive the hook, the reboot and the clock, and say since when they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from charm.kernel.identity import IdentityError
from charm.kernel.report import StateName
from charm.reporting.states import States, StatesError, directory
from tests.support.clocks import START, Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def states(tmp_path: Path, clock: Clock) -> States:
    return States('web/0', tmp_path / 'states', clock)


def duration(states: States, service: str = 'web') -> float:
    seconds = states.states()[service].duration
    assert seconds is not None
    return seconds


def test_nothing_recorded_is_no_state(states: States) -> None:
    assert (states.read(), states.state()) == ({}, None)


def test_a_state_set_again_keeps_its_beginning_and_takes_the_new_message(
    states: States, clock: Clock
) -> None:
    states.set('web', StateName.BLOCKED, 'no database', ['db'])
    clock.pass_time(90)
    states.set('web', StateName.BLOCKED, 'no cache', ['cache', 'cache'])
    found = states.state()
    assert found is not None
    assert (found.duration, found.since) == (90.0, START)
    assert (found.message, found.blockers) == ('no cache', ('cache',))


def test_a_recovery_leaves_neither_message_nor_blockers(states: States, clock: Clock) -> None:
    states.set('web', StateName.ERROR, 'boom')
    states.set('web', StateName.BLOCKED, blockers=['db'])
    clock.pass_time(1)
    states.set('web', StateName.UP)
    found = states.state()
    assert found is not None
    assert (found.message, found.blockers, found.duration) == ('', (), 0.0)


def test_a_clock_jump_moves_no_duration(states: States, clock: Clock) -> None:
    states.set('web', StateName.UP)
    clock.pass_time(100)
    for seconds in (86400, -2 * 86400):
        clock.jump(seconds)
        assert duration(states) == 100.0


def test_a_duration_goes_on_across_a_reboot(states: States, clock: Clock) -> None:
    states.set('web', StateName.UP)
    clock.pass_time(100)
    clock.reboot(down_seconds=30)
    assert duration(states) == 130.0


def test_a_clock_set_back_by_a_reboot_makes_no_duration_negative(
    states: States, clock: Clock
) -> None:
    states.set('web', StateName.UP)
    clock.reboot(down_seconds=-86400)
    assert duration(states) == 0.0


def test_real_clocks_give_a_growing_duration(tmp_path: Path) -> None:
    states = States('web/0', tmp_path)
    states.set('web', StateName.UP)
    first = duration(states)
    assert 0.0 <= first <= duration(states) < 60.0


def test_churning_for_a_while_leaves_the_beginning_of_up(states: States, clock: Clock) -> None:
    states.set('web', StateName.UP)
    for _ in range(3):
        clock.pass_time(300)
        states.set('web', StateName.CHURNING, passing=True)
        assert duration(states) == 0.0
        clock.pass_time(2)
        states.set('web', StateName.UP)
    assert duration(states) == 906.0


def test_churning_that_ends_elsewhere_begins_anew(states: States, clock: Clock) -> None:
    states.set('web', StateName.UP)
    clock.pass_time(300)
    states.set('web', StateName.CHURNING, passing=True)
    states.set('web', StateName.ERROR, 'boom')
    assert duration(states) == 0.0
    clock.pass_time(10)
    states.set('web', StateName.UP)
    assert duration(states) == 0.0


def test_the_unit_is_its_service_furthest_from_up(states: States, clock: Clock) -> None:
    states.set('web', StateName.UP)
    states.set('worker', StateName.BLOCKED, 'no queue', ['queue'])
    clock.pass_time(5)
    states.set('mailer', StateName.BLOCKED, 'no relay', ['relay', 'queue'])
    found = states.state()
    assert found is not None
    assert (found.name, found.duration) == (StateName.BLOCKED, 5.0)
    assert found.message == 'worker: no queue'
    assert found.blockers == ('queue', 'relay')


def test_only_a_blocked_service_has_blockers(states: States) -> None:
    with pytest.raises(StatesError, match='only `blocked` has them'):
        states.set('web', StateName.UP, blockers=['db'])


@pytest.mark.parametrize('name', ['', 'a\nb', 'x' * 201])
def test_a_service_has_to_have_a_name(states: States, name: str) -> None:
    with pytest.raises(StatesError, match='not the name of a service'):
        states.set(name, StateName.UP)


def test_a_unit_has_to_have_a_name(tmp_path: Path) -> None:
    with pytest.raises(IdentityError, match='not a unit name'):
        States('../../etc/passwd', tmp_path)


def test_clearing_forgets_one_service_or_all(states: States) -> None:
    for service in ('web', 'worker', 'mailer'):
        states.set(service, StateName.UP)
    states.clear('worker')
    assert set(states.read()) == {'web', 'mailer'}
    with pytest.raises(StatesError, match="'worker': it has no state; known: mailer, web"):
        states.clear('worker')
    states.clear()
    assert states.read() == {}


def test_a_set_that_changes_nothing_writes_nothing(states: States) -> None:
    states.set('web', StateName.UP)
    before = states.path.stat()
    states.set('web', StateName.UP)
    assert states.path.stat().st_ino == before.st_ino


def test_the_environment_says_where_states_are() -> None:
    assert directory({}) == Path('/var/lib/juju-health/states')
    assert directory({'JUJU_HEALTH_STATE': '/srv/states'}) == Path('/srv/states')
