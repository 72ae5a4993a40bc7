"""Clocks that jump, machines that boot, units that are made again: nothing is lost or wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from charm.agent.units import withdraw
from charm.kernel.fields import parse_time
from tests.conftest import Hosts
from tests.support.tls import Certificates

from .agent_host import UNIT, Service, boot_of, build, preload, set_clock
from .agents import Agent, Receiver, health_of, until

DAY = timedelta(days=1)


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


def ahead(report: dict[str, Any]) -> timedelta:
    """Return by how much the report's date is ahead of our clock, about."""
    made = parse_time(report['reported_at'])
    assert made is not None
    return made - datetime.now(timezone.utc)


def skew_of(orchestrator: Receiver) -> float:
    """Return how many seconds the receiver takes the unit's clock to be wrong by."""
    latest = orchestrator.inbox.latest(UNIT)
    known = latest is not None and latest.skew_seconds is not None
    return latest.skew_seconds or 0.0 if latest is not None and known else float('inf')


@pytest.mark.parametrize('by', [DAY, -DAY], ids=['ahead', 'back'])
def test_its_clock_is_moved_by_a_day_and_back_and_every_change_arrives_in_order(
    service: Service, orchestrator: Receiver, by: timedelta
) -> None:
    preload(service)
    service.systemctl('start')
    orchestrator.start()
    service.turn('0', 'passed')
    assert service.status('set', 'blocked', '--blocker', 'db').returncode == 0
    runs = service.runs()
    set_clock(service, by.total_seconds())
    service.turn('1', 'warn')
    assert abs(ahead(service.report()) - by) < timedelta(hours=1)
    # It goes on at its pace, neither standing still nor making up for a day.
    until(lambda: service.runs() >= runs + 4)
    assert service.runs() < runs + 1000
    assert float(json.loads(service.agent('report', '--envelope'))['age']) < 60.0
    assert service.report()['state']['duration'] < 600.0
    set_clock(service, 0.0)
    service.turn('2', 'fail')
    assert abs(ahead(service.report())) < timedelta(hours=1)
    # A day ago the certificate was not valid yet: what could not be shipped then is now.
    until(lambda: orchestrator.flags() == ['passed', 'warn', 'fail'])
    # It is in the log before it is the latest.
    until(lambda: abs(skew_of(orchestrator)) < 600.0)
    days = [round(ahead(report) / DAY) for report in orchestrator.reports()]
    assert round(by / DAY) in days
    assert service.show('NRestarts') == '0'


@pytest.mark.parametrize('by', [DAY, -DAY], ids=['ahead', 'back'])
def test_a_python_whose_locks_wait_by_the_wall_clock_is_not_held_up(
    agent: Agent, by: timedelta, tmp_path: Path
) -> None:
    clock = tmp_path / 'clock'
    clock.write_text('0')
    agent.start(2.0, LD_PRELOAD=str(build('moved_clock', tmp_path)), MOVED_CLOCK=str(clock))
    agent.first_report()
    clock.write_text(f'{by.total_seconds():.0f}')
    assert abs(ahead(json.loads(agent.ask('POST', '/v1/run', {'checks': ['flag']}).body)) - by) < (
        timedelta(hours=1)
    )
    runs = agent.counts()['flag']['runs']
    until(lambda: agent.counts()['flag']['runs'] >= runs + 3)
    agent.wait_for(b'WATCHDOG=1')
    assert agent.process is not None
    spent = Path(f'/proc/{agent.process.pid}/stat').read_text().rpartition(')')[2].split()[11:13]
    # Nor does it turn round and round: a wait that ends at once would take all of a CPU.
    assert sum(map(int, spent)) < 500


def test_after_a_plug_was_pulled_it_is_a_new_boot_and_nothing_of_the_old_one_is_lost(
    service: Service, orchestrator: Receiver
) -> None:
    service.systemctl('start')
    service.turn('0', 'passed')
    assert service.status('set', 'blocked', '--blocker', 'db').returncode == 0
    since = service.report()['state']['since']
    service.turn('2', 'fail')
    boots = [boot_of(service)]
    service.host.power_off()
    service.turn('0', wait=False)
    service.host.power_on()
    boots.append(boot_of(service))
    until(lambda: health_of(service.report(), 'flag') == 'passed')
    assert service.report()['boot_id'] == boots[1]
    assert service.report()['state']['since'] == since
    service.turn('1', 'warn')
    orchestrator.start()
    until(lambda: orchestrator.flags() == ['passed', 'fail', 'passed', 'warn'])
    reports = orchestrator.reports()
    assert list(dict.fromkeys(report['boot_id'] for report in reports)) == boots
    # It is in the log before it is the latest.
    until(lambda: [r.report.boot_id for r in [orchestrator.inbox.latest(UNIT)] if r] == boots[1:])


def test_the_report_of_an_earlier_boot_is_never_served(service: Service) -> None:
    service.systemctl('start')
    service.turn('2', 'fail')
    service.host.must(['systemctl', 'disable', '--quiet', 'juju-health-agent'])
    service.host.power_off(clean=True)
    # The first check of the new boot takes its time.
    service.hold_verdict()
    service.host.power_on()
    service.systemctl('start')
    assert service.report() == {}
    service.turn('0', 'passed')
    assert service.report()['boot_id'] == boot_of(service)


def test_a_unit_that_was_made_again_in_another_model_has_nothing_of_the_old_one(
    service: Service, orchestrator: Receiver
) -> None:
    withdraw(service.units, UNIT)
    service.enrol(orchestrator, model='model-one')
    service.systemctl('start')
    service.turn('2', 'fail')
    service.turn('1', 'warn')
    spool = service.host.root / 'var/lib/juju-health/agent/spool/web-0'
    assert list(spool.glob('[0-9]*.json'))
    withdraw(service.units, UNIT)
    service.systemctl('reload')
    until(lambda: service.status('get').returncode == 0)
    until(lambda: service.report().get('unit', UNIT) != UNIT)
    service.turn('0', wait=False)
    service.enrol(orchestrator, model='model-two')
    service.systemctl('reload')
    orchestrator.start()
    until(lambda: orchestrator.flags('model-two') == ['passed'])
    assert orchestrator.reports('model-one') == []
