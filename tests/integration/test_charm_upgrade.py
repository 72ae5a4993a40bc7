"""A unit upgraded from the charm of before its modules moved keeps all that it had."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from charm.kernel.log_files import files_of
from charm.kernel.push_contract import derive
from charm.kernel.report import Health
from tests.charmed.archive import built, built_before
from tests.charmed.unit import MODEL, Charmed
from tests.conftest import Hosts

from .agents import MASTER, Receiver, until
from .test_charm_on_hosts import agents_report, pid_of
from .test_charm_relations import IDENTITY, push_of, receiver, relate

__all__ = ['receiver']
pytestmark = pytest.mark.hosts
CHECKS = """\
checks:
  load: {enabled: false}
  stamp: {kind: file-age, path: /run/stamp, fail_seconds: 3600, fail_after: 90}
"""
STATE = Path('/var/lib/juju-health')
LOG = Path('/var/log/juju-health')


class Kept:
    """What an upgrade has to keep of web/0."""

    def __init__(self, charmed: Charmed) -> None:
        states = charmed.here(STATE / 'states')
        self.state = json.loads((states / 'web-0.json').read_text())
        settling = json.loads((states / 'web-0.settling.json').read_text())
        self.failed = settling['checks']['stamp']['history'].count('fail')
        spool = charmed.here(STATE / 'agent' / 'spool' / 'web-0')
        self.spooled = {path.name for path in spool.glob('[0-9]*.json')}
        self.log = files_of(charmed.here(LOG))
        self.push = push_of(charmed)


def test_an_upgrade_from_the_charm_of_before_keeps_what_the_unit_had(
    hosts: Hosts, receiver: Receiver, tmp_path: Path
) -> None:
    charmed = Charmed(hosts(1)[0], principal='web/0')
    host = charmed.host
    charmed.deploy(built_before(tmp_path / 'before.charm'))
    charmed.configure(checks=CHECKS, check_interval=1, report_interval=1)
    host.must(['touch', '/run/stamp'])
    charmed.must('install')
    charmed.must('start')
    agents_report(host, 'web/0')
    host.must(['rm', '/run/stamp'])
    status = charmed.charm / 'hooks' / 'health-status'
    host.must([str(status), 'set', 'blocked', '--blocker', 'db', '--unit', 'web/0'])
    charmed.secret(IDENTITY, credential=derive(MASTER, 'web/0', MODEL))
    push = receiver.push_to('orchestrator')
    receiver.stop()
    told = {'url': push.url, 'ca': push.ca, 'credential-secret-web-0': IDENTITY}
    relate(charmed, **told)
    until(lambda: min(len(Kept(charmed).spooled), Kept(charmed).failed) > 3)
    before, pid = Kept(charmed), pid_of(host)

    charmed.upgrade(built())
    charmed.must('upgrade-charm')
    assert pid_of(host) != pid
    after = Kept(charmed)
    assert after.state == before.state
    assert after.failed >= before.failed
    assert before.spooled <= after.spooled
    assert set(before.log) <= set(after.log)
    assert after.push == before.push
    assert before.push['credential'] == derive(MASTER, 'web/0', MODEL)
    report = agents_report(host, 'web/0')
    (stamp,) = (check for check in report.checks if check.name == 'stamp')
    assert stamp.health is Health.PASSED, 'it has not failed ninety times in a row'
    assert stamp.data['settling']['held_runs'] >= before.failed
    # The receiver comes back, and has every report that waited.
    receiver.start()
    until(lambda: len(receiver.reports(MODEL)) > len(before.spooled))
    charmed.must('update-status')
