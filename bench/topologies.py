"""Models to plant causes in: those of status documents, and some that are made up here.

Beside the model stands who truly needs whom. Juju does not tell that, and what is put together
here shares nothing with the tables by which causes are found: for a document it goes by the layer
in which a charm stands, and where that does not tell it is drawn.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from random import Random

from reconciler.juju import status
from reconciler.values.model import Application, Machine, Model, Relation, StatusInfo, Unit

NOW = datetime(2026, 11, 23, 9, tzinfo=timezone.utc)
LONG_AGO = NOW - timedelta(days=20)
WELL = StatusInfo('active', '', LONG_AGO)
IDLE = StatusInfo('idle', '', LONG_AGO)
# From the ground up: software of a layer needs that of those before, never the other way.
_LAYERS = (
    r'easyrsa|vault|self-signed.*|lego',
    r'etcd|zookeeper.*|ceph-mon|mysql-innodb.*|mysql|postgresql.*|percona.*|mongodb.*|mariadb.*',
    r'ceph-osd|.*mysql-router|pgbouncer|rabbitmq.*|memcached|redis.*|ovn-central|minio.*',
    r'containerd|docker|calico|flannel|traefik.*',
    r'ceph-radosgw|ceph-fs|kafka.*|keystone.*|elasticsearch|opensearch.*',
    r'glance.*|placement|alertmanager.*',
    r'kubernetes-(control-plane|master)|cinder|neutron-api|prometheus.*|loki.*|swift.*',
    r'nova-cloud-controller|cinder-.*|gnocchi|heat|grafana.*',
    r'neutron-.*|kubernetes-worker|nova-compute|openstack-dashboard|.*exporter|catalogue.*',
)
# Of charms that nobody has heard of: the endpoints of those that serve.
_SERVES = re.compile('server|website|api|clients|provides')
# What only watches, and no outage goes through.
_WATCHES = re.compile(
    r'juju-info|monitors|nrpe|.*scrape|cos.agent|.*dashboard|catalogue|loki.push.*|.*metrics.*'
    r'|nagios|.*health.*|logging|tracing|ntp.*|grafana-source|alert.*|cluster|.*peers?|ha',
)
_UNHEARD_OF = (
    'acme-broker',
    'acme-api',
    'ledger',
    'billing',
    'atlas',
    'quill',
    'harbour',
    'orbit',
)
_KNOWN = {
    'postgresql': ('db', 'pgsql'),
    'mysql': ('database', 'mysql_client'),
    'rabbitmq-server': ('amqp', 'rabbitmq'),
    'redis': ('cache', 'redis'),
    'vault': ('certificates', 'tls-certificates'),
    'keystone': ('identity', 'keystone'),
}


@dataclass(frozen=True)
class Need:
    """One true dependency: of whom, over which endpoint, and whether on each machine alone."""

    provider: str
    endpoint: str
    beside: bool = False


@dataclass(frozen=True)
class World:
    """A model in which all is well, and who truly needs whom."""

    name: str
    model: Model
    needs: Mapping[str, tuple[Need, ...]]


def of_document(name: str, text: bytes, chance: Random) -> World:
    """Return the world of a status document, with all that ails in it made well."""
    model = status.decode(text)
    machines = {
        key: replace(machine, agent=StatusInfo('started'), instance=StatusInfo('running'))
        for key, machine in model.machines.items()
    }
    applications = {
        key: replace(
            application,
            status=WELL,
            units=tuple(replace(u, workload=WELL, agent=IDLE) for u in application.units),
        )
        for key, application in model.applications.items()
    }
    model = replace(model, machines=machines, applications=applications, saas={}, faults=())
    return World(name, replace(model, status=StatusInfo()), _needs_by_layer(model, chance))


def _layer(charm: str) -> int | None:
    return next((n for n, text in enumerate(_LAYERS) if re.fullmatch(text, charm)), None)


def _needs_by_layer(model: Model, chance: Random) -> dict[str, tuple[Need, ...]]:
    needs: dict[str, list[Need]] = {}
    seen: set[frozenset[str]] = set()
    for name, application in sorted(model.applications.items()):
        for relation in sorted(application.relations):
            other = model.applications.get(relation.application)
            carried = f'{relation.endpoint} {relation.interface}'
            watches = any(map(_WATCHES.fullmatch, carried.split()))
            pair = frozenset({name, relation.application})
            if other is None or len(pair) == 1 or pair in seen or watches:
                continue
            seen.add(pair)
            back = other.relations
            mine, theirs = _layer(application.charm), _layer(other.charm)
            upwards = chance.random() < 0.5
            if mine is not None and theirs is not None and mine != theirs:
                upwards = mine > theirs
            elif _SERVES.fullmatch(relation.endpoint):
                upwards = False
            elif any(r.application == name and _SERVES.fullmatch(r.endpoint) for r in back):
                upwards = True
            user, provider = (application, other) if upwards else (other, application)
            beside = name in other.subordinate_to or other.name in application.subordinate_to
            ends = [r.endpoint for r in user.relations if r.application == provider.name]
            endpoint = (ends or [relation.endpoint])[0]
            needs.setdefault(user.name, []).append(Need(provider.name, endpoint, beside))
    return {user: tuple(found) for user, found in needs.items()}


@dataclass
class _Maker:
    """A model that grows: each service needs some of those that were there before it."""

    chance: Random
    machines: dict[str, Machine] = field(default_factory=dict)
    applications: dict[str, Application] = field(default_factory=dict)
    needs: dict[str, list[Need]] = field(default_factory=dict)

    def place(self) -> str:
        """Return a new machine, or a container in one."""
        number = len([identity for identity in self.machines if '/' not in identity])
        parent = (
            str(self.chance.randrange(number)) if number and self.chance.random() < 0.3 else ''
        )
        identity = f'{parent}/lxd/{len(self.machines)}' if parent else str(number)
        address = f'10.{len(self.machines) // 250}.3.{len(self.machines) % 250 + 1}'
        started = StatusInfo('started')
        self.machines[identity] = Machine(identity, parent, started, addresses=(address,))
        return identity

    def deploy(self, name: str, charm: str, count: int) -> None:
        places = [p for p in self.machines if self.chance.random() < 0.2][: count // 2]
        places += [self.place() for _ in range(count - len(places))]
        units = tuple(
            Unit(f'{name}/{n}', name, p, '', n == 0, self.machines[p].addresses[0], WELL, IDLE)
            for n, p in enumerate(places)
        )
        self.applications[name] = Application(name, charm, WELL, units=units)

    def beside(self, name: str, charm: str, *principals: str) -> None:
        hosts = [unit for principal in principals for unit in self.applications[principal].units]
        units = tuple(
            Unit(f'{name}/{n}', name, u.machine, u.name, u.leader, u.address, WELL, IDLE)
            for n, u in enumerate(hosts)
        )
        self.applications[name] = Application(
            name, charm, WELL, subordinate_to=tuple(principals), units=units
        )

    def relate(self, user: str, provider: str, ends: tuple[str, str], interface: str) -> None:
        for name, endpoint, other in ((user, ends[0], provider), (provider, ends[1], user)):
            application = self.applications[name]
            relation = Relation(endpoint, other, interface)
            self.applications[name] = replace(
                application, relations=(*application.relations, relation)
            )

    def need(self, user: str, provider: str) -> None:
        """Relate two so that one needs the other, as charms do: well known or not."""
        charm = self.applications[provider].charm
        if charm in _KNOWN:
            endpoint, interface = _KNOWN[charm]
            ends = (endpoint, endpoint if self.chance.random() < 0.5 else 'clients')
        else:
            telling = self.chance.random() < 0.5
            endpoint = charm if telling else self.chance.choice(('backend', 'upstream', 'link'))
            interface = f'{charm}_client' if telling else 'rest'
            ends = (endpoint, self.chance.choice(('api', 'website', 'clients')))
        self.relate(user, provider, ends, interface)
        self.needs.setdefault(user, []).append(Need(provider, ends[0]))


def made_up(chance: Random) -> World:
    """Return a world of a dozen to forty services, in layers, with subordinates and containers."""
    maker, names = _Maker(chance), []
    for charm in chance.sample(sorted(_KNOWN), chance.randint(2, 5)):
        maker.deploy(charm, charm, chance.choice((1, 1, 3)))
        names.append(charm)
    for number in range(chance.randint(8, 30)):
        charm = chance.choice(_UNHEARD_OF)
        name = f'{charm}-{number}'
        maker.deploy(name, charm, chance.choice((1, 1, 2, 3)))
        for provider in chance.sample(names, min(len(names), chance.choice((1, 1, 2, 3)))):
            maker.need(name, provider)
        names.append(name)
    if chance.random() < 0.6:
        _add_router(maker, chance.sample(names, 2))
    if chance.random() < 0.5:
        maker.beside('telegraf', 'telegraf', *names)
    maker.beside('juju-health', 'juju-health', *names)
    for name in names:
        maker.relate('juju-health', name, ('juju-info', 'juju-info'), 'juju-info')
    made = Model('made-up', 'lab', 'iaas', '3.6.5', maker.machines, maker.applications)
    return World('made up', made, {user: tuple(found) for user, found in maker.needs.items()})


def _add_router(maker: _Maker, principals: list[str]) -> None:
    """Put a router beside two services, which reach a database through it."""
    maker.beside('mysql-router', 'mysql-router', *principals)
    for principal in principals:
        maker.relate(principal, 'mysql-router', ('shared-db', 'shared-db'), 'mysql-shared')
        maker.needs.setdefault(principal, []).append(Need('mysql-router', 'shared-db', True))
