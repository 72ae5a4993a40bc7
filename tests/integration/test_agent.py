"""The agent as a process: it starts, checks, reloads and stops."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.authors import PYTHONS, python_of
from tests.support.patience import PATIENCE

from .agents import LAUNCHER, PYTHON, Agent, health_of, new_lines_of, until


def test_it_says_ready_then_runs_every_check_and_answers(agent: Agent) -> None:
    on = {name: {'enabled': True} for name in ('disk', 'memory', 'load')}
    agent.define(flag=agent.flag(), **on)
    agent.start()
    report = agent.first_report()
    assert {one['name'] for one in report['checks']} == {'disk', 'memory', 'load', 'flag'}
    answer = agent.ask('GET', '/v1/report')
    assert answer.age_seconds is not None
    assert answer.age_seconds < 10
    agent.verdict.write_text('2')
    until(lambda: health_of(agent.report(), 'flag') == 'fail')
    assert agent.ask('GET', '/v1/health').status == 503


def test_a_reload_takes_new_checks_and_loses_no_counts(agent: Agent) -> None:
    agent.start()
    until(lambda: agent.counts()['flag']['runs'] >= 2)
    agent.verdict.write_text('1')
    until(lambda: agent.counts()['flag']['flips'] == 1)
    runs = agent.counts()['flag']['runs']
    agent.define(
        flag=json.loads((agent.checks / 'test.json').read_text())['checks']['flag'],
        extra={'kind': 'nagios', 'command': ['/bin/true']},
    )
    agent.signal(signal.SIGHUP)
    agent.wait_for(b'RELOADING=1')
    agent.wait_for(b'READY=1')
    counts = agent.counts()
    assert counts['flag']['runs'] >= runs
    assert counts['flag']['flips'] == 1
    assert 'extra' in counts
    until(lambda: health_of(agent.report(), 'extra'))


def test_a_wrong_configuration_at_a_reload_leaves_the_old_one_and_is_said(agent: Agent) -> None:
    agent.start()
    agent.first_report()
    agent.config.write_text('intervall: 5\n')
    agent.signal(signal.SIGHUP)
    agent.wait_for(b'READY=1')
    assert "no such key; did you mean 'interval'" in agent.said()
    assert agent.report()


def test_a_wrong_configuration_at_the_start_is_said_and_not_tried_again(agent: Agent) -> None:
    agent.config.write_text('intervall: 5\n')
    done = subprocess.run(
        [PYTHON, '-I', str(LAUNCHER), 'serve', '--config', str(agent.config)],
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 78
    assert str(agent.config) in done.stderr.decode()


def test_a_second_agent_does_not_start(agent: Agent) -> None:
    agent.start()
    done = subprocess.run(
        [PYTHON, '-I', str(LAUNCHER), 'serve', '--config', str(agent.config)],
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 3
    assert b'does another agent run?' in done.stderr
    assert agent.first_report()


@pytest.mark.parametrize('version', PYTHONS)
def test_on_every_python_it_starts_answers_follows_a_state_and_stops(
    version: str, tmp_path: Path
) -> None:
    agent = Agent(tmp_path / 'agent', python=str(python_of(version)))
    try:
        agent.start(watchdog_seconds=4.0)
        agent.first_report()
        assert agent.ask('GET', '/v1/health').status == 200
        assert agent.status('set', 'blocked').returncode == 0
        assert agent.report()['state']['name'] == 'blocked'
        agent.wait_for(b'WATCHDOG=1')
        agent.signal(signal.SIGTERM)
        assert agent.process is not None
        assert agent.process.wait(PATIENCE) == 0
        assert agent.said() == ''
        assert not agent.socket.exists()
    finally:
        agent.close()


_LAUNCHER = """
import sys
sys.path.insert(0, {root!r})
from charm.agent import cli
def answers(service):
    return {{'name': 'answers', 'health': 'warn', 'message': f'of {{service}}'}}
def fits(service):
    return {{'name': 'fits', 'health': 'passed', 'message': 'well'}}
services = [{{'service': 'web', 'health': [fits]}}]
sys.exit(cli.main(callbacks={{'web': [answers]}}, services=services))
"""


def test_a_charms_own_launcher_gives_it_callbacks_and_services(agent: Agent) -> None:
    launcher = agent.root / 'agents' / 'unit-web-3' / 'charm' / 'hooks' / 'health-agent'
    launcher.parent.mkdir(parents=True)
    launcher.write_text(_LAUNCHER.format(root=str(LAUNCHER.parents[1])))
    agent.launcher = launcher
    agent.start()
    report = agent.first_report()
    assert report['unit'] == 'web/3'
    healths = {one['name']: one['health'] for one in report['checks']}
    assert healths == {'answers': 'warn', 'fits': 'passed', 'flag': 'passed'}


def test_a_check_that_a_reload_brings_is_heard_before_it_is_reported(agent: Agent) -> None:
    agent.configure(interval=3600, report=2)
    agent.start()
    agent.first_report()
    slow = {'kind': 'nagios', 'command': ['/bin/sh', '-c', 'sleep 4; echo slow'], 'timeout': 20}
    agent.define(flag=agent.flag(), slow=slow)
    agent.signal(signal.SIGHUP)
    until(lambda: health_of(agent.report(), 'slow') == 'passed')
    lines = [line for line in new_lines_of(agent.log) if line['kind'] == 'report']
    healths = [health_of(line['report'], 'slow') for line in lines]
    assert set(healths) == {'', 'passed'}
