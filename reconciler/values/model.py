"""What `juju status` tells of a model, as values; `reconciler.juju.status` makes them.

Every field that juju may leave out has a default that says so: an empty string, tuple or `None`.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

# This project's charm, whatever the application is called.
HEALTH_CHARM = 'juju-health'
_TCP_PORT = re.compile(r'([1-9][0-9]{0,4})/tcp')


@dataclass(frozen=True)
class StatusInfo:
    """One of juju's statuses.

    Attributes:
        current: juju's word, such as `active`; empty if juju gave none, and `status-error` where
            it could not tell.
        message: one line; where juju could not tell, its `status-error`.
        since: when it began, UTC; `None` if juju gave none, it could not be read, or it is of
            the status before; see `status`.
        failed: juju itself said `status-error` instead of a status.
        version: of the agent whose status it is; else empty.
    """

    current: str = ''
    message: str = ''
    since: datetime | None = None
    failed: bool = False
    version: str = ''

    def said(self, otherwise: str = '') -> str:
        """Return its word and message, as in `blocked: Missing relations: db`.

        `otherwise` stands for a word that is missing.
        """
        return f'{self.current or otherwise}' + (f': {self.message}' if self.message else '')


@dataclass(frozen=True)
class Machine:
    """A machine or a container in one, by its juju id, such as `0` or `0/lxd/1`.

    Attributes:
        parent: the machine that a container is in; empty for a machine.
        agent: juju-status: started, pending, down, stopped, error.
        instance: machine-status: running, provisioning error, pending.
        zone: the availability zone in `hardware`; empty if none is named.
        bridged: those of its addresses that are for what runs in it, so that others have them too.
        leaving: juju is removing it.
        base: what runs on it, such as `ubuntu@22.04`; a series such as `focal` where juju tells
            no more.
    """

    id: str
    parent: str = ''
    agent: StatusInfo = field(default_factory=StatusInfo)
    instance: StatusInfo = field(default_factory=StatusInfo)
    hostname: str = ''
    dns_name: str = ''
    addresses: tuple[str, ...] = ()
    instance_id: str = ''
    zone: str = ''
    bridged: frozenset[str] = frozenset()
    leaving: bool = False
    base: str = ''


@dataclass(frozen=True)
class Unit:
    """A unit, principal or subordinate.

    Attributes:
        name: such as `mysql/0`.
        application: the part before the slash.
        machine: the machine's id; a subordinate's is its principal's; empty on k8s or before
            one is assigned.
        principal: the principal unit of a subordinate; empty for a principal.
        workload, agent: workload-status and juju-status.
        upgrading_from: the charm that it runs, while another is wanted; empty for none.
        leaving: juju is removing it, or its application or machine.
        open_ports: what its charm opened, as Juju writes it: `80/tcp`, `8000-8010/udp`, `icmp`.
    """

    name: str
    application: str
    machine: str = ''
    principal: str = ''
    leader: bool = False
    address: str = ''
    workload: StatusInfo = field(default_factory=StatusInfo)
    agent: StatusInfo = field(default_factory=StatusInfo)
    open_ports: tuple[str, ...] = ()
    upgrading_from: str = ''
    leaving: bool = False

    @property
    def tcp_ports(self) -> tuple[int, ...]:
        """Return its open ports of TCP; a range says what may be used, not what is."""
        found = map(_TCP_PORT.fullmatch, self.open_ports)
        return tuple(int(port[1]) for port in found if port and int(port[1]) < 1 << 16)

    @property
    def is_untold(self) -> bool:
        """Return whether juju could not tell of it: that it names no machine says nothing."""
        return self.workload.failed or self.agent.failed


@dataclass(frozen=True, order=True)
class Relation:
    """One side of a relation as an application's status lists it.

    Attributes:
        endpoint: this application's endpoint.
        application: the related application or SAAS name.
        interface: empty where the client is too old to say.
        scope: `global` or `container`; empty where the client is too old to say.
    """

    endpoint: str
    application: str
    interface: str = ''
    scope: str = ''


@dataclass(frozen=True)
class Application:
    """A Juju application: what this project calls a service.

    Attributes:
        charm: the charm's name, without store prefix and revision.
        scale: the wanted number of k8s units; `None` on machines.
        subordinate_to: the principals of a subordinate.
        units: its units, sorted by number; a subordinate's are found under its principals.
        leaving: juju is removing it.
        revision, channel: of its charm, as Charmhub counts and names them; `None` and empty if
            juju does not tell.
        version: of the workload, as its charm set it.
        base: as a machine's.
        exposed: whether its ports are open to all.
    """

    name: str
    charm: str = ''
    status: StatusInfo = field(default_factory=StatusInfo)
    scale: int | None = None
    subordinate_to: tuple[str, ...] = ()
    relations: tuple[Relation, ...] = ()
    units: tuple[Unit, ...] = ()
    leaving: bool = False
    revision: int | None = None
    channel: str = ''
    version: str = ''
    base: str = ''
    exposed: bool = False


@dataclass(frozen=True)
class SaasEndpoint:
    """One endpoint of a SAAS; `role` is its own: `provider`, `requirer`, or empty if unsaid."""

    name: str
    interface: str = ''
    role: str = ''


@dataclass(frozen=True)
class Saas:
    """An application of another model that this one consumes."""

    name: str
    url: str = ''
    status: StatusInfo = field(default_factory=StatusInfo)
    relations: tuple[Relation, ...] = ()
    endpoints: tuple[SaasEndpoint, ...] = ()


@dataclass(frozen=True)
class Model:
    """One model as one `juju status` saw it.

    Attributes:
        type: `iaas` (machines) or `caas` (k8s).
        offers: for each offer to other models, the application behind it.
        faults: what could not be read, one line each; the rest was read all the same.
        notes: what is worth a line and no fault, such as when it was saved.
        outdated: whether it is so old that much may have come since; `faults` say so.
        parts: of several models as one, the full name of each by what its names begin with.
        owner: whose it is, if it was asked for so: juju status does not tell it.
        status: model-status.
    """

    name: str
    controller: str = ''
    type: str = 'iaas'
    version: str = ''
    machines: Mapping[str, Machine] = field(default_factory=dict)
    applications: Mapping[str, Application] = field(default_factory=dict)
    saas: Mapping[str, Saas] = field(default_factory=dict)
    offers: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    outdated: bool = False
    parts: Mapping[str, str] = field(default_factory=dict)
    owner: str = ''
    status: StatusInfo = field(default_factory=StatusInfo)

    @property
    def full_name(self) -> str:
        """Return it as juju's `-m` takes it from anywhere; empty if its controller is unknown."""
        owner = f'{self.owner}/' if self.owner else ''
        return f'{self.controller}:{owner}{self.name}' if self.controller and self.name else ''

    @property
    def title(self) -> str:
        """Return `controller:name`, or its name alone where its controller is unknown."""
        return f'{self.controller}:{self.name}' if self.controller else self.name

    def is_meant_by(self, pattern: str) -> bool:
        """Return whether a name or glob, with a controller or without, is this model's."""
        names = (self.name, f'{self.controller}:{self.name}')
        return any(fnmatch.fnmatchcase(name, pattern) for name in names)

    def locate(self, name: str) -> tuple[str, str]:
        """Return the full name of the model that something is of, and its name there."""
        begins = [part for part in self.parts if name.startswith(f'{part}/')]
        if not begins:
            return self.full_name, name
        part = max(begins, key=len)
        return self.parts[part], name.removeprefix(f'{part}/')

    @property
    def is_k8s(self) -> bool:
        """Return whether the units are pods."""
        return self.type == 'caas'

    @property
    def major(self) -> int:
        """Return Juju's major version; 3 if it is not known."""
        number = self.version.partition('.')[0]
        return int(number) if number.isdigit() and len(number) < 4 else 3

    def charm_of(self, application: str) -> str:
        """Return the name of an application's charm; empty if the model has no such one."""
        known = self.applications.get(application)
        return known.charm if known else ''

    def is_ours(self, application: str) -> bool:
        """Return whether it is our own charm, which speaks for itself only."""
        return self.charm_of(application) == HEALTH_CHARM

    def is_subordinate(self, application: str) -> bool:
        """Return whether each of its units is beside one of another application."""
        known = self.applications.get(application)
        return known is not None and bool(known.subordinate_to)

    def newest_time(self) -> datetime | None:
        """Return the newest moment that it tells of, by the controller's clock."""
        told = [info for one in self.machines.values() for info in (one.agent, one.instance)]
        told += [application.status for application in self.applications.values()]
        told += [info for unit in self.units() for info in (unit.workload, unit.agent)]
        return max((info.since for info in told if info.since is not None), default=None)

    def units(self) -> Iterator[Unit]:
        """Yield every unit of every application, in order."""
        for application in self.applications.values():
            yield from application.units


def machine_chain(machines: Mapping[str, Machine], machine: str) -> Iterator[str]:
    """Yield the machine's id, then those of the machines that it is a container in."""
    seen: set[str] = set()
    while machine and machine not in seen:
        seen.add(machine)
        yield machine
        known = machines.get(machine)
        machine = known.parent if known else ''
