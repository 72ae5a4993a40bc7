"""What `juju status --format json --utc` shows of a world, as juju's each version does.

Series and plain relation names in 2.9, bases and relation objects in 3.6, no `sla` in 4.0
(cmd/juju/status/formatted.go of each); for 4.0 what else a running 4.0.15 was seen to print.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .values import Application, Info, Machine, Relation, Unit, without_empty

if TYPE_CHECKING:
    from .builder import World


@dataclass(frozen=True)
class Shown:
    """The status document of a world."""

    world: World

    def document(self) -> dict[str, Any]:
        """Return the whole document, as a value."""
        model = {
            'name': self.world.name,
            'type': self.world.type,
            'controller': self.world.controller,
            'cloud': 'k8s' if self.world.type == 'caas' else self.world.cloud,
            # Unmanaged machines are in no region.
            **({} if self.world.cloud == 'unmanaged' else {'region': 'localhost'}),
            'version': self.world.version,
            'model-status': Info('available').document(),
        }
        if self.world.major < 4:
            model['sla'] = 'unsupported'
        return {
            'model': model,
            'machines': self._machines(''),
            'applications': {one.name: self._application(one) for one in self.world.applications},
            **without_empty(
                {
                    'application-endpoints': {
                        one.name: one.document(self.world.major) for one in self.world.saas
                    },
                    'offers': {
                        one.name: one.document(self._origin(one.application))
                        for one in self.world.offers
                    },
                }
            ),
            **({'storage': {}} if self.world.major >= 4 else {}),
            'controller': {'timestamp': '08:01:30' if self.world.major >= 4 else '08:01:30Z'},
        }

    def _origin(self, application: str) -> str:
        found = (one.origin for one in self.world.applications if one.name == application)
        return next(found, 'charmhub')

    @property
    def _alive(self) -> dict[str, Any]:
        """What 4 says of everything that is not being removed."""
        return {'life': 'alive'} if self.world.major >= 4 else {}

    def _machines(self, parent: str) -> dict[str, Any]:
        """Return the machines right below `parent`, each with its containers."""
        depth = parent.count('/') + 2 if parent else 0
        return {
            one.id: self._machine(one)
            for one in self.world.machines
            if one.id.count('/') == depth and one.id.startswith(f'{parent}/' if parent else '')
        }

    def _machine(self, machine: Machine) -> dict[str, Any]:
        version = '' if self.world.major >= 4 else machine.agent.version or self.world.version
        agent = replace(machine.agent, version=version)
        zone = f' availability-zone={machine.zone}' if machine.zone else ''
        modified = {} if self.world.major >= 4 else Info('applied').document()
        return {'modification-status': modified} | without_empty(
            {
                'juju-status': {**agent.document(), **self._alive},
                'hostname': machine.hostname,
                'dns-name': next(iter(machine.addresses), ''),
                'ip-addresses': list(machine.addresses),
                'instance-id': f'juju-{machine.id.replace("/", "-")}',
                'machine-status': {**machine.instance.document(), **self._alive},
                **self._platform(),
                'network-interfaces': _interfaces(machine) if self.world.major >= 4 else {},
                'containers': self._machines(machine.id),
                'hardware': f'arch=amd64 cores=2 mem=4096M{zone}',
            }
        )

    def _platform(self) -> dict[str, Any]:
        if self.world.major < 3:
            return {'series': 'jammy'}
        return {'base': {'name': 'ubuntu', 'channel': '22.04'}}

    def _application(self, application: Application) -> dict[str, Any]:
        charm = application.charm or application.name
        k8s, local = self.world.type == 'caas', application.origin == 'local'
        bound = ['', 'juju-info', *(one.endpoint for one in application.relations)]
        document = {
            'charm': f'local:{charm}-1' if local else charm,
            **({'os': 'kubernetes' if k8s else 'ubuntu'} if self.world.major < 3 else {}),
            **self._platform(),
            'charm-origin': application.origin,
            'charm-name': charm,
            'charm-rev': 1,
            'charm-channel': '' if local else 'stable',
            **({'scale': len(application.units)} if k8s else {}),
            'exposed': False,
            **self._alive,
            'application-status': application.status.document(),
            'relations': self._relations(application.relations),
            'subordinate-to': list(application.subordinate_to),
            'units': {one.name: self._unit(one) for one in application.units},
            'endpoint-bindings': dict.fromkeys(bound, 'alpha') if self.world.major >= 4 else {},
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
                one.application if self.world.major < 3 else detailed
            )
        return shown

    def _unit(self, unit: Unit, principal: Unit | None = None) -> dict[str, Any]:
        agent = replace(unit.agent, version=unit.agent.version or self.world.version)
        # A subordinate has its principal's address, and no machine.
        on = (principal or unit).machine
        machine = next((one for one in self.world.machines if one.id == on), Machine(''))
        address = next(iter(unit.pod.addresses), '') if unit.pod else ''
        return without_empty(
            {
                'workload-status': unit.workload.document(),
                'juju-status': agent.document(),
                'leader': unit.leader,
                'machine': unit.machine,
                'open-ports': list(unit.open_ports),
                'public-address': next(iter(machine.addresses), ''),
                'address': address,
                'provider-id': unit.name.replace('/', '-') if self.world.type == 'caas' else '',
                'subordinates': {one.name: self._unit(one, unit) for one in unit.subordinates},
            }
        )


def _interfaces(machine: Machine) -> dict[str, Any]:
    return {
        f'host{index}': {
            'ip-addresses': [f'{address}/24'],
            'mac-address': f'00:16:3e:00:00:{index:02x}',
            'space': 'alpha',
            'is-up': True,
        }
        for index, address in enumerate(machine.addresses)
    }
