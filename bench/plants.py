"""What goes wrong in a world, how it spreads, and what a sweep then sees of it.

A simulation of software that fails: what needs something that fails, fails most often too, a
little later. It names what it misses, or an address of it, or nothing; it is blocked, or not; its
state is late; some are looked at and some are not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

from charm.kernel.merge_checks import make_report
from charm.kernel.report import CheckResult, Health
from reconciler.judge.conclude import Evidence
from reconciler.juju.status_implies import derive
from reconciler.values.model import Model, StatusInfo, Unit
from reconciler.values.readings import Outcome, Reading

from .topologies import NOW, WELL, Need, World

HEALTH_CHARM = 'juju-health'
_OWN = (
    *('page 7 is corrupt', 'out of file descriptors', 'segmentation fault', 'no leader elected'),
    *('worker 2 exited with status 1', 'replication stopped', 'the queue is stuck at 4096'),
)
# What a client repeats of what its provider answers.
_REPEATED = (
    *('the server runs with --super-read-only', 'write failed: No space left on device'),
    'certificate verify failed: certificate has expired',
)
_VAGUE = ('500 Internal Server Error', 'timed out after 5 s', '0 of 4 workers answer')
_UNSEEN = (Outcome.TIMEOUT, Outcome.HOOK_BROKEN, Outcome.INVALID, Outcome.NOT_PUSHED)
# How a service tells that it lacks another, with how often.
_MANNERS = {'name': 6, 'address': 5, 'vague': 4, 'waits': 3, 'blocked': 2, 'repeats': 1}


@dataclass(frozen=True)
class Plant:
    """One planted cause: what it is, and the names under which it is found."""

    kind: str
    names: frozenset[str]


@dataclass
class _Ailing:
    """A unit in trouble: since when, what its check says, and Juju, where it knows."""

    at: datetime
    message: str
    check: str = 'service'
    word: StatusInfo | None = None


@dataclass
class Outage:
    """A world with its planted causes; `evidence` is what a sweep of it brings."""

    world: World
    chance: Random
    plants: list[Plant] = field(default_factory=list)
    ailing: dict[str, _Ailing] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    down: set[str] = field(default_factory=set)
    unshipped: set[str] = field(default_factory=set)
    told: dict[str, str] = field(default_factory=dict)

    def units(self, service: str) -> tuple[Unit, ...]:
        return self.world.model.applications[service].units

    def services(self) -> list[str]:
        """Return who can fail: services with units, ours not among them."""
        known = self.world.model.applications.values()
        return sorted(a.name for a in known if a.units and a.charm != HEALTH_CHARM)

    def machines(self) -> list[str]:
        """Return the machines with units, if there are several of them."""
        found = {unit.machine for unit in self.world.model.units() if unit.machine}
        return sorted(found) if len(found) > 2 else []


def outage(world: World, chance: Random) -> Outage:
    """Return a world in which one or two things went wrong, and what follows from that."""
    found = Outage(world, chance)
    services = found.services()
    found.unshipped = {name for name in services if chance.random() < 0.15}
    for _ in range(2 if chance.random() < 0.3 else 1) if services else ():
        _plant(found)
    _spread(found)
    return found


def _plant(found: Outage) -> None:
    chance, at = found.chance, NOW - timedelta(minutes=found.chance.randint(20, 600))
    kinds = ['crash', 'crash', 'crash', 'hook', 'blocked', 'host service']
    kinds += ['lost', 'disk'] if found.machines() else []
    kind = chance.choice(kinds)
    if kind == 'lost':
        return _lose(found, chance.choice(found.machines()), at)
    if kind == 'disk':
        return _fill(found, chance.choice(found.machines()), at)
    service = chance.choice(found.services())
    units = found.units(service)
    some = units if chance.random() < 0.7 else chance.sample(units, (len(units) + 1) // 2)
    word = {
        'hook': StatusInfo('error', 'hook failed: "config-changed"'),
        'blocked': StatusInfo('blocked', 'storage is read-only', _late(found, at)),
    }.get(kind)
    message = chance.choice(_OWN)
    for unit in some:
        found.ailing[unit.name] = _Ailing(at, message, 'service', word)
        if kind == 'host service':
            _let_all_tell(found, unit)
    found.plants.append(Plant(kind, frozenset({service})))
    return None


def _lose(found: Outage, machine: str, at: datetime) -> None:
    """Let a machine be gone, with its containers; Juju knows, or not yet."""
    gone = {m for m in found.world.model.machines if m == machine or m.startswith(f'{machine}/')}
    found.lost |= gone
    if found.chance.random() < 0.7:
        found.down |= gone
    for unit in found.world.model.units():
        if unit.machine in gone:
            found.ailing[unit.name] = _Ailing(at, 'gone')
    found.plants.append(Plant('lost', frozenset(f'machine {m}' for m in gone)))


def _fill(found: Outage, machine: str, at: datetime) -> None:
    """Let a machine's disk be full: all on it stops, and tells why, or some of it does not."""
    units = [unit for unit in found.world.model.units() if unit.machine == machine]
    all_tell = found.chance.random() < 0.6
    for unit in units:
        found.ailing[unit.name] = _Ailing(at, '/ at 100 %', 'disk')
        if not unit.principal and not all_tell and found.chance.random() < 0.7:
            found.ailing[unit.name] = _Ailing(at, found.chance.choice(_VAGUE))
    charms = found.world.model.applications
    owners = {u.application for u in units if charms[u.application].charm != HEALTH_CHARM}
    found.plants.append(Plant('disk', frozenset({f'machine {machine}', *owners})))


def _let_all_tell(found: Outage, failed: Unit) -> None:
    """Let all on a unit's machine tell that the unit's service of the host failed."""
    charm = found.world.model.applications[failed.application].charm
    message = f'failed: {found.chance.choice((charm, failed.application))}.service'
    for unit in found.world.model.units():
        if unit.machine == failed.machine != '':
            found.told[unit.name] = message


def _late(found: Outage, at: datetime) -> datetime:
    """Return the `since` of a state: a few minutes late, and now and then hours."""
    rare = found.chance.random() < 0.08
    late = timedelta(seconds=found.chance.uniform(0, 7200 if rare else 290))
    return min(at + late, NOW - timedelta(seconds=30))


def _spread(found: Outage) -> None:
    """Let what needs something that fails, fail too, and so on."""
    users: dict[str, list[tuple[str, Need]]] = {}
    for user, needs in sorted(found.world.needs.items()):
        for need in needs:
            users.setdefault(need.provider, []).append((user, need))
    spreading = sorted({name.partition('/')[0] for name in found.ailing})
    while spreading:
        provider = spreading.pop(0)
        bad = [unit for unit in found.units(provider) if unit.name in found.ailing]
        whole = len(bad) == len(found.units(provider))
        for user, need in users.get(provider, ()):
            touched = any(unit.name in found.ailing for unit in found.units(user))
            suffers = found.chance.random() < (0.85 if whole or need.beside else 0.4)
            if suffers and not touched and _suffer(found, user, need, bad):
                spreading.append(user)
                if found.chance.random() < 0.08:
                    _miss(found, bad, user)


def _suffer(found: Outage, user: str, need: Need, bad: list[Unit]) -> bool:
    """Let a service fail for the lack of a provider; return whether any unit of it does."""
    places = {unit.machine for unit in bad}
    units = [u for u in found.units(user) if not need.beside or u.machine in places]
    manners = [*_MANNERS]
    manner = found.chance.choices(manners, [_MANNERS[m] for m in manners])[0]
    address = found.chance.choice(bad).address or need.provider
    message = {
        'name': f'cannot connect to {need.provider}',
        'address': f'dial tcp {address}:8080: connection refused',
        'repeats': found.chance.choice(_REPEATED),
    }.get(manner, found.chance.choice(_VAGUE))
    began = min(found.ailing[unit.name].at for unit in bad)
    for unit in units:
        at = began + timedelta(seconds=found.chance.expovariate(1 / 60))
        since = _late(found, at)
        word = {
            'waits': StatusInfo('blocked', f'Missing relations: {need.endpoint}', since),
            'blocked': StatusInfo('blocked', 'not ready', since),
        }.get(manner)
        found.ailing[unit.name] = _Ailing(at, message, 'service', word)
    return bool(units)


def _miss(found: Outage, bad: list[Unit], user: str) -> None:
    """Let a provider that fails tell which of its users it has lost."""
    for unit in bad:
        ailing = found.ailing[unit.name]
        if ailing.check == 'service':
            ailing.message = f'dispatcher died; consumers gone: {user}'


def is_hidden(plant: Plant, readings: Iterable[Reading]) -> bool:
    """Return whether nobody saw anything of it, so that nothing can be said of it."""
    return plant.kind != 'lost' and not any(
        reading.unit.application in plant.names and reading.health is Health.FAIL
        for reading in readings
    )


def evidence(found: Outage) -> Evidence:
    """Return what a sweep brings of it, with noise, and with much that is missing."""
    model = _told(found)
    readings = {unit.name: _reading(found, model, unit) for unit in model.units()}
    return Evidence(model, readings, NOW, 3.0)


def _told(found: Outage) -> Model:
    """Return the model with what Juju knows of the outage."""
    model = found.world.model
    machines = {
        identity: replace(m, agent=StatusInfo('down', 'agent is not communicating'))
        if identity in found.down
        else m
        for identity, m in model.machines.items()
    }
    applications = {}
    for name, application in model.applications.items():
        units = tuple(_with_word(found, unit) for unit in application.units)
        worst = next((u.workload for u in units if u.workload is not WELL), WELL)
        applications[name] = replace(application, units=units, status=worst)
    return replace(model, machines=machines, applications=applications)


def _with_word(found: Outage, unit: Unit) -> Unit:
    if unit.machine in found.down:
        return replace(unit, agent=StatusInfo('lost', 'agent is not communicating'))
    ailing = found.ailing.get(unit.name)
    return replace(unit, workload=ailing.word) if ailing and ailing.word else unit


def _reading(found: Outage, model: Model, unit: Unit) -> Reading:
    application = model.applications[unit.application]
    implied = derive(unit, application, model.machines.get(unit.machine), NOW)
    silent = Reading(unit, Outcome.NOT_SHIPPED, Health.UNKNOWN, state=implied.state)
    if unit.machine in found.lost:
        message = 'cannot reach it: no route to host'
        return replace(silent, outcome=Outcome.UNREACHABLE, message=message)
    if unit.application in found.unshipped:
        return replace(silent, message=implied.message)
    if found.chance.random() < 0.03:
        return replace(silent, outcome=found.chance.choice(_UNSEEN), message='it did not tell')
    checks = tuple(_checks(found, unit))
    report = make_report(unit.application, unit.name, checks, state=implied.state)
    return Reading(
        unit,
        Outcome.REPORTED,
        report.health,
        state=implied.state,
        report=report,
        message=checks[0].message,
    )


def _checks(found: Outage, unit: Unit) -> Iterable[CheckResult]:
    ailing, chance = found.ailing.get(unit.name), found.chance
    ours = found.world.model.applications[unit.application].charm == HEALTH_CHARM
    if unit.name in found.told:
        yield CheckResult('failed-units', Health.FAIL, message=found.told[unit.name], at=NOW)
    if ailing and (ailing.check == 'disk' or not ours):
        yield CheckResult(ailing.check, Health.FAIL, message=ailing.message, at=NOW)
    if chance.random() < 0.04:
        yield CheckResult('backlog', Health.WARN, message='4096 jobs wait', at=NOW)
    if chance.random() < 0.03:
        needs = found.world.needs.get(unit.application) or (Need('the disk', ''),)
        slow = f'slow answer from {chance.choice(needs).provider}'
        yield CheckResult('latency', Health.WARN, message=slow, at=NOW)
    yield CheckResult('http', Health.PASSED, message='200 in 4 ms', at=NOW)
