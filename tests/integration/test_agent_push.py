"""What is shipped arrives, once and in order, whoever was down meanwhile."""

from __future__ import annotations

import signal
from pathlib import Path

from charm.agent.config import Config
from charm.agent.ship.spool import Spool
from charm.agent.units import Unit, enrol, withdraw
from charm.kernel.merge_checks import make_report
from charm.kernel.report import CheckResult, Health
from charm.kernel.report_json import encode
from tests.support.patience import PATIENCE

from .agents import Agent, Receiver, turn, until


def test_what_happened_while_the_orchestrator_was_down_and_the_agent_killed_arrives_in_order(
    agent: Agent, receiver: Receiver
) -> None:
    enrol(agent.units, Unit('web/0', 'health/0', receiver.push))
    agent.start()
    turn(agent, '0', 'passed')
    turn(agent, '1', 'warn')
    agent.kill()
    agent.start()
    turn(agent, '2', 'fail')
    agent.kill()
    agent.start()
    turn(agent, '0', 'passed')
    assert 'do not reach' in agent.said()
    agent.signal(signal.SIGTERM)
    assert agent.process is not None
    agent.process.wait(PATIENCE)
    receiver.start()
    agent.start()
    until(lambda: receiver.flags() == ['passed', 'warn', 'fail', 'passed'])
    until(lambda: not list((agent.root / 'state' / 'spool' / 'web-0').glob('[0-9]*.json')))


def test_a_frozen_orchestrator_holds_no_check_and_misses_no_change(
    agent: Agent, receiver: Receiver
) -> None:
    receiver.start()
    enrol(agent.units, Unit('web/0', 'health/0', receiver.push))
    agent.start(watchdog_seconds=2.0)
    until(lambda: receiver.inbox.latest('web/0'))
    until(lambda: receiver.flags() == ['passed'])
    assert receiver.process is not None
    receiver.process.send_signal(signal.SIGSTOP)
    for code, health in (('1', 'warn'), ('2', 'fail'), ('0', 'passed')):
        turn(agent, code, health)
    agent.wait_for(b'WATCHDOG=1')
    receiver.process.send_signal(signal.SIGCONT)
    until(lambda: receiver.flags() == ['passed', 'warn', 'fail', 'passed'])


def test_a_unit_that_departs_is_shipped_no_more(agent: Agent, receiver: Receiver) -> None:
    receiver.start()
    enrol(agent.units, Unit('db/0', 'db/0'))
    enrol(agent.units, Unit('web/0', 'health/0', receiver.push))
    agent.start()
    until(lambda: receiver.flags() == ['passed'])
    withdraw(agent.units, 'web/0')
    agent.signal(signal.SIGHUP)
    agent.wait_for(b'RELOADING=1')
    agent.wait_for(b'READY=1')
    assert agent.ask('GET', '/v1/report?unit=web/0').status == 404
    assert not (agent.root / 'state/last/web-0.json').exists()
    until(lambda: agent.ask('GET', '/v1/report?unit=db/0').status == 200)
    latest = receiver.inbox.latest('web/0')
    turn(agent, '1', 'warn')
    assert receiver.inbox.latest('web/0') == latest or receiver.flags() == ['passed']


def test_two_days_of_reports_that_waited_are_shipped_within_the_promised_memory(
    agent: Agent, receiver: Receiver
) -> None:
    checks = [CheckResult(f'c{n}', Health.PASSED, message='as it was ' * 12) for n in range(20)]
    spool = Spool(agent.root / 'state/spool/web-0', Config.spool_bytes, Config.spool_reports)
    for sequence in range(3000):
        waiting = make_report('web', 'web/0', checks, boot_id='earlier', sequence=sequence)
        spool.put(encode(waiting).encode(), change=sequence % 50 == 0)
    assert spool.depth.dropped == 0
    enrol(agent.units, Unit('web/0', 'health/0', receiver.push))
    agent.start()
    agent.first_report()
    receiver.start()
    empty = b'juju_health_spool_reports{unit="web/0"} 0\n'
    until(lambda: empty in agent.ask('GET', '/metrics').body)
    changes = {report['sequence'] for report in receiver.reports()[:3000]}
    assert set(range(0, 3000, 50)) <= changes
    assert agent.process is not None
    status = Path(f'/proc/{agent.process.pid}/status').read_text()
    peak = next(line for line in status.splitlines() if line.startswith('VmHWM:'))
    assert int(peak.split()[1]) * 1024 < 40_000_000
