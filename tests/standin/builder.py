"""Build the world of the stand-in: a model of typed values, written as juju would show it.

The shape of the status document follows the client's version; see `shown.py`.
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .shown import Shown
from .values import Application, Info, Machine, Offer, Relation, Saas, Unit
from .world import FILE

__all__ = [
    'Application',
    'Info',
    'JUJU',
    'Machine',
    'Offer',
    'Relation',
    'Saas',
    'Unit',
    'World',
]

HERE = Path(__file__).resolve().parent
JUJU = HERE / 'juju'
UNKNOWN_ADDRESS = '10.0.0.1:17070'


@dataclass(frozen=True)
class World:
    """A model, its controller and the client that asks.

    Attributes:
        machines: the model's machines, containers too.
        applications: the model's applications.
        version: juju's version, client's and controller's; the shape follows it.
        name: the model's name.
        type: `iaas` for machines, `caas` for pods.
        cloud: where its machines are from; `unmanaged` for such as were there before.
        controller: its controller's name.
        user: who is logged in, and owns the model.
        access: what the user may: `read` sees the status, `admin` may also use ssh.
        fault: `logged-out`, `login-expired`, `no-password`, `unreachable`, or nothing.
        patience: 1 makes juju wait as long as it does, 0 not at all, for what it waits by itself.
        proxy: the controller's address, to reach machines through; none by default.
        proxy_ssh: the model's configuration has juju ssh go through the controller always.
        endpoint: the controller's address.
        saas: what the model consumes of other models.
        offers: what it offers to them.
        beside: worlds whose models are there too: of the same controller, or of another one.
    """

    machines: tuple[Machine, ...] = ()
    applications: tuple[Application, ...] = ()
    version: str = '3.6.5'
    name: str = 'prod'
    type: str = 'iaas'
    cloud: str = 'localhost'
    controller: str = 'lab'
    user: str = 'admin'
    access: str = 'admin'
    fault: str = ''
    patience: float = 0.0
    proxy: str = ''
    proxy_ssh: bool = False
    endpoint: str = UNKNOWN_ADDRESS
    saas: tuple[Saas, ...] = ()
    offers: tuple[Offer, ...] = ()
    beside: tuple[World, ...] = ()

    @property
    def major(self) -> int:
        """The major version."""
        return int(self.version.split('.')[0])

    def status(self) -> dict[str, Any]:
        """Return what `juju status --format json --utc` prints, as a value."""
        return Shown(self).document()

    @property
    def qualified(self) -> str:
        """The model's name with its owner's."""
        return f'{self.user}/{self.name}'

    def document(self) -> dict[str, Any]:
        """Return what the stand-in reads, as a value."""
        controllers: dict[str, dict[str, Any]] = {}
        for world in (self, *self.beside):
            fresh = {
                'uuid': _uuid(world.controller),
                'user': world.user,
                'endpoint': world.endpoint,
                'fault': world.fault,
                'current-model': world.qualified,
                'models': {},
            }
            known = controllers.setdefault(world.controller, fresh)
            known['models'][world.qualified] = world.model()
        return {
            'version': f'{self.version}-ubuntu-amd64',
            'patience': self.patience,
            'current-controller': self.controller,
            'controllers': controllers,
        }

    def model(self) -> dict[str, Any]:
        """Return what the stand-in knows of the model."""
        units = list(self._all_units())
        return {
            'uuid': _uuid(self.qualified),
            'type': self.type,
            'access': self.access,
            'proxy': self.proxy,
            'proxy-ssh': self.proxy_ssh,
            'options': {one.name: dict(one.options) for one in self.applications},
            'status': self.status(),
            'machines': {
                one.id: {'addresses': list(one.addresses), 'keys': list(one.keys)}
                for one in self.machines
            },
            'units': {one.name: _target(one) for one in units},
            'leaders': {one.name.split('/')[0]: one.name for one in units if one.leader},
        }

    def write(self, directory: Path, identity: Path | None = None) -> dict[str, str]:
        """Write the world as juju's data directory and return the variables that select it.

        Writing again over it changes the world, in one step, for later calls.

        Args:
            directory: made if it is missing.
            identity: the private key that juju offers; `IDENTITY.pub` is beside it. Without one
                juju has no key, as a new user of Juju 4 has none that any machine accepts.
        """
        keys = directory / 'ssh'
        keys.mkdir(parents=True, exist_ok=True)
        # juju 4 makes ed25519 keys for itself, earlier ones RSA (juju/utils clientkeys.go).
        name = 'juju_id_ed25519' if self.major >= 4 else 'juju_id_rsa'
        for old in keys.iterdir():
            old.unlink()
        if identity is not None:
            shutil.copy(identity, keys / name)
            (keys / name).chmod(0o600)
            shutil.copy(f'{identity}.pub', keys / f'{name}.pub')
        fresh = directory / f'{FILE}.new'
        fresh.write_text(json.dumps(self.document(), indent=1))
        fresh.rename(directory / FILE)
        path = os.environ.get('PATH', os.defpath)
        return {'JUJU_DATA': str(directory), 'PATH': f'{HERE}{os.pathsep}{path}'}

    def _all_units(self) -> Iterator[Unit]:
        for application in self.applications:
            for unit in application.units:
                yield unit
                for subordinate in unit.subordinates:
                    yield replace(subordinate, machine=unit.machine)


def _target(unit: Unit) -> dict[str, Any]:
    pod = unit.pod or Machine('')
    return {
        'machine': unit.machine,
        'address': next(iter(pod.addresses), ''),
        'keys': list(pod.keys),
        'containers': list(unit.containers),
    }


def _uuid(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, name))
