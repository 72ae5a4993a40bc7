"""The orchestrator asks a unit of the charm as it was built and deployed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Hosts
from tests.hosts.layout import add_unit
from tests.standin.builder import Application, Machine, Relation, Unit, World

from .test_charm_on_hosts import deployed

pytestmark = pytest.mark.hosts
COMMAND = Path(sys.executable).parent / 'reconcile-health'
BESIDE = Relation('juju-info', 'juju-health', 'juju-info', 'container')
# The subordinate's own unit is asked too; the load is that of the computer that runs the tests.
QUIET = 'checks:\n  load: {enabled: false, service: "*"}\n'


def test_a_sweep_finds_what_the_options_ask_for(hosts: Hosts, tmp_path: Path) -> None:
    host = hosts(1)[0]
    add_unit(host, 'mysql/0')
    charmed = deployed(host)
    charmed.configure(checks=QUIET + '  ssh: {kind: tcp, port: 22}\n', rollup='at-least 1')
    charmed.must('config-changed')
    unit = Unit('mysql/0', '0', subordinates=(Unit('juju-health/0'),))
    world = World(
        (Machine.of(host, '0'),),
        (
            Application('mysql', (unit,), relations=(BESIDE,)),
            Application('juju-health', subordinate_to=('mysql',)),
        ),
    )
    environment = {**os.environ, **world.write(tmp_path / 'juju', host.identity)}

    def swept() -> tuple[int, dict[str, Any]]:
        done = subprocess.run(
            [str(COMMAND), '--timeout', '20', '--format', 'json'],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        services = json.loads(done.stdout)['services']
        return done.returncode, next(one for one in services if one['name'] == 'mysql')

    code, service = swept()
    assert (code, service['health']) == (0, 'passed'), service
    assert service['rule'] == 'at-least 1 (by the charm)'
    report = service['units'][0]['report']
    assert report['reporter'] == {'unit': 'juju-health/0', 'version': '0.1.0'}
    assert 'ssh' in {one['name'] for one in report['checks']}
    charmed.configure(checks=QUIET + '  gone: {kind: tcp, port: 9}\n')
    charmed.must('config-changed')
    code, service = swept()
    assert (code, service['health']) == (2, 'fail')
    assert charmed.status[0] == 'blocked'
