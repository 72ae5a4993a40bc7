"""The agent first and the hook if need be, in one script, run by real shells."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from charm.kernel.deadline import Deadline
from reconciler.ask import far_script, frames
from reconciler.ask.frames import Request, UnitAnswer
from reconciler.ask.modes import AUTO, MODES, PUSH, AskMode, Programs, request_for
from reconciler.ask.script_asker import ScriptAsker
from reconciler.cli.main import COMMANDS
from reconciler.reach.local import LocalReach
from reconciler.values.time_budget import TimeBudget
from tests.support.far_machine import SHELLS
from tests.support.far_machine import Machine as Far
from tests.support.patience import PATIENCE
from tests.support.tree import DOCS

ENVELOPE = 'echo \'{{"age": {age}, "report": {{"of": "agent"}}}}\''


class Machine:
    """A hook and an agent's client, which are shell scripts."""

    def __init__(self, directory: Path, far: Far) -> None:
        self.far = far
        self.hook = directory / 'hook'
        self.agent = directory / 'agent'
        self.write(self.hook, 'echo "{\\"of\\": \\"hook $*\\"}"')

    @staticmethod
    def write(path: Path, script: str) -> None:
        path.write_text(f'#!/bin/sh\n{script}\n')
        path.chmod(0o755)

    def request(self, mode: AskMode) -> Request:
        programs = Programs('web/0', (str(self.hook), '--unit', 'web/0'), (str(self.agent),))
        return request_for(programs, mode)

    def ask(self, mode: AskMode, timeout_seconds: int = PATIENCE) -> UnitAnswer:
        came = ScriptAsker(LocalReach(), TimeBudget(timeout_seconds=timeout_seconds)).ask(
            'web/0', [self.request(mode)], Deadline.after(PATIENCE)
        )
        assert came.fault is None
        return came.answers[0]


@pytest.fixture(params=['framer', 'shell'])
def machine(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Machine:
    far = Far(tmp_path, python=request.param == 'framer')
    monkeypatch.setenv('PATH', str(far.programs))
    return Machine(tmp_path, far)


BY_HOOK = b'{"of": "hook --unit web/0"}\n'


@pytest.mark.parametrize('age', ['0.001', '0', '59.999', '7', '1e-05'])
def test_a_fresh_report_of_the_agent_is_taken_and_the_hook_not_run(
    machine: Machine, age: str
) -> None:
    machine.write(machine.agent, ENVELOPE.format(age=age))
    machine.write(machine.hook, f'touch {machine.hook}.ran')
    answer = machine.ask(AskMode(AUTO, 60.0))
    assert (answer.stdout, answer.held_seconds, answer.by) == (
        b'{"of": "agent"}',
        float(age),
        'agent',
    )
    assert (answer.exit_code, answer.complete) == (0, True)
    assert not Path(f'{machine.hook}.ran').exists()


NOISE = ''.join(f'\\{number:03o}' for number in range(256))
STALE = {
    'too-old': ENVELOPE.format(age='60.0'),
    'much-too-old': ENVELOPE.format(age='99999999999999999999999.5'),
    'no-age': ENVELOPE.format(age='null'),
    'negative': ENVELOPE.format(age='-5.0'),
    'refused': 'echo "health-agent: cannot ask" >&2; exit 3',
    'silent': 'exit 0',
    'noise': f"printf '{NOISE}'",
    'a-number': "printf '5\\t\\024 noise'",
    'an-age-alone': 'echo \'{"age": 5.0}\'',
    'no-report-in-it': 'echo \'{"age": 5.0, "report": null}\'',
    'cut-off': 'echo \'{"age": 5.0, "report": {"of": "agent"\'',
    'half-a-number': ENVELOPE.format(age='5 and a half'),
    'older-than-time': ENVELOPE.format(age='1e+20'),
    'killed': 'kill -9 $$',
    'usage': 'echo usage; exit 2',
}


@pytest.mark.parametrize('script', list(STALE.values()), ids=list(STALE))
def test_whatever_else_the_agent_does_the_hook_answers(machine: Machine, script: str) -> None:
    machine.write(machine.agent, script)
    answer = machine.ask(AskMode(AUTO, 60.0))
    assert (answer.stdout, answer.by, answer.held_seconds) == (BY_HOOK, '', 0.0)


def test_without_an_agent_the_hook_answers(machine: Machine) -> None:
    assert machine.ask(AskMode(AUTO, 60.0)).stdout == BY_HOOK


@pytest.mark.slow
def test_an_agent_that_hangs_is_ended_and_the_hook_answers(machine: Machine) -> None:
    machine.write(machine.agent, f'touch {machine.agent}.asked; exec sleep 1000')
    answer = machine.ask(AskMode(AUTO, 60.0), timeout_seconds=30)
    assert Path(f'{machine.agent}.asked').exists()
    assert answer.stdout == BY_HOOK


@pytest.mark.parametrize('shell', SHELLS)
def test_every_shell_reads_the_script_alike(machine: Machine, shell: str) -> None:
    machine.write(machine.agent, ENVELOPE.format(age='5.5'))
    requests = [machine.request(AskMode(AUTO, limit)) for limit in (60.0, 2.0)]
    text = far_script.script(requests, '0123456789abcdef', TimeBudget(timeout_seconds=10))
    machine.far.install('sh', shell)
    first, second = frames.read(machine.far.run(text).stdout, '0123456789abcdef', 2)
    assert first.first
    assert first.stdout == b'{"age": 5.5, "report": {"of": "agent"}}\n'
    assert (second.stdout, second.first) == (BY_HOOK, False)


def test_the_agent_alone_says_what_is_wrong_with_it(machine: Machine) -> None:
    machine.write(machine.agent, STALE['refused'])
    answer = machine.ask(AskMode('agent'))
    assert (answer.exit_code, answer.stderr) == (3, b'health-agent: cannot ask\n')


def test_an_old_report_is_an_answer_of_the_agent_alone(machine: Machine) -> None:
    machine.write(machine.agent, ENVELOPE.format(age='86400.5'))
    assert machine.ask(AskMode('agent')).held_seconds == 86400.5


def test_checks_are_run_by_the_agent_and_only_their_names_travel(machine: Machine) -> None:
    machine.write(machine.agent, 'printf "%s|" "$@"')
    answer = machine.ask(AskMode(checks=('disk', 'a b;c')))
    assert answer.stdout == b'run|--unit|web/0|--|disk|a b;c|\n'
    assert answer.by == 'agent'
    machine.write(machine.agent, 'exit 3')
    answer = machine.ask(AskMode(checks=('disk',)))
    assert answer.stdout == b'{"of": "hook --unit web/0 --check disk"}\n'


def test_each_mode_is_offered_and_documented() -> None:
    page = (DOCS / 'collecting.md').read_text()
    (ask,) = [one for one in COMMANDS['sweep'].params if one.name == 'ask']
    assert list(ask.type.choices) == [*MODES, PUSH]  # type: ignore[attr-defined]
    for mode in (*MODES, PUSH):
        assert f'`{mode}`' in page, mode


@pytest.mark.slow
def test_no_agent_of_this_machine_is_needed_to_sweep() -> None:
    done = subprocess.run(
        [sys.executable, '-c', 'import reconciler.cli.commands.sweep, sys; print(*sys.modules)'],
        capture_output=True,
        text=True,
        check=True,
    )
    modules = set(done.stdout.split())
    assert modules.isdisjoint({'httpx', 'uvicorn', 'starlette', 'reconciler.inbox.receive'})
    assert 'msgspec' not in modules, 'which only a saved sweep needs'
