"""Which agents run here, and what they say of themselves."""

from __future__ import annotations

import json
import os
import socket
import threading
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest

from charm.kernel.deadline import Deadline
from charm.kernel.errors import CheckError
from charm.kernel.report import Health
from charm.probe import agent_sockets, ask_agents
from charm.probe.agents import Agents, read_agent
from tests.hosts.jujud import ENGINE
from tests.support.patience import PATIENCE

# As a machine of Juju 4.0.15 has it, with what an older version and others leave there.
HEAD = 'Num       RefCount Protocol Flags    Type St Inode Path'
LISTENS = '0000000000000000: 00000002 00000000 00010000 0001 01'
CONNECTED = '0000000000000000: 00000003 00000000 00000000 0001 03'
AGENTS = '/var/lib/juju/agents'
PROC_NET_UNIX = f"""{HEAD}
{LISTENS} 21 {AGENTS}/unit-db-0/introspection.socket
{LISTENS} 22 @jujud-unit-mysql-router-12
{LISTENS} 23 {AGENTS}/machine-0/introspection.socket
{CONNECTED} 24 {AGENTS}/unit-db-1/introspection.socket
{LISTENS} 25 {AGENTS}/unit-db-2/agent.socket
{LISTENS} 26 /home/x{AGENTS}/unit-db-3/introspection.socket
{LISTENS} 27
"""
LOCKS = {
    'none': ('  holder: none', None, None),
    'held': (
        '  holder: uniter (run config-changed hook), holding 3h2m1s',
        {'doing': 'uniter (run config-changed hook)', 'seconds': 10921.0},
        None,
    ),
    'waited for': (
        '  holder: none\n  waiting:\n  - uniter (run action 5), waiting 2m0s\n  - x, waiting 1s',
        None,
        {'doing': 'uniter (run action 5)', 'seconds': 120.0},
    ),
    'quoted': (
        "  holder: 'uniter (a: b), holding 1s'",
        {'doing': 'uniter (a: b)', 'seconds': 1.0},
        None,
    ),
    'just begun': ('  holder: reboot, holding 0s', {'doing': 'reboot', 'seconds': 0.0}, None),
}


def test_those_that_listen_are_found_by_their_tags(tmp_path: Path) -> None:
    (tmp_path / 'unix').write_text(PROC_NET_UNIX)
    assert agent_sockets.find(tmp_path / 'unix') == {
        'unit-db-0': f'{AGENTS}/unit-db-0/introspection.socket',
        'unit-mysql-router-12': '@jujud-unit-mysql-router-12',
        'machine-0': f'{AGENTS}/machine-0/introspection.socket',
    }


def test_where_the_kernel_does_not_tell_nothing_is_known(tmp_path: Path) -> None:
    with pytest.raises(CheckError, match='cannot see who listens'):
        Agents(tmp_path / 'none').run(Deadline.after(PATIENCE))


@pytest.mark.parametrize(('lock', 'holds', 'waits'), list(LOCKS.values()), ids=list(LOCKS))
def test_who_holds_the_lock_and_who_waits_for_it_is_read(
    lock: str, holds: Any, waits: Any
) -> None:
    told = read_agent({'/depengine': '', '/machinelock': f'unit-db-0:\n{lock}\n'})
    assert (told['answers'], told['holds'], told['waits']) == (True, holds, waits)


def test_how_the_worker_is_that_runs_hooks_is_read() -> None:
    well = ENGINE.format(error='', state='started')
    ill = ENGINE.format(error='    error: dependency not available\n', state='stopped')
    assert read_agent({'/depengine': well})['uniter'] == 'started'
    told = read_agent({'/depengine': ill})
    assert (told['uniter'], told['error']) == ('stopped', 'dependency not available')
    without = 'manifolds:\n  agent:\n    state: started\n'
    assert read_agent({'/depengine': without})['uniter'] == 'missing'
    verbose = ENGINE.format(error=f'    error: {"x" * 9000}\n', state='stopped')
    assert len(read_agent({'/depengine': verbose})['error']) == 300


def test_one_that_was_not_asked_and_one_that_did_not_answer_are_told_apart() -> None:
    nothing: Dict[str, Any] = {'/depengine': None, '/machinelock': None}
    assert [read_agent(None)['answers'], read_agent(nothing)['answers']] == [None, False]
    # Who holds the lock it may tell all the same.
    assert read_agent({**nothing, '/machinelock': 'x:\n  holder: none\n'})['answers'] is False


@pytest.fixture
def agent() -> Iterator[List[str]]:
    """An agent that listens on an abstract socket, with the requests that it got."""
    asked: List[str] = []
    name = f'jujud-unit-test-{os.getpid()}'
    with closing(socket.socket(socket.AF_UNIX)) as listening:
        listening.bind(f'\0{name}')
        listening.listen()

        def serve() -> None:
            while True:
                try:
                    accepted, _ = listening.accept()
                except OSError:
                    return
                with closing(accepted):
                    path = accepted.recv(65536).split()[1].decode()
                    asked.append(path)
                    status = '301 Moved Permanently' if path == '/machinelock' else '200 OK'
                    well = ENGINE.format(error='', state='started')
                    body = f'{name}:\n  holder: none\n' if 'lock' in path else well
                    accepted.sendall(f'HTTP/1.1 {status}\r\n\r\n{body}'.encode())

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        yield asked
        listening.shutdown(socket.SHUT_RDWR)
        serving.join(PATIENCE)


def test_root_asks_each_agent_that_really_listens(agent: List[str]) -> None:
    verdict = Agents(sudo=()).run(Deadline.after(PATIENCE))
    told = verdict.data['agents'][f'unit-test-{os.getpid()}']
    assert (verdict.health, told['answers'], told['uniter']) == (Health.PASSED, True, 'started')
    # Older versions know it with a slash behind it.
    assert agent == ['/depengine', '/machinelock', '/machinelock/']


def test_deaf_agents_cost_the_others_nothing(
    agent: List[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deaf = [str(tmp_path / f'deaf-{number}') for number in range(8)]
    well = f'@jujud-unit-test-{os.getpid()}'
    monkeypatch.setattr('sys.argv', ['-c', '2.0', *deaf, well, str(tmp_path / 'none')])
    with ExitStack() as stack:
        for path in deaf:
            listening = stack.enter_context(socket.socket(socket.AF_UNIX))
            listening.bind(path)
            listening.listen()
        ask_agents.main()
    said = json.loads(capsys.readouterr().out)
    assert 'uniter' in said[well]['/depengine']
    nothing = {'/depengine': None, '/machinelock': None}
    assert [said[path] for path in (*deaf, str(tmp_path / 'none'))] == [nothing] * 9
