"""Build the world of the stand-in: a model of typed values, written as juju would show it.

The shape of the status document follows the client's version, as juju's does: series and plain
relation names in 2.9, bases and relation objects in 3.6, no `sla` in 4.0
(cmd/juju/status/formatted.go of each).
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

from .values import Application, Info, Machine, Offer, Relation, Saas, Unit, without_empty
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
        controller: its controller's name.
        user: who is logged in, and owns the model.
        access: what the user may: `read` sees the status, `admin` may also use ssh.
        fault: `logged-out`, `login-expired`, `unreachable`, or nothing.
        patience: 1 makes juju wait as long as it does, 0 not at all, for what it waits by itself.
        proxy: an address to reach machines through, as with proxy-ssh=true; none by default.
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
    controller: str = 'lab'
    user: str = 'admin'
    access: str = 'admin'
    fault: str = ''
    patience: float = 0.0
    proxy: str = ''
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
        model = {
            'name': self.name,
            'type': self.type,
            'controller': self.controller,
            'cloud': 'k8s' if self.type == 'caas' else 'localhost',
            'region': 'localhost',
            'version': self.version,
            'model-status': Info('available').document(),
        }
        if self.major < 4:
            model['sla'] = 'unsupported'
        return {
            'model': model,
            'machines': self._machines(''),
            'applications': {one.name: self._application(one) for one in self.applications},
            **without_empty(
                {
                    'application-endpoints': {one.name: one.document() for one in self.saas},
                    'offers': {one.name: one.document() for one in self.offers},
                }
            ),
            'controller': {'timestamp': '08:01:30Z'},
        }

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

    def _machines(self, parent: str) -> dict[str, Any]:
        """Return the machines right below `parent`, each with its containers."""
        depth = parent.count('/') + 2 if parent else 0
        return {
            one.id: self._machine(one)
            for one in self.machines
            if one.id.count('/') == depth and one.id.startswith(f'{parent}/' if parent else '')
        }

    def _machine(self, machine: Machine) -> dict[str, Any]:
        agent = replace(machine.agent, version=machine.agent.version or self.version)
        zone = f' availability-zone={machine.zone}' if machine.zone else ''
        return without_empty(
            {
                'juju-status': agent.document(),
                'hostname': machine.hostname,
                'dns-name': next(iter(machine.addresses), ''),
                'ip-addresses': list(machine.addresses),
                'instance-id': f'juju-{machine.id.replace("/", "-")}',
                'machine-status': machine.instance.document(),
                'modification-status': Info('applied').document(),
                **self._platform(),
                'containers': self._machines(machine.id),
                'hardware': f'arch=amd64 cores=2 mem=4096M{zone}',
            }
        )

    def _platform(self) -> dict[str, Any]:
        if self.major < 3:
            return {'series': 'jammy'}
        return {'base': {'name': 'ubuntu', 'channel': '22.04'}}

    def _application(self, application: Application) -> dict[str, Any]:
        charm = application.charm or application.name
        k8s = self.type == 'caas'
        document = {
            'charm': charm,
            **({'os': 'kubernetes' if k8s else 'ubuntu'} if self.major < 3 else {}),
            **self._platform(),
            'charm-origin': 'charmhub',
            'charm-name': charm,
            'charm-rev': 1,
            'charm-channel': 'stable',
            **({'scale': len(application.units)} if k8s else {}),
            'exposed': False,
            'application-status': application.status.document(),
            'relations': self._relations(application.relations),
            'subordinate-to': list(application.subordinate_to),
            'units': {one.name: self._unit(one) for one in application.units},
        }
        return without_empty(document)

    def _relations(self, relations: tuple[Relation, ...]) -> dict[str, list[Any]]:
        shown: dict[str, list[Any]] = {}
        for one in relations:
            detailed = {
                'related-application': one.application,
                'interface': one.interface,
                'scope': one.scope,
            }
            shown.setdefault(one.endpoint, []).append(
                one.application if self.major < 3 else detailed
            )
        return shown

    def _unit(self, unit: Unit, principal: Unit | None = None) -> dict[str, Any]:
        agent = replace(unit.agent, version=unit.agent.version or self.version)
        # A subordinate has its principal's address, and no machine.
        on = (principal or unit).machine
        machine = next((one for one in self.machines if one.id == on), Machine(''))
        address = next(iter(unit.pod.addresses), '') if unit.pod else ''
        return without_empty(
            {
                'workload-status': unit.workload.document(),
                'juju-status': agent.document(),
                'leader': unit.leader,
                'machine': unit.machine,
                'public-address': next(iter(machine.addresses), ''),
                'address': address,
                'provider-id': unit.name.replace('/', '-') if self.type == 'caas' else '',
                'subordinates': {one.name: self._unit(one, unit) for one in unit.subordinates},
            }
        )


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
