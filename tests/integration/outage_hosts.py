"""A shop on real machines: mysql as a service of systemd, and forty services that connect to it.

Every hook really looks. Sweeps are recorded one after the other; what they say goes to a file.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.hosts.host import Host
from tests.hosts.layout import add_unit
from tests.standin.builder import Application, Machine, Relation, Unit, World
from tests.support.checking import program
from tests.support.patience import PATIENCE

COMMAND = Path(sys.executable).parent / 'reconcile-health'
VICTIMS = tuple(f'web{number:02}' for number in range(40))
# A machine that is away is asked once, and not waited for as long as one far away.
_HASTY = ('--connect-timeout', '3', '--attempts', '1')
_PORT = 3306
_SERVER = f"""\
import socket
with socket.create_server(('', {_PORT}), backlog=128) as listener:
    while True:
        listener.accept()[0].close()
"""
# Its start takes as long as one file is there, and fails where another one is.
_SERVICE = """\
[Service]
TimeoutStartSec=infinity
ExecStartPre=/bin/sh /srv/prepare
ExecStart=/usr/bin/python3 /srv/mysqld.py

[Install]
WantedBy=multi-user.target
"""
_PREPARE = """\
while [ -e /srv/slow ]; do sleep 0.1; done
[ ! -e /srv/mysql.broken ]
"""
# A report in the form of docs/report.md, with what its check of systemd units has in its data.
_SAY = """\
#!/bin/sh
say() {
printf '{"schema": 1, "service": "%s", "unit": "%s/0", "health": "%s", "boot_id": "%s",
"checks": [{"name": "works", "health": "%s", "message": "%s", "data": {"units": %s}}]}\\n' \\
"$name" "$name" "$1" "$(cat /proc/sys/kernel/random/boot_id)" "$1" "$2" "${3:-null}"
exit
}
"""
_MYSQL = f"""\
name=mysql
active=$(systemctl is-active mysql.service)
units='{{"mysql.service": {{"active": "'$active'"}}}}'
[ "$active" = active ] || say fail "mysql.service is $active" "$units"
nc -z -w 2 127.0.0.1 {_PORT} || say fail 'nothing listens on port {_PORT}' "$units"
say passed 'it takes connections' "$units"
"""
_WEB = """\
name={name}
[ ! -e /srv/{name}.broken ] || say fail "$(cat /srv/{name}.broken)"
nc -z -w 2 {address} {port} || say fail 'cannot connect to mysql at {address}:{port}'
say passed 'it works with mysql'
"""


def lay_out(hosts: tuple[Host, ...]) -> World:
    """Return mysql on the first machine, and half of those that need it on each other one."""
    first, *others = hosts
    (first.root / 'srv/mysqld.py').write_text(_SERVER)
    (first.root / 'srv/prepare').write_text(_PREPARE)
    (first.root / 'etc/systemd/system/mysql.service').write_text(_SERVICE)
    first.must('systemctl daemon-reload; systemctl enable --quiet --now mysql')
    add_unit(first, 'mysql/0', (_SAY + _MYSQL).encode())
    webs = []
    for number, name in enumerate(VICTIMS):
        at = number * len(others) // len(VICTIMS)
        webs.append(add_web(first, others[at], name, str(at + 1)))
    back = tuple(Relation('db', name, 'mysql') for name in VICTIMS)
    mysql = Application('mysql', (Unit('mysql/0', '0', leader=True),), relations=back)
    machines = tuple(Machine.of(host, str(number)) for number, host in enumerate(hosts))
    return World(machines, (mysql, *webs))


def add_web(database: Host, host: Host, name: str, machine: str) -> Application:
    """Put a service on a machine that needs mysql, and return it."""
    hook = _WEB.format(name=name, address=database.address, port=_PORT)
    add_unit(host, f'{name}/0', (_SAY + hook).encode())
    return Application(
        name,
        (Unit(f'{name}/0', machine, leader=True),),
        relations=(Relation('db', 'mysql', 'mysql'),),
    )


def plant(host: Host, name: str, text: str = '') -> None:
    """Leave a file on a machine that its services look for, such as `web07.broken` or `slow`."""
    (host.root / 'srv' / name).write_text(text)


def mend(host: Host, name: str) -> None:
    """Take it away again."""
    (host.root / 'srv' / name).unlink()


@dataclass
class Shop:
    """Who sweeps the shop, and is told.

    Attributes:
        directory: an empty one, for all that is kept.
        world: what juju knows.
        reach: how its machines are reached; our own connections cost least.
    """

    directory: Path
    hosts: tuple[Host, ...]
    world: World
    reach: str = 'direct'

    def __post_init__(self) -> None:
        program(self.directory, f'cat >> {self._told}; echo >> {self._told}', 'tell')
        self.keep_quiet()

    def keep_quiet(self, **quiet: str) -> None:
        """Have health.yaml say for how long nobody is told of what; by default as it comes."""
        channels = {'file': {'kind': 'command', 'command': [str(self.directory / 'tell')]}}
        config = {'alerts': {'channels': channels, 'quiet': quiet}}
        self._config.write_text(json.dumps(config))

    def sweep(self) -> list[str]:
        """Sweep once, and return what was told by then: kinds and causes, in order."""
        known = self.world.write(self.directory / 'juju', self.hosts[0].identity)
        words = ('sweep', '--record', '--quiet', *_HASTY, '--reach', self.reach)
        places = ('--config', str(self._config), '--state-dir', str(self.directory / 'state'))
        done = subprocess.run(
            [str(COMMAND), *words, *places],
            env={**os.environ, **known, 'HOME': str(self.directory)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode in (0, 2, 3), done.stderr
        return self.told

    def sweeps(self, count: int) -> list[str]:
        """Sweep so many times."""
        for _ in range(count):
            self.sweep()
        return self.told

    @property
    def notices(self) -> list[dict[str, Any]]:
        """Every message so far, as its JSON."""
        text = self._told.read_text() if self._told.exists() else ''
        return [json.loads(line) for line in text.splitlines() if line]

    @property
    def told(self) -> list[str]:
        """Every message so far, such as `firing mysql`."""
        return [f'{one["kind"]} {one["labels"]["cause"]}' for one in self.notices]

    @property
    def _told(self) -> Path:
        return self.directory / 'told'

    @property
    def _config(self) -> Path:
        return self.directory / 'health.yaml'
