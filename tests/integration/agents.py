"""An agent as a process, and an orchestrator's receiver for it."""

from __future__ import annotations

import contextlib
import json
import select
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from charm.agent.serve.client import AgentReply, ask
from charm.agent.units import Push
from charm.checks.kinds import BUILT_IN
from charm.kernel.deadline import Deadline
from charm.kernel.errors import HealthError
from charm.kernel.identity import own_unit
from charm.kernel.log_files import read_since
from charm.kernel.push_contract import derive
from charm.sources.nrpe import commands
from reconciler.inbox.store import Inbox
from tests.support.patience import PATIENCE
from tests.support.tls import Certificates
from tests.support.tree import ROOT

LAUNCHER = ROOT / 'hooks' / 'health-agent'
OLDEST_PYTHON = sorted(Path.home().glob('.pyenv/versions/3.8.*/bin/python'))
PYTHON = str(OLDEST_PYTHON[0]) if OLDEST_PYTHON else sys.executable
MASTER = b'm' * 32


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

    def __init__(self, root: Path, python: str = PYTHON, **config: Any) -> None:
        self.root = root
        self.python = python
        self.launcher = LAUNCHER
        self.socket = root / 'agent.sock'
        self.log = root / 'log'
        self.units = root / 'units.d'
        self.checks = root / 'checks.d'
        self.states = root / 'states'
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
        # How the machine that runs the tests is, is not what they are about.
        here = [*BUILT_IN, *(spec.name for spec in commands.find().specs)]
        off = {name: {'enabled': False} for name in here}
        path.write_text(json.dumps({'checks': {**off, **checks}}))
        path.chmod(0o600)

    def flag(self) -> dict[str, Any]:
        """Return a check whose exit code is what the file `verdict` holds."""
        self.verdict.write_text('0')
        script = f'read code < {self.verdict}; echo it is $code; exit $code'
        return {'kind': 'nagios', 'command': ['/bin/sh', '-c', script]}

    def start(self, watchdog_seconds: float = 0.0, **environment: str) -> None:
        environment = {
            **environment,
            'PATH': '/usr/bin:/bin',
            'NOTIFY_SOCKET': str(self.root / 'notify'),
            'JUJU_HEALTH_STATE': str(self.states),
        }
        if watchdog_seconds:
            environment['WATCHDOG_USEC'] = str(int(watchdog_seconds * 1e6))
        with self.stderr.open('ab') as stderr:
            self.process = subprocess.Popen(
                [self.python, '-I', str(self.launcher), 'serve', '--config', str(self.config)],
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

    def ask(self, method: str, target: str, body: Any = None) -> AgentReply:
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

    def status(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `hooks/health-status` as a hook of the unit that the agent reports for."""
        return subprocess.run(
            [
                *(self.python, '-I', str(LAUNCHER.with_name('health-status')), *words),
                *('--directory', str(self.states), '--unit', self.report_unit()),
                *(() if words[0] == 'get' else ('--agent-config', str(self.config))),
            ],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def report_unit(self) -> str:
        """Return the unit that is meant where none is named."""
        names = sorted(path.stem for path in self.units.glob('*.json'))
        return '/'.join(names[0].rsplit('-', 1)) if names else own_unit({})

    def said(self) -> str:
        return self.stderr.read_text()

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.kill()
        self.manager.close()


def health_of(report: dict[str, Any], name: str) -> str:
    return next((one['health'] for one in report.get('checks', []) if one['name'] == name), '')


def new_lines_of(directory: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in read_since(directory, None).lines]


_RECEIVE = """
import sys
from pathlib import Path
import uvicorn
from reconciler.inbox.store import Inbox
from reconciler.inbox.receive import application, server_config
root, certificate, key, host, port = sys.argv[1:]
app = application(b'm' * 32, Inbox(Path(root)))
config = server_config(app, host, int(port), Path(certificate), Path(key))
uvicorn.Server(config).run()
"""


class Receiver:
    """The orchestrator's receiver, as a process on a port that stays the same."""

    def __init__(self, root: Path, certificates: Certificates, address: str = '127.0.0.1') -> None:
        with socket.create_server((address, 0)) as free:
            self.port = free.getsockname()[1]
        self.address = address
        self.inbox = Inbox(root)
        self._arguments = [str(root), str(certificates.certificate), str(certificates.key)]
        self._ca = certificates.ca.read_text()
        self.push = self.push_to('localhost')
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, '-c', _RECEIVE, *self._arguments, self.address, str(self.port)],
            stderr=subprocess.DEVNULL,
        )
        until(lambda: b'200' in probe(self.port, self.address))

    def push_to(self, name: str, model: str = '') -> Push:
        """Return what `web/0` of the model has to know, to find it under this name."""
        credential = derive(MASTER, 'web/0', model)
        return Push(f'https://{name}:{self.port}', self._ca, credential, model)

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()

    def flags(self, model: str = '') -> list[str]:
        """Return the healths of the check `flag` in the order they came, without repetition."""
        healths = [health_of(report, 'flag') for report in self.reports(model)]
        known = [health for health in healths if health not in ('', 'unknown')]
        return [one for index, one in enumerate(known) if known[index - 1 : index] != [one]]

    def reports(self, model: str = '') -> list[dict[str, Any]]:
        """Return every report of `web/0` that came, in order; none may have come twice."""
        found: list[dict[str, Any]] = []
        cursor = None
        more = True
        while more:
            tail = self.inbox.since('web/0', model, cursor)
            cursor, more = tail.cursor, tail.more
            found += [json.loads(line)['report'] for line in tail.lines]
        order = [(report['boot_id'], report['sequence']) for report in found]
        boots = list(dict.fromkeys(boot for boot, _ in order))
        assert order == sorted(set(order), key=lambda one: (boots.index(one[0]), one[1]))
        return found


def turn(agent: Agent, code: str, health: str) -> None:
    agent.verdict.write_text(code)
    until(lambda: health_of(agent.report(), 'flag') == health)


def probe(port: int, address: str = '127.0.0.1') -> bytes:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with contextlib.suppress(OSError):
        plain = socket.create_connection((address, port), 5)
        with plain, context.wrap_socket(plain) as tls:
            tls.sendall(b'GET /v1/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
            return tls.recv(1000)
    return b''
