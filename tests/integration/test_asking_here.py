"""The same on this machine, by the local reach: hook, agent and log say the same of one unit."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from charm.kernel.deadline import Deadline
from charm.kernel.identity import own_unit
from reconciler.ask.base import MachineAnswer
from reconciler.ask.frames import Request
from reconciler.ask.log import LogAsker
from reconciler.ask.log_store import LogStore
from reconciler.ask.modes import AUTO, AskMode, Programs, request_for
from reconciler.ask.script_asker import ScriptAsker
from reconciler.reach.local import LocalReach
from tests.support.patience import PATIENCE

from .agents import LAUNCHER, Agent
from .asking import normalised

UNIT = own_unit({})


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Agent]:
    monkeypatch.delenv('JUJU_UNIT_NAME', raising=False)
    running = Agent(tmp_path / 'agent')
    monkeypatch.setenv('JUJU_HEALTH_STATE', str(running.states))
    running.verdict.write_text('1\n')
    running.start()
    yield running
    running.close()


def request(agent: Agent, mode: AskMode) -> Request:
    """Return what to ask on a mode, with the places of this agent's files."""
    told = ('--unit', UNIT, '--definitions', str(agent.checks))
    hook = (agent.python, '-I', str(LAUNCHER.with_name('health')), *told)
    one = request_for(Programs(UNIT, hook, (agent.python, '-I', str(LAUNCHER))), mode)
    config = ('--config', str(agent.config))
    if one.first is not None:
        first = replace(one.first, arguments=(*one.first.arguments, *config))
        return replace(one, first=first)
    return one if one.by == 'hook' else replace(one, arguments=(*one.arguments, *config))


def asked(agent: Agent, mode: str, state: Path) -> MachineAnswer:
    asker = LogAsker(ScriptAsker(LocalReach()), LogStore(state))
    came = asker.ask(UNIT, [request(agent, AskMode(mode))], Deadline.after(PATIENCE))
    assert came.fault is None
    return came


def test_hook_agent_and_log_give_the_same_report(agent: Agent, tmp_path: Path) -> None:
    agent.first_report()
    found = {mode: asked(agent, mode, tmp_path).answers[0] for mode in ('hook', 'agent', 'log')}
    found[AUTO] = asked(agent, AUTO, tmp_path).answers[0]
    truth = normalised(json.loads(found['hook'].stdout))
    assert [check['name'] for check in truth['checks']] == ['flag']
    assert truth['health'] == 'warn'
    for mode, answer in found.items():
        assert (answer.exit_code, answer.complete) == (0, True), (mode, answer)
        assert normalised(json.loads(answer.stdout)) == truth, mode
        assert answer.held_seconds is not None
        assert 0.0 <= answer.held_seconds < 60.0
    assert {mode: answer.by for mode, answer in found.items()} == {
        'hook': '',
        'agent': 'agent',
        'log': 'agent log',
        AUTO: 'agent',
    }


def test_a_frozen_agent_answers_for_nobody_and_the_hook_does(agent: Agent, tmp_path: Path) -> None:
    agent.first_report()
    agent.signal(signal.SIGSTOP)
    answer = asked(agent, AUTO, tmp_path).answers[0]
    assert answer.by == ''
    assert json.loads(answer.stdout)['health'] == 'warn'
