"""What a hook records is reported at once by the agent, and the same without one."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from typing import Any

from charm.kernel.report import StateName
from charm.kernel.report_json import decode
from charm.reporting.states import States
from tests.support.patience import PATIENCE

from .agents import LAUNCHER, Agent, health_of, new_lines_of, until

COURSE = (
    ('set', 'installing', '--message', 'unpacking 2.1'),
    ('set', 'blocked', '--blocker', 'db', 'cache'),
    ('set', 'blocked', '--service', 'worker', '--blocker', 'queue'),
    ('clear', '--service', 'worker'),
    ('set', 'churning', '--passing'),
    ('set', 'up'),
)


def follow(agent: Agent) -> list[Any]:
    """Have the hooks of a unit record their course; return what `get` says after each."""
    found = []
    for words in COURSE:
        done = agent.status(*words)
        assert (done.returncode, done.stdout, done.stderr) == (0, '', '')
        # Only the times may differ.
        said = re.sub(r'"(duration|since)":[^,]*', r'"\1":0', agent.status('get').stdout)
        found.append(json.loads(said))
    return found


def states_in_log(agent: Agent) -> list[tuple[str, list[str]]]:
    """Return the states of the changes that the agent has reported, in order."""
    reports = [line for line in new_lines_of(agent.log) if line['kind'] == 'report']
    states = [line['report']['state'] for line in reports if line['change']]
    return [(one['name'], one['blockers']) for one in states if one]


def by_hook(agent: Agent) -> dict[str, Any]:
    """Return the state as the health hook reports it, which asks no agent."""
    done = subprocess.run(
        [agent.python, '-I', str(LAUNCHER.with_name('health')), '--check', 'load'],
        env={
            'PATH': '/usr/bin:/bin',
            'JUJU_HEALTH_STATE': str(agent.states),
            'JUJU_UNIT_NAME': agent.report_unit(),
        },
        capture_output=True,
        timeout=PATIENCE,
        check=True,
    )
    decode(done.stdout)
    state: dict[str, Any] = json.loads(done.stdout)['state']
    return {**state, 'duration': 0}


def test_with_the_agent_and_without_it_the_same_is_recorded_and_reported(agent: Agent) -> None:
    without = follow(agent)
    hook_without = by_hook(agent)
    agent.status('clear')
    agent.configure(report=3600, interval=3600)
    agent.start()
    agent.first_report()
    assert follow(agent) == without
    assert {**by_hook(agent), 'since': 0} == {**hook_without, 'since': 0}
    assert {**agent.report()['state'], 'duration': 0} == by_hook(agent)


def test_each_state_is_in_a_report_of_its_own_when_the_command_ends(agent: Agent) -> None:
    agent.configure(report=3600, interval=3600)
    agent.start()
    agent.first_report()
    follow(agent)
    assert states_in_log(agent) == [
        ('installing', []),
        ('blocked', ['cache', 'db']),
        ('blocked', ['cache', 'db', 'queue']),
        ('blocked', ['cache', 'db']),
        ('churning', []),
        ('up', []),
    ]


def test_right_after_a_restart_a_state_is_reported_and_no_check_becomes_unknown(
    agent: Agent,
) -> None:
    agent.start()
    agent.first_report()
    agent.kill()
    slow = {'kind': 'nagios', 'command': ['/bin/sh', '-c', 'sleep 4; echo slow'], 'timeout': 9}
    agent.define(flag=slow)
    agent.configure(interval=3600, report=3600)
    agent.start()
    done = agent.status('set', 'error', '--message', 'no leader')
    assert (done.returncode, done.stderr) == (0, '')
    report = agent.report()
    assert report['state']['message'] == 'no leader'
    assert health_of(report, 'flag') == 'passed'
    assert agent.counts()['flag']['runs'] == 0


def test_a_state_that_nobody_told_the_agent_of_is_seen_all_the_same(agent: Agent) -> None:
    agent.configure(report=3600, interval=3600)
    agent.start()
    agent.first_report()
    # As the services framework does, in a process that runs hooks.
    States(agent.report_unit(), agent.states).set('web', StateName.CHURNING)
    until(lambda: (agent.report()['state'] or {}).get('name') == 'churning')


def test_a_frozen_agent_holds_no_hook_and_reports_it_when_it_thaws(agent: Agent) -> None:
    agent.start()
    agent.first_report()
    assert agent.process is not None
    agent.signal(signal.SIGSTOP)
    done = agent.status('set', 'blocked', '--blocker', 'db')
    agent.signal(signal.SIGCONT)
    assert done.returncode == 0
    assert 'recorded, but the agent could not be told' in done.stderr
    assert json.loads(agent.status('get').stdout)['state']['name'] == 'blocked'
    until(lambda: (agent.report()['state'] or {}).get('blockers') == ['db'])


def test_what_was_recorded_while_the_agent_was_dead_is_in_its_first_report(agent: Agent) -> None:
    agent.start()
    agent.first_report()
    agent.kill()
    done = agent.status('set', 'error')
    assert (done.returncode, done.stderr) == (0, '')
    agent.start()
    until(lambda: (agent.report()['state'] or {}).get('name') == 'error')
    assert states_in_log(agent) == [('error', [])]


def test_an_agent_of_other_units_is_no_fault(agent: Agent) -> None:
    agent.start()
    agent.first_report()
    path = LAUNCHER.with_name('health-status')
    words = ('--unit', 'other/7', '--directory', str(agent.states))
    done = subprocess.run(
        [agent.python, '-I', str(path), 'set', 'up', *words, '--agent-config', str(agent.config)],
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b'', b'')
