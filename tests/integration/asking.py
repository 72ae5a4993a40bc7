"""A real machine with an agent, a receiver here, and every mode from the one to the other."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.inbox.certificate_files import CertificateFiles
from reconciler.inbox.certificates import make_missing
from tests.hosts.host import Host
from tests.hosts.layout import add_juju_health, add_unit
from tests.standin.builder import Application, Machine, Relation, Unit, World
from tests.support.patience import PATIENCE

COMMAND = Path(sys.executable).parent / 'reconcile-health'
SHIBBOLETH = 'a-token-of-more-than-16-characters'
AGENT_PORT = 8641
_FLAG = 'read code < /srv/flag; echo "it is $code"; exit $code'
# Only checks whose answers are the same whenever they are run.
CHECKS = {
    'disk': {'enabled': False},
    'load': {'enabled': False},
    'memory': {'enabled': False},
    'clock': {'enabled': False},
    'ssh': {'kind': 'systemd', 'units': ['ssh']},
    'words': {'kind': 'nagios', 'command': ['/bin/sh', '-c', 'echo "WARN é | a=1;2;3"; exit 1']},
    'flag': {'kind': 'nagios', 'command': ['/bin/sh', '-c', _FLAG]},
}
BESIDE = Relation('juju-info', 'health', 'juju-info', 'container')
Done = subprocess.CompletedProcess[str]


def world_of(host: Host) -> World:
    """Return a model of two units on one machine, each with a health subordinate."""
    web = Unit('web/0', '0', leader=True, subordinates=(Unit('health/0'),))
    db = Unit('db/0', '0', leader=True, subordinates=(Unit('health/1'),))
    return World(
        (Machine.of(host, '0'),),
        (
            Application('web', (web,), relations=(BESIDE,)),
            Application('db', (db,), relations=(BESIDE,)),
            Application('health', subordinate_to=('web', 'db'), charm='juju-health'),
        ),
    )


def lay_out(host: Host, directory: Path) -> None:
    """Put the units, their checks, and what the agent will need to answer over TLS, on a host."""
    for unit in ('web/0', 'db/0'):
        add_unit(host, unit)
    for unit in ('health/0', 'health/1'):
        add_juju_health(host, unit)
    etc = host.root / 'etc/juju-health'
    (etc / 'checks.d').mkdir(parents=True, exist_ok=True)
    (etc / 'checks.d/test.json').write_text(json.dumps({'checks': CHECKS}))
    (host.root / 'srv/flag').write_text('0\n')
    files = CertificateFiles(directory)
    make_missing(files, [host.address])
    for name in ('cert.pem', 'key.pem'):
        (etc / name).write_bytes((directory / name).read_bytes())
        (etc / name).chmod(0o600)
    (etc / 'token').write_text(f'{SHIBBOLETH}\n')
    (etc / 'token').chmod(0o600)
    (directory / 'token').write_text(f'{SHIBBOLETH}\n')
    (directory / 'token').chmod(0o600)
    listen = {'host': host.address, 'port': AGENT_PORT, 'token_file': '/etc/juju-health/token'}
    listen |= {'certificate': '/etc/juju-health/cert.pem', 'key': '/etc/juju-health/key.pem'}
    (etc / 'agent.yaml').write_text(json.dumps({'interval': 2, 'report': 2, 'listen': listen}))


@dataclass
class Lab:
    """A host, a juju that knows it, and a state directory of ours.

    Attributes:
        environment: with it the stand-in juju knows the world.
        directory: of the test.
        agents: where the token, and who signed the agent's certificate, are.
        state: the state directory.
    """

    host: Host
    directory: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.agents = self.directory / 'agents'
        self.state = self.directory / 'state'
        lay_out(self.host, self.agents)
        world = world_of(self.host).write(self.directory / 'juju', self.host.identity)
        ssh = {'XDG_STATE_HOME': str(self.directory / 'xdg'), 'HOME': str(self.directory)}
        self.environment = {**os.environ, **world, **ssh, 'COLUMNS': '200'}

    def run(self, *words: str, seconds: float = PATIENCE) -> Done:
        """Run reconcile-health."""
        return subprocess.run(
            [str(COMMAND), *words],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def ask(self, *words: str) -> dict[str, Any]:
        """Sweep and return the units of the document by their names."""
        done = self.run(
            *('--attempts', '1', '--state-dir', str(self.state), '--format', 'json', *words)
        )
        assert done.stdout, done.stderr
        document = json.loads(done.stdout)
        return {unit['unit']: unit for one in document['services'] for unit in one['units']}

    @property
    def over_tls(self) -> tuple[str, ...]:
        """The options to ask agents over TLS."""
        token, ca = self.agents / 'token', self.agents / 'ca.pem'
        return ('--ask', 'agent', '--agent-token-file', str(token), '--agent-ca', str(ca))

    @contextmanager
    def receiver(self) -> Iterator[str]:
        """Serve an inbox where the host reaches it, and yield its URL."""
        here = re.sub(r'\.\d+$', '.1', self.host.address)
        words = ('receive', '--init', '--name', here, '--listen', f'{here}:0')
        process = subprocess.Popen(
            [str(COMMAND), *words, '--state-dir', str(self.state)],
            env=self.environment,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        try:
            yield f'https://{here}:{_port_of(process)}'
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE)

    def enrol(self, url: str, *names: str) -> Done:
        """Have units push there."""
        return self.run('enrol', *names, '--url', url, '--state-dir', str(self.state))


def _port_of(process: subprocess.Popen[str]) -> int:
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        found = re.search(r'receiving at \S+ port (\d+)', line)
        if found:
            return int(found[1])
    raise AssertionError(f'it does not receive: {"".join(said)}')


VOLATILE = frozenset({'at', 'duration', 'reported_at', 'sequence'})


def normalised(document: Any) -> Any:
    """Return a report without what differs from one run of the same checks to the next."""
    if isinstance(document, dict):
        return {k: normalised(v) for k, v in document.items() if k not in VOLATILE}
    if isinstance(document, list):
        return [normalised(item) for item in document]
    return document
