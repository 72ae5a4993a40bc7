"""Units that Juju removed without a word: found, withdrawn, taken over, and never by mistake."""

from __future__ import annotations

import contextlib
import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path

import pytest

from charm.agent.residence import Notice
from charm.agent.units import Unit, enrol
from charm.juju.code_copies import gone
from charm.juju.orphans import GRACE_SECONDS, OrphanError, Tenant, alone, remove_all
from charm.juju.written_files import checks_name
from charm.kernel.report import StateName
from charm.reporting.states import States
from tests.support.cut_off import Cut, Killed
from tests.support.local_unit import LocalUnit

PUSH = {'url': 'https://boss', 'ca': '-----BEGIN CERTIFICATE-----', 'credential': '0' * 64}


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def tenant(unit: LocalUnit, clock: Clock | None = None) -> Tenant:
    return Tenant(unit.place, unit.systemd, clock or Clock(), '/here/health-agent')


CLEARING = ('juju-health-orphans.service', ['/here/health-agent', 'remove-orphans'])


def shipping(root: Path, name: str = 'juju-health/0', principal: str = 'mysql/0') -> LocalUnit:
    unit = LocalUnit(root, name, principal)
    unit.relate('orchestrator:3', 'boss', {'boss/0': PUSH})
    unit.hook('install')
    return unit


def test_a_unit_that_is_there_stays_whatever_is_done_to_its_charm(unit: LocalUnit) -> None:
    unit.hook('install')
    before = unit.tree()
    # An upgrade lays files over the charm one by one, and some are missing meanwhile.
    for path in sorted(unit.charm.rglob('*'), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    assert tenant(unit).look() is Notice.STAY
    unit.charm.rmdir()
    assert tenant(unit).look() is Notice.STAY
    assert unit.tree() == before


@pytest.mark.slow
@pytest.mark.parametrize('how', ['its service does not run', 'it never was', 'no disk'])
def test_nothing_is_concluded_while_the_machines_own_agent_is_not_seen(
    unit: LocalUnit, how: str
) -> None:
    unit.hook('install')
    before = unit.tree()
    unit.vanish()
    if how == 'its service does not run':
        unit.systemd.juju = False
    elif how == 'it never was':
        (unit.place.agents / 'machine-0').rmdir()
    else:
        (unit.place.agents / 'machine-0').rmdir()
        unit.place.agents.rmdir()
    clock = Clock()
    found = tenant(unit, clock)
    assert found.look() is Notice.STAY
    clock.now += 10 * GRACE_SECONDS
    assert found.look() is Notice.STAY
    assert unit.tree() == before


def test_the_last_unit_is_withdrawn_at_once_and_the_agent_goes_after_a_grace(
    tmp_path: Path,
) -> None:
    unit, clock = shipping(tmp_path / 'root'), Clock()
    assert '0' * 64 in (unit.place.units / 'mysql-0.json').read_text()
    unit.vanish()
    found = tenant(unit, clock)
    assert found.look() is Notice.PAUSE
    assert list(unit.place.units.iterdir()) == []
    clock.now += GRACE_SECONDS - 1
    assert found.look() is Notice.STAY
    assert unit.systemd.active
    assert unit.systemd.begun == []
    clock.now += 1
    assert found.look() is Notice.STAY
    assert unit.systemd.begun == [CLEARING]
    # That goes on by itself, and once at a time.
    unit.systemd.clears = True
    assert found.look() is Notice.STAY
    assert unit.systemd.begun == [CLEARING]
    found.remove()
    assert unit.tree() == {}


@pytest.mark.slow
def test_a_clearing_that_does_not_clear_is_begun_again_ever_more_rarely(tmp_path: Path) -> None:
    unit, clock = shipping(tmp_path / 'root'), Clock()
    unit.vanish()
    found = tenant(unit, clock)
    found.look()
    begun = []
    while clock.now < 1000.0 + 4 * 3600:
        clock.now += 5.0
        before = len(unit.systemd.begun)
        found.look()
        begun += [clock.now] * (len(unit.systemd.begun) - before)
    pauses = [later - earlier for earlier, later in itertools.pairwise(begun)]
    assert pauses[:4] == [30.0, 60.0, 120.0, 240.0]
    assert pauses[-2:] == [3600.0, 3600.0]


def test_a_unit_that_comes_back_within_the_grace_is_served_again(tmp_path: Path) -> None:
    unit, clock = shipping(tmp_path / 'root'), Clock()
    unit.vanish()
    found = tenant(unit, clock)
    assert found.look() is Notice.PAUSE
    # An application that was removed and deployed anew counts from 0 again.
    again = LocalUnit(tmp_path / 'root', systemd=unit.systemd)
    assert again.hook('install') == 0
    clock.now += 2 * GRACE_SECONDS
    assert found.look() is Notice.RELOAD
    assert found.look() is Notice.STAY
    assert [path.name for path in unit.place.units.iterdir()] == ['mysql-0.json']


@pytest.mark.slow
def test_one_of_two_goes_and_the_other_is_served_by_its_own_code(tmp_path: Path) -> None:
    one = shipping(tmp_path / 'root')
    other = LocalUnit(tmp_path / 'root', 'second/1', 'web/0', systemd=one.systemd)
    other.hook('install')
    assert 'unit-juju-health-0/current' in one.place.unit_file.read_text()
    one.vanish()
    found = tenant(one)
    assert found.look() is Notice.RELOAD
    assert [path.name for path in one.place.units.iterdir()] == ['web-0.json']
    assert one.systemd.begun == [CLEARING]
    assert found.look() is Notice.STAY
    found.remove()
    assert 'unit-second-1/current' in one.place.unit_file.read_text()
    assert not [path for path in one.tree() if 'juju-health-0' in path or 'mysql' in path]
    assert tenant(one).look() is Notice.STAY
    before = other.tree()
    assert other.hook('update-status') == 0
    assert other.tree() == before


@pytest.mark.slow
def test_a_new_unit_takes_over_from_an_orphan_and_a_refresh_reaches_it(tmp_path: Path) -> None:
    old = shipping(tmp_path / 'root')
    old.vanish()
    new = LocalUnit(tmp_path / 'root', 'juju-health/1', systemd=old.systemd)
    assert new.hook('install') == 0
    assert ['WARNING', 'removed what juju-health/0 left here'] in new.log
    assert not [path for path in new.tree() if 'juju-health-0' in path]
    assert 'unit-juju-health-1/current' in new.place.unit_file.read_text()
    document = json.loads((new.place.units / 'mysql-0.json').read_text())
    assert document == {'unit': 'mysql/0', 'reporter': 'juju-health/1'}
    (new.charm / 'charm' / 'fresh.py').write_text('')
    new.systemd.done.clear()
    assert new.hook('upgrade-charm') == 0
    assert new.systemd.done == ['start']
    launcher = new.place.code / 'unit-juju-health-1' / 'current'
    assert (launcher / 'charm' / 'fresh.py').exists()


@pytest.mark.slow
def test_what_the_living_need_is_not_taken_with_an_orphan(tmp_path: Path) -> None:
    old = shipping(tmp_path / 'root')
    old.vanish()
    # The same principal, and so what it has collected goes on: states, last report and spool.
    States('mysql/0', old.place.states).set('mysql', StateName.UP)
    kept = [old.place.state / 'agent/last/mysql-0.json', old.place.state / 'agent/spool/mysql-0/1']
    gone_too = [old.place.state / 'agent/last/juju-health-0.json']
    for path in (*kept, *gone_too):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    new = LocalUnit(tmp_path / 'root', 'juju-health/1', systemd=old.systemd)
    assert new.hook('install') == 0
    assert [path for path in (*kept, *gone_too) if path.exists()] == kept
    assert (old.place.states / 'mysql-0.json').exists()
    before = new.tree()
    assert list(remove_all(new.place, new.systemd)) == []
    assert new.tree() == before


@pytest.mark.slow
def test_a_hook_goes_on_where_an_orphan_cannot_be_cleared_and_says_so(tmp_path: Path) -> None:
    root = tmp_path / 'root'
    new = LocalUnit(root)
    stuck, other = (LocalUnit(root, name, 'web/0', systemd=new.systemd) for name in ('a/7', 'b/7'))
    for unit in (new, stuck, other):
        unit.hook('install')
    stuck.vanish()
    other.vanish()
    in_the_way = new.place.checks / checks_name('a/7') / 'x'
    in_the_way.mkdir(parents=True)
    assert new.hook('update-status') == 0
    assert gone(new.place) == ['a/7']
    assert ['WARNING', 'removed what b/7 left here'] in new.log
    (line,) = [text for level, text in new.log if level == 'ERROR']
    assert line.startswith('units that are gone left something that stays: a/7: cannot remove ')
    assert new.status == ['active', 'passed: 1 checks']
    # Its own removal does all it can as well, and tells.
    assert new.hook('remove') == 0
    assert gone(new.place) == ['a/7']
    assert new.systemd.active is False
    in_the_way.rmdir()
    in_the_way.parent.rmdir()
    tenant(new).remove()
    assert new.tree() == {}


def test_what_an_operator_enrolled_by_hand_is_nobodys_orphan(unit: LocalUnit) -> None:
    unit.place.units.mkdir(parents=True)
    enrol(unit.place.units, Unit('web/0', 'mine/0'))
    assert gone(unit.place) == []
    assert tenant(unit).look() is Notice.STAY
    unit.hook('install')
    assert tenant(unit).look() is Notice.STAY
    assert (unit.place.units / 'web-0.json').exists()


@pytest.mark.slow
def test_a_removal_that_is_killed_goes_on_from_there(tmp_path: Path) -> None:
    for number in itertools.count(1):
        unit = shipping(tmp_path / str(number))
        unit.vanish()
        with Cut(unit.place.root, number, Killed()) as cut, contextlib.suppress(Killed):
            tenant(unit).remove()
        if cut.count < number:
            break
        # Whatever is left: a service has its program, so that it does not restart for ever, ...
        if unit.place.unit_file.exists():
            launcher = unit.place.code / 'unit-juju-health-0' / 'current/hooks/health-agent'
            assert launcher.exists()
        # ... and it is all found again.
        assert gone(unit.place) == ['juju-health/0'] or unit.tree() == {}
        tenant(unit).remove()
        assert unit.tree() == {}
    assert number > 8


@pytest.mark.slow
def test_a_hook_and_the_removal_of_orphans_wait_for_each_other(tmp_path: Path) -> None:
    old = shipping(tmp_path / 'root')
    old.vanish()
    new = LocalUnit(tmp_path / 'root', 'juju-health/1', systemd=old.systemd)
    with ThreadPoolExecutor() as pool:
        with alone(old.place):
            waiting = pool.submit(new.hook, 'install')
            with pytest.raises(FutureTimeout):
                waiting.result(1.0)
            # Whoever holds it removes all, the locked directory too.
            assert list(remove_all(old.place, old.systemd)) == [
                'removed what juju-health/0 left here'
            ]
            assert not old.place.code.exists()
        assert waiting.result(60.0) == 0
    assert gone(new.place) == []
    assert 'unit-juju-health-1/current' in new.place.unit_file.read_text()


def test_an_operator_may_have_them_removed_at_once(
    unit: LocalUnit, capsys: pytest.CaptureFixture[str]
) -> None:
    unit.hook('install')
    tenant(unit).remove()
    assert capsys.readouterr().out == 'every unit that put something here is still there\n'
    unit.vanish()
    unit.systemd.juju = False
    before = unit.tree()
    with pytest.raises(OrphanError, match='cannot tell whether juju-health/0 left'):
        tenant(unit).remove()
    assert unit.tree() == before
    unit.systemd.juju = True
    tenant(unit).remove()
    assert capsys.readouterr().out == 'removed what juju-health/0 left here\n'
    assert unit.tree() == {}
