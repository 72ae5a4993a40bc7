"""The charm's whole life on a machine, swept at each step as an operator would, under Juju 4.0."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from charm.juju.orphans import GRACE_SECONDS
from tests.charmed.archive import built, variant
from tests.charmed.unit import WELL, Charmed
from tests.conftest import Hosts
from tests.hosts.host import Host
from tests.hosts.layout import add_machine_agent, add_unit
from tests.standin.builder import Application, Info, Machine, Relation, Unit, World
from tests.standin.values import LOST
from tests.support.patience import PATIENCE

from .agents import until
from .test_charm_left import as_it_was, enrolled
from .test_charm_on_hosts import agents_report, listing, running

pytestmark = pytest.mark.hosts
COMMAND = Path(sys.executable).parent / 'reconcile-health'
# The load is that of the computer that runs the tests; the charm's own unit is asked too.
QUIET = 'checks:\n  load: {enabled: false, service: "*"}\n'
MONITORS = 'monitors: {remote: {tcp: {asked: {port: %d}}}}\n'
BESIDE = Relation('juju-info', 'juju-health', 'juju-info', 'container')


class Life:
    """A machine with mysql/0, what Juju says of it, and sweeps of both."""

    def __init__(self, host: Host, directory: Path) -> None:
        self.host = host
        self._directory = directory
        self.workload, self.agent = Info('active'), Info('idle')
        self.health = ''

    def sweep(self, form: str = 'json') -> tuple[int, str]:
        subordinates = (Unit(self.health),) if self.health else ()
        mysql = Unit('mysql/0', '0', self.workload, self.agent, subordinates=subordinates)
        beside = (
            (Application('juju-health', subordinate_to=('mysql',), origin='local'),)
            if self.health
            else ()
        )
        world = World(
            (Machine.of(self.host, '0'),),
            (Application('mysql', (mysql,), relations=(BESIDE,) if self.health else ()), *beside),
            version='4.0.15',
        )
        data = world.write(self._directory, self.host.identity)
        done = subprocess.run(
            [str(COMMAND), '--timeout', '20', '--format', form],
            env={**os.environ, **data},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    def service(self) -> tuple[int, Any]:
        code, printed = self.sweep()
        services = json.loads(printed)['services']
        return code, next(one for one in services if one['name'] == 'mysql')

    def faults(self) -> list[str]:
        found: list[str] = json.loads(self.sweep()[1])['faults']
        return found


def deploy(life: Life, unit: str) -> Charmed:
    charmed = Charmed(life.host, unit, 'mysql/0', juju='4.0.15')
    charmed.deploy(built())
    charmed.configure(checks=QUIET)
    for hook in ('install', 'config-changed', 'start'):
        charmed.must(hook)
    life.health = unit
    return charmed


def test_the_whole_life(hosts: Hosts, tmp_path: Path) -> None:
    host = hosts(1)[0]
    add_machine_agent(host)
    add_unit(host, 'mysql/0')
    before = listing(host)
    life = Life(host, tmp_path / 'juju')
    # Without the charm, its machine is looked at, and no agent of it is seen there.
    _code, service = life.service()
    assert service['units'][0]['outcome'] == 'probed'
    assert service['health'] != 'passed'

    charmed = deploy(life, 'juju-health/0')
    assert charmed.status == ['active', WELL]
    code, service = life.service()
    assert (code, service['health'], service['units'][0]['outcome']) == (0, 'passed', 'reported')

    # Every unit of the application is told of every principal's relation.
    said = {'mysql/0': {'monitors': MONITORS % 22}, 'mysql/1': {'monitors': MONITORS % 9}}
    charmed.relate('local-monitors:1', 'mysql', said)
    charmed.relate('local-monitors:2', 'web', {'web/7': {'monitors': MONITORS % 9}})
    for relation, remote in (('1', 'mysql/0'), ('1', 'mysql/1'), ('2', 'web/7')):
        which = {'relation': f'local-monitors:{relation}', 'remote': remote}
        charmed.must('local-monitors-relation-changed', **which)
    asked = list(charmed.here(Path('/etc/juju-health/monitors.d')).iterdir())
    assert [path.name for path in asked] == ['local-monitors-1-mysql-0.json']
    code, service = life.service()
    assert (code, service['health']) == (0, 'passed'), service

    # Juju says what no check sees.
    for workload, agent, health, status, told in (
        (Info('error', 'hook failed: "update-status"'), Info('idle'), 'fail', 2, 'hook failed'),
        (Info('blocked', 'no database'), Info('idle'), 'fail', 2, 'no database'),
        (Info('unknown', LOST), Info('lost'), 'warn', 1, 'agent lost'),
    ):
        life.workload, life.agent = workload, agent
        code, service = life.service()
        assert (code, service['health']) == (status, health)
        assert service['units'][0]['outcome'] == 'reported'
        shown = ' '.join(life.sweep('table')[1].split())
        assert told in shown
        assert 'Juju says' in shown
    life.workload, life.agent = Info('active'), Info('idle')

    newer = variant(
        built(), tmp_path / 'newer.charm', {'charm/__init__.py': b"__version__ = '0.2.0'\n"}
    )
    charmed.upgrade(newer)
    charmed.must('upgrade-charm')
    code, service = life.service()
    reporter = service['units'][0]['report']['reporter']
    assert (code, reporter) == (0, {'unit': 'juju-health/0', 'version': '0.2.0'})

    # Removed with no hook, and swept at once.
    agents_report(host, 'mysql/0')
    charmed.wipe()
    life.health = ''
    (fault,) = life.faults()
    assert fault.startswith('machine 0: juju-health/0 is gone from Juju')
    until(lambda: not enrolled(charmed))

    # Deployed anew meanwhile: nothing of the old unit serves the new one.
    again = deploy(life, 'juju-health/1')
    assert again.status == ['active', WELL]
    code, service = life.service()
    reporter = service['units'][0]['report']['reporter']
    assert (code, reporter) == (0, {'unit': 'juju-health/1', 'version': '0.1.0'})
    assert life.faults() == []

    again.wipe()
    life.health = ''
    until(lambda: not running(host), GRACE_SECONDS + PATIENCE)
    until(lambda: as_it_was(host, before))
    assert life.faults() == []
