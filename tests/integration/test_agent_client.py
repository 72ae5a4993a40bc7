"""Asking the agent: by its own command line, by name, over TLS."""

from __future__ import annotations

import http.client
import json
import shutil
import signal
import socket
import ssl
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from charm.agent.serve.client import AgentError, ask, run_checks
from charm.kernel.deadline import Deadline
from tests.support.patience import PATIENCE
from tests.support.tls import Certificates

from .agents import LAUNCHER, PYTHON, Agent, health_of, until


def test_a_check_that_is_asked_for_runs_now_and_by_name_only(agent: Agent) -> None:
    agent.configure(interval=3600)
    agent.start()
    agent.first_report()
    agent.verdict.write_text('2')
    deadline = Deadline.after(PATIENCE)
    answer = run_checks(agent.socket, ['flag'], '', deadline)
    report = json.loads(answer.body)
    assert [(one['name'], one['health']) for one in report['checks']] == [('flag', 'fail')]
    assert health_of(json.loads(run_checks(agent.socket, [], '', deadline).body), 'flag') == 'fail'
    wrong = run_checks(agent.socket, ['flga'], '', deadline)
    assert wrong.status == 404
    assert "did you mean 'flag'?" in wrong.error
    wrong_bodies: list[Any] = [
        [],
        {'checks': 'flag'},
        {'checks': [{}]},
        {'checks': [], 'command': 'rm'},
    ]
    for body in wrong_bodies:
        assert agent.ask('POST', '/v1/run', body).status == 400


def test_many_who_ask_at_once_share_one_run(agent: Agent) -> None:
    script = f'echo run >> {agent.root}/runs; sleep 1; echo fine'
    agent.define(slow={'kind': 'nagios', 'command': ['/bin/sh', '-c', script]})
    agent.configure(interval=3600)
    agent.start()
    agent.first_report()
    before = len((agent.root / 'runs').read_text().split())
    found: list[int] = []

    def ask_once() -> None:
        deadline = Deadline.after(PATIENCE)
        found.append(run_checks(agent.socket, ['slow'], '', deadline).status)

    threads = [threading.Thread(target=ask_once) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert found == [200] * 6
    assert len((agent.root / 'runs').read_text().split()) - before < 6


def listen_over_tls(agent: Agent, certificates: Certificates) -> tuple[int, Path]:
    """Have the agent listen; return the port and the file of the token."""
    token = agent.root / 'token'
    token.write_text('a-token-of-more-than-16\n')
    token.chmod(0o600)
    with socket.create_server(('127.0.0.1', 0)) as free:
        port: int = free.getsockname()[1]
    agent.configure(
        listen={
            'host': '127.0.0.1',
            'port': port,
            'certificate': str(certificates.certificate),
            'key': str(certificates.key),
            'token_file': str(token),
        }
    )
    return port, token


def test_a_door_that_cannot_be_opened_yet_costs_no_check_and_is_opened_later(
    agent: Agent, certificates: Certificates
) -> None:
    port, token = listen_over_tls(agent, certificates)
    token.rename(agent.root / 'elsewhere')
    agent.start(watchdog_seconds=1.0)
    agent.first_report()
    for _ in range(4):
        agent.wait_for(b'WATCHDOG=1')
    assert agent.said().count('there is no such file; it is tried again') == 1
    (agent.root / 'elsewhere').rename(token)
    until(lambda: f'listening at 127.0.0.1 port {port}' in agent.said())


def test_over_tls_it_wants_the_token_and_says_who_had_none(
    agent: Agent, certificates: Certificates
) -> None:
    port, token = listen_over_tls(agent, certificates)
    agent.start()
    agent.first_report()
    context = ssl.create_default_context(cafile=certificates.ca)

    def get(**headers: str) -> int:
        connection = http.client.HTTPSConnection(
            'localhost', port, context=context, timeout=PATIENCE
        )
        connection.request('GET', '/v1/report', headers=headers)
        status = connection.getresponse().status
        connection.close()
        return status

    assert get() == 401
    assert get(Authorization='Bearer wrong') == 401
    assert get(Authorization='Bearer a-token-of-more-than-16') == 200
    assert 'refused 127.0.0.1: no token' in agent.said()
    assert 'refused 127.0.0.1: wrong token' in agent.said()
    token.write_text('another-token-of-more\n')
    agent.signal(signal.SIGHUP)
    agent.wait_for(b'READY=1')
    assert get(Authorization='Bearer a-token-of-more-than-16') == 401
    assert get(Authorization='Bearer another-token-of-more') == 200


def test_the_command_line_prints_what_the_daemon_answers(agent: Agent) -> None:
    def cli(*words: str) -> tuple[int, str]:
        done = subprocess.run(
            [PYTHON, '-I', str(LAUNCHER), words[0], '--config', str(agent.config), *words[1:]],
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        return done.returncode, (done.stdout or done.stderr).decode()

    assert cli('report')[0] == 3
    assert 'cannot ask the agent' in cli('report')[1]
    agent.start()
    agent.first_report()
    assert json.loads(cli('report')[1])['schema'] == 1
    envelope = json.loads(cli('report', '--envelope')[1])
    assert set(envelope) == {'age', 'report'}
    assert [one['name'] for one in json.loads(cli('run', 'flag')[1])['checks']] == ['flag']
    assert 'units' in json.loads(cli('checks')[1])
    assert json.loads(cli('health')[1])['status'] == 'pass'
    assert cli('metrics')[1].endswith('# EOF\n')
    first = cli('log', '--most', '1')[1].splitlines()
    end = json.loads(first[-1])
    assert (len(first), end['kind'], end['more']) == (2, 'cursor', True)
    more = cli('log', '--cursor', end['cursor'])[1].splitlines()
    assert json.loads(more[0]) != json.loads(first[0])
    assert cli('check')[0] == 0
    assert '1 checks' in cli('check')[1]
    assert 'Type=notify' in cli('unit-file')[1]
    agent.define(web={'kind': 'htpp'})
    wrong = cli('check')[1].splitlines()[1:]
    assert len(wrong) == 1
    assert "test.json: checks.web.kind: 'htpp' is not a kind" in wrong[0]


@pytest.mark.skipif(not shutil.which('systemd-analyze'), reason='there is no systemd here')
def test_systemd_finds_nothing_wrong_in_the_unit(tmp_path: Path) -> None:
    text = subprocess.run(
        [PYTHON, '-I', str(LAUNCHER), 'unit-file'],
        capture_output=True,
        check=True,
        timeout=PATIENCE,
    ).stdout
    unit = tmp_path / 'juju-health-agent.service'
    unit.write_bytes(text)
    done = subprocess.run(
        ['systemd-analyze', 'verify', '--man=no', str(unit)],
        capture_output=True,
        check=False,
        timeout=PATIENCE,
    )
    ours = [line for line in done.stderr.decode().splitlines() if unit.name in line]
    assert ours == []


def test_nobody_answers_is_an_error_that_may_be_tried_again(tmp_path: Path) -> None:
    with pytest.raises(AgentError) as caught:
        ask(tmp_path / 'none', 'GET', '/v1/report', None, Deadline.after(1))
    assert caught.value.retryable
