"""The agent as a process: it starts, checks, reloads and stops."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from charm.agent.serve.client import AgentReply
from tests.support.authors import PYTHONS, python_of
from tests.support.patience import PATIENCE
from tests.support.servers import web

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
def loops(service):
    import re
    re.match('(a+)+b', 'a' * 64)
services = [{{'service': 'web', 'health': [fits]}}]
sys.exit(cli.main(callbacks={{'web': [{callbacks}]}}, services=services))
"""


def charm_of_its_own(agent: Agent, callbacks: str) -> None:
    """Have the agent be started by a charm's own launcher, with these callbacks."""
    launcher = agent.root / 'agents' / 'unit-web-3' / 'charm' / 'hooks' / 'health-agent'
    launcher.parent.mkdir(parents=True)
    launcher.write_text(_LAUNCHER.format(root=str(LAUNCHER.parents[1]), callbacks=callbacks))
    agent.launcher = launcher


def test_a_charms_own_launcher_gives_it_callbacks_and_services(agent: Agent) -> None:
    charm_of_its_own(agent, 'answers')
    agent.start()
    report = agent.first_report()
    assert report['unit'] == 'web/3'
    healths = {one['name']: one['health'] for one in report['checks']}
    assert healths == {'answers': 'warn', 'fits': 'passed', 'flag': 'passed'}


def test_it_answers_while_checks_hold_an_interpreter_of_their_own(agent: Agent) -> None:
    charm_of_its_own(agent, 'answers, loops')
    with web() as url:
        page = {'kind': 'http', 'url': f'{url}/size/1000000', 'matches': 'x.*y', 'timeout': 8}
        agent.define(flag=agent.flag(), page=page)
        agent.start()
        agent.first_report()
        done = threading.Event()
        answers: list[AgentReply] = []

        def run() -> None:
            answers.append(agent.ask('POST', '/v1/run', {'checks': ['page', 'loops']}))
            done.set()

        before = agent.counts()['flag']['runs']
        thread = threading.Thread(target=run)
        thread.start()
        asked = 0
        while not done.wait(0.1):
            assert agent.ask('GET', '/v1/report').status == 200
            asked += 1
        thread.join(PATIENCE)
    checks = {one['name']: one['message'] for one in json.loads(answers[0].body)['checks']}
    assert checks['loops'] == 'it did not end within its timeout of 10 s'
    assert checks['page'].startswith("cannot tell: to look for 'x.*y' took too long")
    # The pattern alone took eight seconds, and the other check came every second.
    assert asked >= 10
    assert agent.counts()['flag']['runs'] >= before + 3


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
