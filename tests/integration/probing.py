"""Real machines with Juju's agents, and nothing of ours on them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tests.hosts.host import Host
from tests.hosts.layout import add_machine_agent, add_unit, agent_directory
from tests.hosts.shell import wait_until
from tests.standin.builder import Application, Machine, Relation, Unit, World
from tests.support.patience import PATIENCE

COMMAND = Path(sys.executable).parent / 'reconcile-health'
BESIDE = Relation('juju-info', 'telegraf', 'juju-info', 'container')


def untouched(hosts: tuple[Host, ...]) -> World:
    """Return a model of web units, each on a machine of its own with a telegraf beside it."""
    web = tuple(
        Unit(f'web/{n}', str(n), subordinates=(Unit(f'telegraf/{n}'),)) for n in range(len(hosts))
    )
    return World(
        tuple(Machine.of(host, str(n)) for n, host in enumerate(hosts)),
        (
            Application('web', web, relations=(BESIDE,)),
            Application('telegraf', subordinate_to=('web',)),
        ),
    )


def run_agents(host: Host, *units: str) -> None:
    """Lay units out, none of which ships a health hook, and have their agents run."""
    for unit in units:
        add_unit(host, unit)
        set_agent(host, unit, 'listens', '')
    add_machine_agent(host)
    for unit in units:
        socket = host.root / str(agent_directory(unit) / 'introspection.socket').lstrip('/')
        wait_until(socket.is_socket, f'the agent of {unit}')


def set_agent(host: Host, unit: str, name: str, content: str) -> None:
    """Have an agent say something else; see `tests.hosts.jujud`."""
    (host.root / str(agent_directory(unit) / name).lstrip('/')).write_text(content)


@dataclass
class Sweep:
    """One run of reconcile-health."""

    done: subprocess.CompletedProcess[str]

    @property
    def units(self) -> dict[str, Any]:
        document = json.loads(self.done.stdout)
        return {unit['unit']: unit for s in document['services'] for unit in s['units']}

    def check(self, unit: str, name: str) -> dict[str, Any]:
        """Return one check of a unit."""
        checks = self.units[unit]['report']['checks']
        found: dict[str, Any] = next(check for check in checks if check['name'] == name)
        return found


@dataclass
class Operator:
    """Somebody whose juju knows a world."""

    directory: Path
    world: World
    identity: Path
    environment: dict[str, str] = field(default_factory=dict)
    services: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # The load of a test machine is that of the computer that runs the tests, whatever that is.
        config = self.write_config(checks={})
        self.environment = {'JUJU_HEALTH_CONFIG': str(config), **self.environment}

    def write_config(
        self, probe: bool = True, checks: Mapping[str, Mapping[str, Any]] = MappingProxyType({})
    ) -> Path:
        """Write a health.yaml and return it; any load is fine with it."""
        any_load = {'load': {'enabled': False}}
        document = {
            'services': dict(self.services),
            'defaults': {'probe': probe},
            'probe': {'checks': {**any_load, **checks}},
        }
        path = self.directory / f'health-{len(list(self.directory.glob("health-*")))}.yaml'
        path.write_text(json.dumps(document))
        return path

    def sweep(self, *words: str) -> Sweep:
        """Run reconcile-health for programs."""
        return Sweep(self.run('--format', 'json', *words))

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run reconcile-health."""
        known = self.world.write(self.directory / 'juju', self.identity)
        homes = {'XDG_STATE_HOME': str(self.directory / 'xdg'), 'HOME': str(self.directory)}
        return subprocess.run(
            [str(COMMAND), '--connect-timeout', '5', '--attempts', '1', *words],
            env={**os.environ, **known, **homes, 'COLUMNS': '120', **self.environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
