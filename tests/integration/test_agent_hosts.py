"""The agent as a systemd service on a real machine: killed, frozen, restarted; nothing is lost."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Hosts
from tests.support.patience import PATIENCE
from tests.support.tls import Certificates

from .agent_host import Service, boot_of
from .agents import Receiver, health_of, until

COURSE = (('1', 'warn'), ('2', 'fail'), ('0', 'passed'))


@pytest.fixture
def service(hosts: Hosts) -> Service:
    (host,) = hosts(1)
    one = Service(host)
    one.install()
    return one


@pytest.fixture
def orchestrator(
    service: Service, tmp_path: Path, certificates: Certificates
) -> Iterator[Receiver]:
    """Yield a receiver at the bridge that the machine is plugged into; it is not started."""
    bridge = '.'.join([*service.host.address.split('.')[:3], '1'])
    one = Receiver(tmp_path / 'inbox', certificates, bridge)
    service.enrol(one)
    yield one
    one.stop()


def test_systemd_starts_it_once_it_serves_and_stops_it_cleanly(service: Service) -> None:
    service.systemctl('start')
    # `start` returned since it said READY=1: it answers, without any waiting.
    assert 'units' in json.loads(service.agent('checks'))
    assert service.show('StatusText') == '1 checks of juju-health/0'
    until(lambda: health_of(service.report(), 'flag') == 'passed')
    # What it may not do has not put it into another machine than the hooks.
    assert service.report()['boot_id'] == boot_of(service)
    service.systemctl('stop')
    assert service.show('Result') == 'success'
    assert service.show('ExecMainStatus') == '0'


def test_its_unit_file_is_hardened_as_the_manual_says(service: Service) -> None:
    said = service.host.must(
        ['systemd-analyze', 'security', '--no-pager', 'juju-health-agent.service']
    )
    verdict = said.strip().splitlines()[-1]
    assert float(verdict.split(': ')[1].split()[0]) <= 5.7, verdict


def test_killed_at_any_moment_it_is_back_and_every_change_arrives_in_order(
    service: Service, orchestrator: Receiver
) -> None:
    service.systemctl('start')
    service.turn('0', 'passed')
    orchestrator.start()
    wanted = ['passed']
    for round_number in range(9):
        if round_number == 3:
            # It is killed while there is nobody to ship to as well.
            orchestrator.stop()
        if round_number == 6:
            orchestrator.start()
        code, health = COURSE[round_number % 3]
        service.turn(code, health)
        wanted.append(health)
        # Another moment each time: in a check, a report, a write, a push.
        service.wait_for_lines(round_number)
        service.kill('SIGKILL')
    until(lambda: orchestrator.flags() == wanted)
    until(lambda: service.show('NRestarts') == '9')
    service.read_on()
    starts = [line for line in service.lines if line.get('event') == 'started']
    assert len(starts) >= 9
    logged = [
        health_of(line['report'], 'flag') for line in service.lines if line['kind'] == 'report'
    ]
    assert [one for i, one in enumerate(logged) if logged[i - 1 : i] != [one]] == wanted


def test_frozen_it_is_restarted_by_the_watchdog(service: Service) -> None:
    service.systemctl('start')
    until(lambda: health_of(service.report(), 'flag') == 'passed')
    before = service.report()
    service.kill('SIGSTOP')
    until(lambda: service.show('NRestarts') == '1', PATIENCE)
    assert 'Watchdog timeout' in service.host.must('journalctl --no-pager -u juju-health-agent')
    until(lambda: service.report().get('sequence', 0) > before['sequence'])
    service.read_on()
    changes = [line for line in service.lines if line['kind'] == 'report' and line['change']]
    assert len(changes) == 1


def test_restarted_and_reloaded_it_serves_its_last_report_and_keeps_its_counts(
    service: Service,
) -> None:
    service.systemctl('start')
    service.turn('2', 'fail')
    before = service.report()
    service.systemctl('restart')
    after = service.report()
    assert after['sequence'] >= before['sequence']
    assert health_of(after, 'flag') == 'fail'
    until(lambda: service.runs() >= 3)
    runs = service.runs()
    service.systemctl('reload')
    until(lambda: any(line.get('event') == 'reloaded' for line in service.read_on()))
    assert service.runs() >= runs


def _state(service: Service) -> str:
    return str(json.loads(service.status('get').stdout)['state']['name'])


def _refused_for_want_of_room(
    service: Service,
) -> tuple[str, subprocess.CompletedProcess[bytes]] | None:
    """Fill the disk and set another state: the state before and how it was refused, if it was.

    The agent makes room meanwhile by dropping old reports, so that one filling may not do.
    """
    before = _state(service)
    service.host.run('cat /dev/zero >> /var/lib/juju-health/big')
    other = ('blocked', '--blocker', 'db') if before == 'up' else ('up',)
    done = service.status('set', *other)
    return (before, done) if done.returncode else None


def test_on_a_full_disk_it_goes_on_and_afterwards_every_change_is_there(
    service: Service, orchestrator: Receiver
) -> None:
    mount = 'mkdir -p {0} && mount -t tmpfs -o size=2m tmpfs {0}'
    service.host.must(mount.format('/var/lib/juju-health'))
    service.systemctl('start')
    service.turn('0', 'passed')
    assert service.status('set', 'up').returncode == 0
    before, refused = until(lambda: _refused_for_want_of_room(service))
    assert refused.returncode == 3
    assert b'No space left on device' in refused.stderr
    assert _state(service) == before
    for code, health in (*COURSE, COURSE[0]):
        service.turn(code, health)
    service.host.must('rm /var/lib/juju-health/big')
    assert service.status('set', 'blocked', '--blocker', 'db').returncode == 0
    orchestrator.start()
    until(lambda: orchestrator.flags() == ['passed', 'warn', 'fail', 'passed', 'warn'])
    until(lambda: orchestrator.reports()[-1]['state']['blockers'] == ['db'])
    assert service.show('NRestarts') == '0'
