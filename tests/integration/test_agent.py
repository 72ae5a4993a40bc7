"""The agent as a process: killed, frozen, out of disk, cut off; and nothing is lost."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import select
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from charm.agent.client import AgentError, Answer, ask, run_checks
from charm.agent.contract import derive
from charm.agent.log import Cursor, read_since
from charm.agent.units import Push, Unit, enrol, withdraw
from charm.deadline import Deadline
from charm.errors import HealthError
from reconciler.inbox import Inbox
from tests.unit.agent.tls import Certificates, make_certificates

LAUNCHER = Path(__file__).parents[2] / 'hooks' / 'health-agent'
OLDEST_PYTHON = sorted(Path.home().glob('.pyenv/versions/3.8.*/bin/python'))
PYTHON = str(OLDEST_PYTHON[0]) if OLDEST_PYTHON else sys.executable
MASTER = b'm' * 32
PATIENCE = 40.0


def until(what: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Return what `what` returns once it is true; errors of the unit side count as "not yet"."""
    deadline = Deadline.after(seconds)
    while True:
        with contextlib.suppress(HealthError):
            found = what()
            if found:
                return found
        assert not deadline.passed, 'it did not happen in time'
        time.sleep(0.05)


class Agent:
    """One agent with a directory of its own, and the service manager that it reports to."""

    def __init__(self, root: Path, **config: Any) -> None:
        self.root = root
        self.socket = root / 'agent.sock'
        self.log = root / 'log'
        self.units = root / 'units.d'
        self.checks = root / 'checks.d'
        self.verdict = root / 'verdict'
        for directory in (root, self.units, self.checks):
            directory.mkdir(exist_ok=True, mode=0o755)
        self.configure(**config)
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(str(root / 'notify'))
        self.process: subprocess.Popen[bytes] | None = None
        self.stderr = root / 'stderr'
        self.define(flag=self.flag())

    def configure(self, **config: Any) -> None:
        values = {
            'interval': 1,
            'report': 1,
            'socket': str(self.socket),
            'definitions': str(self.checks),
            'units': str(self.units),
            'state': str(self.root / 'state'),
            'log': str(self.log),
            **config,
        }
        text = ''.join(f'{key}: {json.dumps(value)}\n' for key, value in values.items())
        self.config = self.root / 'agent.yaml'
        self.config.write_text(text)
        self.config.chmod(0o600)

    def define(self, **checks: Any) -> None:
        path = self.checks / 'test.json'
        off = {name: {'enabled': False} for name in ('clock', 'failed-units', 'reboot-required')}
        path.write_text(json.dumps({'checks': {**off, **checks}}))
        path.chmod(0o600)

    def flag(self) -> dict[str, Any]:
        """Return a check whose exit code is what the file `verdict` holds."""
        self.verdict.write_text('0')
        script = f'read code < {self.verdict}; echo it is $code; exit $code'
        return {'kind': 'nagios', 'command': ['/bin/sh', '-c', script]}

    def start(self, watchdog_seconds: float = 0.0) -> None:
        environment = {'PATH': '/usr/bin:/bin', 'NOTIFY_SOCKET': str(self.root / 'notify')}
        if watchdog_seconds:
            environment['WATCHDOG_USEC'] = str(int(watchdog_seconds * 1e6))
        with self.stderr.open('ab') as stderr:
            self.process = subprocess.Popen(
                [PYTHON, '-I', str(LAUNCHER), 'serve', '--config', str(self.config)],
                env=environment,
                stderr=stderr,
                stdin=subprocess.DEVNULL,
            )
        self.wait_for(b'READY=1')

    def wait_for(self, message: bytes) -> None:
        deadline = Deadline.after(PATIENCE)
        while not deadline.passed:
            if message in self.hear(deadline.remaining_seconds):
                return
        raise AssertionError(f'the manager did not hear {message!r}')

    def hear(self, seconds: float) -> bytes:
        ready = select.select([self.manager], [], [], seconds)[0]
        return self.manager.recv(4096) if ready else b''

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def ask(self, method: str, target: str, body: Any = None) -> Answer:
        return ask(self.socket, method, target, body, Deadline.after(PATIENCE))

    def report(self) -> dict[str, Any]:
        answer = self.ask('GET', '/v1/report')
        return json.loads(answer.body) if answer.status == 200 else {}

    def counts(self) -> dict[str, dict[str, Any]]:
        units = json.loads(self.ask('GET', '/v1/checks').body)['units']
        return {check['name']: check for check in next(iter(units.values()))}

    def first_report(self) -> dict[str, Any]:
        def full() -> Any:
            report = self.report()
            late = [one for one in report.get('checks', []) if one['message'].endswith('run yet')]
            return {} if late else report

        found: dict[str, Any] = until(full)
        return found

    def said(self) -> str:
        return self.stderr.read_text()

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.kill()
        self.manager.close()


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    one = Agent(tmp_path / 'agent')
    yield one
    one.close()


def health_of(report: dict[str, Any], name: str) -> str:
    return next((one['health'] for one in report.get('checks', []) if one['name'] == name), '')


# The daemon


def test_it_says_ready_then_runs_every_check_and_answers(agent: Agent) -> None:
    agent.start()
    report = agent.first_report()
    assert {one['name'] for one in report['checks']} == {'disk', 'memory', 'load', 'flag'}
    answer = agent.ask('GET', '/v1/report')
    assert answer.age_seconds is not None
    assert answer.age_seconds < 10
    agent.verdict.write_text('2')
    until(lambda: health_of(agent.report(), 'flag') == 'fail')
    assert agent.ask('GET', '/v1/health').status == 503


def test_killed_it_comes_back_with_its_last_report_and_no_false_change(agent: Agent) -> None:
    agent.start()
    agent.verdict.write_text('2')
    until(lambda: health_of(agent.report(), 'flag') == 'fail')
    before = agent.first_report()
    agent.kill()
    agent.configure(interval=3600, report=3600)
    agent.start()
    after = agent.report()
    assert after['boot_id'] == before['boot_id']
    assert after['sequence'] >= before['sequence']
    assert health_of(after, 'flag') == 'fail'
    tail = read_since(agent.log, None)
    mark = len(tail.lines)
    until(lambda: len([1 for line in new_lines(agent, mark) if line['kind'] == 'report']) > 0)
    reports = [line for line in new_lines(agent, mark) if line['kind'] == 'report']
    assert not any(line['change'] for line in reports)


def new_lines(agent: Agent, mark: int) -> list[dict[str, Any]]:
    return [json.loads(line) for line in read_since(agent.log, None).lines[mark:]]


def test_frozen_it_feeds_no_watchdog_and_thawed_it_goes_on(agent: Agent) -> None:
    agent.start(watchdog_seconds=0.6)
    for _ in range(3):
        agent.wait_for(b'WATCHDOG=1')
    agent.signal(signal.SIGSTOP)
    while agent.hear(0.0):
        pass
    assert agent.hear(1.0) == b''
    agent.signal(signal.SIGCONT)
    agent.wait_for(b'WATCHDOG=1')
    runs = agent.counts()['flag']['runs']
    until(lambda: agent.counts()['flag']['runs'] > runs)


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
        timeout=60,
        check=False,
    )
    assert done.returncode == 78
    assert str(agent.config) in done.stderr.decode()


def test_a_second_agent_does_not_start(agent: Agent) -> None:
    agent.start()
    done = subprocess.run(
        [PYTHON, '-I', str(LAUNCHER), 'serve', '--config', str(agent.config)],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 3
    assert b'does another agent run?' in done.stderr
    assert agent.first_report()


def test_a_check_that_hangs_starves_no_other_and_is_not_run_twice(agent: Agent) -> None:
    slow = {'kind': 'nagios', 'command': ['/bin/sleep', '30'], 'timeout': 60}
    agent.define(flag=agent.flag(), **{f'slow-{number}': slow for number in range(20)})
    agent.start()
    until(lambda: agent.counts()['flag']['runs'] >= 3)
    counts = agent.counts()
    assert counts['slow-0']['runs'] == 0
    assert counts['slow-0']['skips'] >= 1
    assert agent.process is not None
    children = Path(f'/proc/{agent.process.pid}/task').glob('*/children')
    sleeping = sum(len(one.read_text().split()) for one in children)
    assert sleeping <= 21
    started = time.monotonic()
    agent.signal(signal.SIGTERM)
    assert agent.process.wait(PATIENCE) == 0
    assert time.monotonic() - started < 5
    assert not agent.socket.exists()


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


def test_a_reader_beside_it_sees_every_line_across_rotations_and_kills(agent: Agent) -> None:
    agent.configure(log_bytes=65536, log_files=100)
    noise = {'kind': 'nagios', 'command': ['/bin/sh', '-c', 'head -c 3000 /dev/zero | tr "\\0" x']}
    agent.define(**{f'noise-{number}': noise for number in range(10)})
    cursor: Cursor | None = None
    live: list[bytes] = []
    for _round in range(3):
        agent.start()
        started_at = len(live)
        deadline = Deadline.after(PATIENCE)
        while len(live) < started_at + 60 and not deadline.passed:
            tail = read_since(agent.log, cursor, 20000)
            assert not tail.gap
            cursor = tail.cursor or cursor
            live += tail.lines
            time.sleep(0.01)
        agent.kill()
    while True:
        tail = read_since(agent.log, cursor)
        live += tail.lines
        cursor = tail.cursor
        if not tail.more:
            break
    whole = b''.join(path.read_bytes() for path in sorted(agent.log.glob('agent-*.jsonl')))
    assert live == whole.split(b'\n')[:-1]
    assert len(list(agent.log.glob('agent-*.jsonl'))) >= 3


@pytest.mark.skipif(os.geteuid() != 0, reason='only root can mount')
def test_on_a_full_disk_it_still_checks_and_answers_and_recovers(tmp_path: Path) -> None:
    disk = tmp_path / 'disk'
    disk.mkdir()
    mount = ['mount', '-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', str(disk)]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip('this machine lets nobody mount')
    agent = Agent(tmp_path / 'agent', state=str(disk / 'state'), log=str(disk / 'log'))
    try:
        agent.start()
        agent.first_report()
        with (disk / 'big').open('wb', buffering=0) as big, contextlib.suppress(OSError):
            while big.write(b'x' * 4096):
                pass
        assert shutil.disk_usage(disk).free == 0
        until(lambda: 'cannot write' in agent.said())
        agent.verdict.write_text('2')
        until(lambda: health_of(agent.report(), 'flag') == 'fail')
        (disk / 'big').unlink()
        lines = until(
            lambda: [line for line in new_lines_of(disk / 'log') if line['kind'] == 'lost']
        )
        assert lines[0]['lines'] > 0
        last = next((disk / 'state' / 'last').glob('*.json'))
        until(lambda: health_of(json.loads(last.read_bytes()), 'flag') == 'fail')
    finally:
        agent.close()
        subprocess.run(['umount', '-l', str(disk)], check=True)


def new_lines_of(directory: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in read_since(directory, None).lines]


# The network


@pytest.fixture(scope='module')
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp('tls'))


def test_over_tls_it_wants_the_token_and_says_who_had_none(
    agent: Agent, certificates: Certificates
) -> None:
    token = agent.root / 'token'
    token.write_text('a-token-of-more-than-16\n')
    token.chmod(0o600)
    with socket.create_server(('127.0.0.1', 0)) as free:
        port = free.getsockname()[1]
    agent.configure(
        listen={
            'host': '127.0.0.1',
            'port': port,
            'certificate': str(certificates.certificate),
            'key': str(certificates.key),
            'token_file': str(token),
        }
    )
    agent.start()
    agent.first_report()
    context = ssl.create_default_context(cafile=certificates.ca)

    def get(**headers: str) -> int:
        connection = http.client.HTTPSConnection('localhost', port, context=context, timeout=20)
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


_RECEIVE = """
import sys
from pathlib import Path
import uvicorn
from reconciler.inbox import Inbox
from reconciler.receive import application, server_config
root, certificate, key, port = sys.argv[1:]
app = application(b'm' * 32, Inbox(Path(root)))
config = server_config(app, '127.0.0.1', int(port), Path(certificate), Path(key))
uvicorn.Server(config).run()
"""


class Receiver:
    """The orchestrator's receiver, as a process on a port that stays the same."""

    def __init__(self, root: Path, certificates: Certificates) -> None:
        with socket.create_server(('127.0.0.1', 0)) as free:
            self.port = free.getsockname()[1]
        self.inbox = Inbox(root)
        self._arguments = [str(root), str(certificates.certificate), str(certificates.key)]
        self.push = Push(
            f'https://localhost:{self.port}', certificates.ca.read_text(), derive(MASTER, 'web/0')
        )
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, '-c', _RECEIVE, *self._arguments, str(self.port)],
            stderr=subprocess.DEVNULL,
        )

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()

    def flags(self) -> list[str]:
        """Return the healths of the check `flag` in the order they came, without repetition."""
        healths: list[str] = []
        seen: list[int] = []
        cursor = None
        while True:
            tail = self.inbox.since('web/0', cursor=cursor)
            cursor = tail.cursor
            for line in tail.lines:
                report = json.loads(line)['report']
                health = health_of(report, 'flag')
                seen.append(report['sequence'])
                if health and healths[-1:] != [health]:
                    healths.append(health)
            if not tail.more:
                break
        assert seen == sorted(seen)
        return [health for health in healths if health != 'unknown']


@pytest.fixture
def receiver(tmp_path: Path, certificates: Certificates) -> Iterator[Receiver]:
    one = Receiver(tmp_path / 'inbox', certificates)
    yield one
    one.stop()


def turn(agent: Agent, code: str, health: str) -> None:
    agent.verdict.write_text(code)
    until(lambda: health_of(agent.report(), 'flag') == health)


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
    until(lambda: b'200' in probe(receiver.port))
    agent.start()
    until(lambda: receiver.flags() == ['passed', 'warn', 'fail', 'passed'])
    until(lambda: not list((agent.root / 'state' / 'spool' / 'web-0').glob('[0-9]*.json')))


def probe(port: int) -> bytes:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with contextlib.suppress(OSError), socket.create_connection(('127.0.0.1', port), 5) as plain:
        tls = context.wrap_socket(plain)
        tls.sendall(b'GET /v1/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
        answer = tls.recv(1000)
        tls.close()
        return answer
    return b''


def test_a_frozen_orchestrator_holds_no_check_and_misses_no_change(
    agent: Agent, receiver: Receiver
) -> None:
    receiver.start()
    until(lambda: b'200' in probe(receiver.port))
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
    until(lambda: b'200' in probe(receiver.port))
    enrol(agent.units, Unit('db/0', 'db/0'))
    enrol(agent.units, Unit('web/0', 'health/0', receiver.push))
    agent.start()
    until(lambda: receiver.flags() == ['passed'])
    withdraw(agent.units, 'web/0')
    agent.signal(signal.SIGHUP)
    agent.wait_for(b'RELOADING=1')
    agent.wait_for(b'READY=1')
    assert agent.ask('GET', '/v1/report?unit=web/0').status == 404
    until(lambda: agent.ask('GET', '/v1/report?unit=db/0').status == 200)
    latest = receiver.inbox.latest('web/0')
    turn(agent, '1', 'warn')
    assert receiver.inbox.latest('web/0') == latest or receiver.flags() == ['passed']


# The client


def test_the_command_line_prints_what_the_daemon_answers(agent: Agent) -> None:
    def cli(*words: str) -> tuple[int, str]:
        done = subprocess.run(
            [PYTHON, '-I', str(LAUNCHER), words[0], '--config', str(agent.config), *words[1:]],
            capture_output=True,
            timeout=60,
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
    assert '4 checks' in cli('check')[1]
    assert 'Type=notify' in cli('unit-file')[1]


@pytest.mark.skipif(not shutil.which('systemd-analyze'), reason='there is no systemd here')
def test_systemd_finds_nothing_wrong_in_the_unit(tmp_path: Path) -> None:
    text = subprocess.run(
        [PYTHON, '-I', str(LAUNCHER), 'unit-file'], capture_output=True, check=True, timeout=60
    ).stdout
    unit = tmp_path / 'juju-health-agent.service'
    unit.write_bytes(text)
    done = subprocess.run(
        ['systemd-analyze', 'verify', '--man=no', str(unit)],
        capture_output=True,
        check=False,
        timeout=60,
    )
    ours = [line for line in done.stderr.decode().splitlines() if unit.name in line]
    assert ours == []


def test_nobody_answers_is_an_error_that_may_be_tried_again(tmp_path: Path) -> None:
    with pytest.raises(AgentError) as caught:
        ask(tmp_path / 'none', 'GET', '/v1/report', None, Deadline.after(1))
    assert caught.value.retryable
