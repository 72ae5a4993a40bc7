"""The charm's relations on real machines: shipping to an orchestrator, and what principals ask."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from charm.kernel import report_json
from charm.kernel.push_contract import derive
from charm.kernel.report import Health, Report
from tests.charmed.archive import built
from tests.charmed.unit import MODEL, Charmed
from tests.conftest import Hosts
from tests.support.tls import Certificates

from .agents import MASTER, Receiver, until
from .test_charm_on_hosts import QUIET, running

pytestmark = pytest.mark.hosts
# As Juju 4.0.15 prints it; before, it was `secret:` and the last part.
IDENTITY = f'secret://{MODEL}/cq5e2mr0ui3e8a215n4g'
OLDER = 'secret:cq5e2mr0ui3e8a215n4g'
RELATION = 'orchestrator:3'
UNIT_FILE = Path('/etc/juju-health/units.d/web-0.json')


@pytest.fixture
def receiver(tmp_path: Path, certificates: Certificates, hosts: Hosts) -> Iterator[Receiver]:
    """Yield a receiver at the bridge that the machine is plugged into."""
    (host,) = hosts(1)
    with (host.root / 'etc' / 'hosts').open('a') as file:
        bridge = '.'.join([*host.address.split('.')[:3], '1'])
        file.write(f'{bridge} orchestrator\n')
    one = Receiver(tmp_path / 'inbox', certificates, bridge)
    one.start()
    yield one
    one.stop()


def deployed(hosts: Hosts, juju: str = '3.6.28') -> Charmed:
    charmed = Charmed(hosts(1)[0], principal='web/0', juju=juju)
    charmed.deploy(built())
    charmed.configure(checks=QUIET, check_interval=1, report_interval=1)
    charmed.must('install')
    charmed.must('start')
    return charmed


def address(receiver: Receiver) -> dict[str, str]:
    push = receiver.push_to('orchestrator')
    return {'url': push.url, 'ca': push.ca}


def push_of(charmed: Charmed) -> Any:
    return json.loads(charmed.here(UNIT_FILE).read_text()).get('push')


def relate(charmed: Charmed, **data: str) -> None:
    charmed.relate(RELATION, 'boss', {'boss/0': data})
    charmed.must('orchestrator-relation-joined', relation=RELATION, remote='boss/0')
    charmed.must('orchestrator-relation-changed', relation=RELATION, remote='boss/0')


def arrives(receiver: Receiver) -> None:
    """Wait for one more report of the unit."""
    known = len(receiver.reports(MODEL))
    until(lambda: len(receiver.reports(MODEL)) > known)


def test_with_a_secret_reports_are_shipped_until_the_relation_is_gone(
    hosts: Hosts, receiver: Receiver
) -> None:
    charmed = deployed(hosts)
    charmed.secret(IDENTITY, credential=derive(MASTER, 'web/0', MODEL))
    relate(charmed, **address(receiver), **{'credential-secret-web-0': IDENTITY})
    # What the orchestrator needs in order to derive a credential.
    assert charmed.published(RELATION) == {'unit': 'web/0', 'model': MODEL}
    assert charmed.here(UNIT_FILE).stat().st_mode & 0o777 == 0o600
    arrives(receiver)
    charmed.must('orchestrator-relation-broken', relation=RELATION)
    charmed.part(RELATION)
    assert push_of(charmed) is None
    credential = derive(MASTER, 'web/0', MODEL)
    found = charmed.host.run(['grep', '-rl', credential, '/etc', '/var/lib/juju-health'])
    assert found.stdout == b''
    assert running(charmed.host)


def test_on_an_old_juju_the_credential_comes_in_relation_data(
    hosts: Hosts, receiver: Receiver
) -> None:
    charmed = deployed(hosts, juju='2.9.49')
    relate(charmed, **address(receiver), credential=derive(MASTER, 'web/0', MODEL))
    arrives(receiver)
    # The last unit of the orchestrator goes, and with it what it said.
    charmed.relate(RELATION, 'boss', {})
    charmed.must(
        'orchestrator-relation-departed', relation=RELATION, remote='boss/0', departing='boss/0'
    )
    assert push_of(charmed) is None


def test_a_new_credential_is_taken_when_its_secret_changes(
    hosts: Hosts, receiver: Receiver
) -> None:
    charmed = deployed(hosts)
    charmed.secret(IDENTITY, credential='0' * 64)
    relate(charmed, **address(receiver), **{'credential-secret': OLDER})
    charmed.secret(IDENTITY, credential=derive(MASTER, 'web/0', MODEL))
    charmed.must('secret-changed')
    arrives(receiver)


def test_what_cannot_be_used_is_said_and_what_was_before_stays(
    hosts: Hosts, receiver: Receiver
) -> None:
    charmed = deployed(hosts)
    good = {**address(receiver), 'credential': derive(MASTER, 'web/0', MODEL)}
    relate(charmed, **good)
    before = push_of(charmed)
    charmed.secret(IDENTITY, granted=False, credential='0' * 64)
    relate(charmed, **address(receiver), **{'credential-secret': IDENTITY})
    assert charmed.status == [
        'blocked',
        f'{RELATION}: cannot use secret-get: ERROR permission denied',
    ]
    relate(charmed, **{**good, 'url': 'http://orchestrator'})
    assert charmed.status[0] == 'blocked'
    assert 'the orchestrator relation: push.url: ' in charmed.status[1]
    assert push_of(charmed) == before
    arrives(receiver)
    relate(charmed, **good)
    assert charmed.status[0] == 'active'


def test_an_orchestrator_that_has_not_said_all_yet_is_no_trouble(hosts: Hosts) -> None:
    charmed = deployed(hosts)
    relate(charmed, url='https://orchestrator')
    assert charmed.status[0] == 'active'
    assert push_of(charmed) is None
    words = 'nothing is shipped: the orchestrator has yet to publish ca, credential'
    assert ['INFO', words] in charmed.log


def report(charmed: Charmed) -> Report:
    done = charmed.health('--unit', 'web/0')
    assert done.returncode == 0, done.stderr
    return report_json.decode(done.stdout)


@pytest.mark.parametrize('endpoint', ['local-monitors', 'nrpe-external-master'])
def test_what_a_principal_asks_to_be_monitored_is_checked_while_it_asks(
    hosts: Hosts, endpoint: str
) -> None:
    charmed = deployed(hosts)
    relation = f'{endpoint}:7'
    text = 'monitors: {remote: {tcp: {ssh: {port: 22}, gone: {port: 9}}}}\n'
    charmed.relate(relation, 'web', {'web/0': {'primary': 'True', 'monitors': text}})
    charmed.must(f'{endpoint}-relation-changed', relation=relation, remote='web/0')
    found = {one.name: one.health for one in report(charmed).checks}
    assert found['monitors-tcp-ssh'] is Health.PASSED
    assert found['monitors-tcp-gone'] is Health.FAIL
    assert not [name for name in found if name.startswith('definition:')]
    # We only listen: a principal that is told more would write files for NRPE, and restart it.
    assert charmed.published(relation) == {}
    charmed.must(f'{endpoint}-relation-broken', relation=relation)
    charmed.part(relation)
    names = {one.name for one in report(charmed).checks}
    assert not [name for name in names if name.startswith('monitors-')]
