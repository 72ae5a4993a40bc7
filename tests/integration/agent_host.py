"""The agent as the service that its unit file makes of it, on a machine with a real systemd."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from charm.agent.units import Unit, enrol
from charm.kernel.builtin_checks import BUILT_IN_CHECKS
from charm.kernel.log_files import Cursor, read_since
from charm.kernel.paths import AGENT_SERVICE, HERE
from tests.hosts.host import Host
from tests.hosts.layout import add_juju_health, charm_directory
from tests.support.patience import PATIENCE

from .agents import Receiver, health_of, until

CHARM = 'juju-health/0'
UNIT = 'web/0'
# Those of the built-in checks that are about the machine that the test machines run on.
_OFF = tuple(BUILT_IN_CHECKS)
# What takes minutes on a machine at work takes seconds here; all else is as it is printed.
_IMPATIENT = """\
[Service]
RestartSec=100ms
WatchdogSec=3
TimeoutAbortSec=1
"""


class Service:
    """The agent's service on a host.

    Attributes:
        host: where it is.
        log: the directory of its log, as seen from here.
        lines: every line of the log so far, as one reader saw it that goes by its cursor.
    """

    def __init__(self, host: Host) -> None:
        self.host = host
        self.log = host.root / 'var/log/juju-health'
        self.units = host.root / 'etc/juju-health/units.d'
        self.lines: list[dict[str, Any]] = []
        self._cursor: Cursor | None = None
        self._hooks = charm_directory(CHARM) / 'hooks'

    def install(self, **config: Any) -> None:
        """Do what the charm's hooks do: files, unit file, and not yet the start."""
        add_juju_health(self.host, CHARM)
        self.units.mkdir(parents=True)
        self._write(HERE.agent_config, {'interval': 1, 'report': 1, **config})
        self.turn('0', wait=False)
        script = 'read code < /etc/verdict; echo it is $code; exit $code'
        checks: dict[str, Any] = {name: {'enabled': False} for name in _OFF}
        checks['flag'] = {'kind': 'nagios', 'command': ['/bin/sh', '-c', script]}
        self._write(Path('/etc/juju-health/checks.d/test.json'), {'checks': checks})
        unit = self.agent('unit-file')
        self._text(Path('/etc/systemd/system') / AGENT_SERVICE, unit)
        self.drop_in('impatient', _IMPATIENT)
        self.host.must(['systemctl', 'enable', '--quiet', AGENT_SERVICE])

    def enrol(self, receiver: Receiver, **push: Any) -> None:
        """Have the reports of `web/0` shipped there."""
        with (self.host.root / 'etc/hosts').open('a') as hosts:
            hosts.write(f'{receiver.address} orchestrator\n')
        target = receiver.push_to('orchestrator', **push)
        enrol(self.units, Unit(UNIT, CHARM, target))

    def drop_in(self, name: str, text: str) -> None:
        """Change the unit; the next start has it."""
        self._text(Path(f'/etc/systemd/system/{AGENT_SERVICE}.d/{name}.conf'), text)
        self.host.must(['systemctl', 'daemon-reload'])

    def systemctl(self, verb: str) -> None:
        """Start it, or whatever the verb says, and return when systemd says that it is done."""
        self.host.must(['systemctl', verb, AGENT_SERVICE])

    def show(self, name: str) -> str:
        """Return a property of the unit, such as `NRestarts`."""
        return self.host.must(['systemctl', 'show', '--value', '-p', name, AGENT_SERVICE]).strip()

    def kill(self, signal: str) -> None:
        """Send its main process a signal."""
        self.host.must(
            ['systemctl', 'kill', '--kill-who=main', f'--signal={signal}', AGENT_SERVICE]
        )

    def agent(self, *words: str) -> str:
        """Return what `hooks/health-agent` prints."""
        return self.host.must([str(self._hooks / 'health-agent'), *words])

    def status(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        """Run `hooks/health-status` for the unit."""
        unit = UNIT if any(self.units.iterdir()) else CHARM
        return self.host.run([str(self._hooks / 'health-status'), *words, '--unit', unit])

    def report(self) -> dict[str, Any]:
        """Return the last report, an empty one while there is none or nobody answers."""
        done = self.host.run([str(self._hooks / 'health-agent'), 'report'])
        found: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {}
        return found

    def runs(self) -> int:
        """Return how often the check `flag` has run since the agent started."""
        (checks,) = json.loads(self.agent('checks'))['units'].values()
        found: int = next(check['runs'] for check in checks if check['name'] == 'flag')
        return found

    def turn(self, code: str, health: str = '', wait: bool = True) -> None:
        """Have the check `flag` exit with this code from now on, and be reported so."""
        self._text(Path('/etc/verdict'), f'{code}\n')
        if wait:
            until(lambda: health_of(self.report(), 'flag') == health)

    def hold_verdict(self) -> None:
        """Have the check wait for the next `turn`."""
        path = self.host.root / 'etc/verdict'
        path.unlink()
        os.mkfifo(path)

    def read_on(self) -> list[dict[str, Any]]:
        """Read what was logged since the last time; nothing may be missing."""
        fresh: list[bytes] = []
        while True:
            tail = read_since(self.log, self._cursor, 65536)
            assert not tail.gap
            self._cursor = tail.cursor or self._cursor
            fresh += tail.lines
            if not tail.more:
                break
        lines = [json.loads(line) for line in fresh]
        self.lines += lines
        return lines

    def wait_for_lines(self, count: int) -> None:
        """Return when so many more lines have been logged."""
        wanted = len(self.lines) + count

        def enough() -> bool:
            self.read_on()
            return len(self.lines) >= wanted

        until(enough)

    def _write(self, path: Path, document: Any) -> None:
        self._text(path, json.dumps(document))

    def _text(self, path: Path, text: str) -> None:
        here = self.host.root / path.relative_to('/')
        here.parent.mkdir(parents=True, exist_ok=True)
        # Whole or not at all: a check reads it at any moment.
        new = here.with_name(f'.{here.name}.new')
        new.write_text(text)
        new.chmod(0o600)
        new.rename(here)


def build(name: str, into: Path) -> Path:
    """Return the library that the C file of that name makes; `into` is a directory."""
    library = into / f'{name}.so'
    source = Path(__file__).with_name(f'{name}.c')
    options = ('-shared', '-fPIC', '-nostdlib', '-fno-builtin', '-O1', '-Wall', '-Werror')
    subprocess.run(['gcc', *options, '-o', library, source], check=True, timeout=PATIENCE)
    return library


def preload(service: Service) -> None:
    """Give the service a wall clock of its own, which `set_clock` moves while it runs."""
    library = build('moved_clock', service.host.root / 'opt')
    service.drop_in('clock', f'[Service]\nEnvironment=LD_PRELOAD=/opt/{library.name}\n')


def set_clock(service: Service, seconds: float) -> None:
    """Move it by so much from the true time."""
    service._text(Path('/etc/clock'), f'{seconds:.0f}\n')


def boot_of(service: Service) -> str:
    return service.host.must('cat /proc/sys/kernel/random/boot_id').strip()
