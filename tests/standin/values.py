"""What a model is made of, as typed values: machines, units, applications, relations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.hosts.host import Host

SINCE = '2026-11-23 08:00:00Z'
# What 4.0.15 says where a unit's agent is lost.
LOST = 'agent lost, see `juju debug-logs` or `juju show-status-log` for more information'


@dataclass(frozen=True)
class Info:
    """One status: its word, its message, and since when, in UTC as `--utc` prints it."""

    current: str
    message: str = ''
    since: str = SINCE
    version: str = ''

    def document(self) -> dict[str, Any]:
        """Return it as juju prints it; what is empty is left out."""
        return without_empty(
            {
                'current': self.current,
                'message': self.message,
                'since': self.since,
                'version': self.version,
            }
        )


@dataclass(frozen=True)
class Machine:
    """A machine, or a container in one, such as `1/lxd/0`.

    Attributes:
        id: juju's number of it.
        addresses: none while it is being made; several make juju probe them.
        keys: the host keys that the controller knows; none if the machine has not told them.
        agent: its agent's status, such as `started`, `pending` or `down`.
        instance: the cloud's status, such as `running` or `provisioning error`.
        hostname: its name.
        zone: its availability zone.
    """

    id: str
    addresses: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    agent: Info = Info('started')
    instance: Info = Info('running', 'Running')
    hostname: str = ''
    zone: str = ''

    @staticmethod
    def of(host: Host, identity: str) -> Machine:
        """Return a real machine as juju's machine `identity`."""
        return Machine(identity, (host.address,), (host.host_key,), hostname=host.name)


@dataclass(frozen=True)
class Unit:
    """A unit, with the subordinate units beside it.

    Attributes:
        name: such as `mysql/0`.
        machine: the id of its machine; empty for pods and for subordinates.
        workload: what the charm says.
        agent: what the unit agent says.
        leader: it leads its application.
        subordinates: the units on the same machine that are subordinate to it.
        pod: for k8s, the machine that stands for its pod; none while it is not ready.
        containers: for k8s, the pod's containers beside `charm`.
        open_ports: what its charm opened, such as `80/tcp`.
    """

    name: str
    machine: str = ''
    workload: Info = Info('active')
    agent: Info = Info('idle')
    leader: bool = False
    subordinates: tuple[Unit, ...] = ()
    pod: Machine | None = None
    containers: tuple[str, ...] = ()
    open_ports: tuple[str, ...] = ()


@dataclass(frozen=True)
class Relation:
    """One end of a relation: the own endpoint and the application at the other end."""

    endpoint: str
    application: str
    interface: str
    scope: str = 'global'


@dataclass(frozen=True)
class Application:
    """An application; a subordinate one has `subordinate_to` and no units of its own.

    Its charm is one of charmhub's, or a `local` one. Its options are those that were set.
    """

    name: str
    units: tuple[Unit, ...] = ()
    status: Info = Info('active')
    relations: tuple[Relation, ...] = ()
    subordinate_to: tuple[str, ...] = ()
    charm: str = ''
    origin: str = 'charmhub'
    options: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Saas:
    """An application of another model that is consumed; `url` is such as `lab:admin/db.mysql`."""

    name: str
    url: str
    endpoint: str
    interface: str
    status: Info = Info('active')
    related: tuple[str, ...] = ()

    def document(self, major: int) -> dict[str, Any]:
        """Return it as juju prints it; related applications are names in every version."""
        return {
            'url': self.url,
            'endpoints': {self.endpoint: {'interface': self.interface, 'role': 'provider'}},
            **({'life': 'alive'} if major >= 4 else {}),
            'application-status': self.status.document(),
            **({'relations': {self.endpoint: list(self.related)}} if self.related else {}),
        }


@dataclass(frozen=True)
class Offer:
    """An endpoint of an application that other models may consume."""

    name: str
    application: str
    endpoint: str
    interface: str
    connected: int = 1

    def document(self, origin: str) -> dict[str, Any]:
        """Return it as juju prints it; counts of nobody are left out."""
        kind = 'local' if origin == 'local' else 'ch'
        counts = ('total-connected-count', 'active-connected-count')
        return {
            'application': self.application,
            'charm': f'{kind}:amd64/{self.application}-1',
            **(dict.fromkeys(counts, self.connected) if self.connected else {}),
            'endpoints': {self.endpoint: {'interface': self.interface, 'role': 'provider'}},
        }


def without_empty(document: dict[str, Any]) -> dict[str, Any]:
    """Leave out what Go's `omitempty` leaves out; only `exposed` is always there."""
    return {
        key: value
        for key, value in document.items()
        if key == 'exposed' or value not in ('', [], {}, False, None)
    }
