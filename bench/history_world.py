"""A model that is swept each minute, with planted outages: what the history has to keep of it.

The first sweep is made by the code that makes every sweep, of a status and of reports as hooks
print them. Those after it are that one, with what is planted put in: to conclude as often from as
many units would take hours, and is measured by `bench.scale`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from random import Random

from charm.kernel.names import service_of
from charm.kernel.report import Health
from reconciler.ask.errands import UnitRequest
from reconciler.ask.frames import Request, UnitAnswer
from reconciler.collect.interpret import read_answer
from reconciler.history.looks import Look, SweepLooks, looks_of
from reconciler.history.subject import CHECK, MODEL, SERVICE, UNIT, Subject
from reconciler.judge.conclude import Evidence, conclude
from reconciler.juju import status
from reconciler.values.readings import Snapshot

from .scale import FAILING, HOOK, report_of, status_of

BEGIN = datetime(2025, 11, 3, tzinfo=timezone.utc)
NAME, UUID = 'lab:admin/big', '6f1c0f0e-0d0c-4b0a-8f5e-3f2a8d1c9b7e'
WEEK = 7 * 24 * 60
OUTAGES_A_WEEK, FLAPPING, REFRESHES_A_WEEK = 30, 3, 5
# A check that flaps is unwell for one look in so many.
_FLAP_EVERY = 45
# One disk in so many fills; memory goes up and down about a level of its own.
_FILLING = 20


@dataclass(frozen=True)
class Outage:
    """A check that fails from one minute to another, so that its unit and service do as well."""

    check: Subject
    since: int
    until: int

    @property
    def unit(self) -> str:
        return self.check.name.partition(' ')[0]

    @property
    def service(self) -> str:
        return service_of(self.unit)


def snapshot(units: int) -> Snapshot:
    """Return a sweep of so many units, each on a machine of its own, in which all is well."""
    document = json.loads(status_of(units))
    about = document['machines']['0']
    document['machines'] = {}
    for application in document['applications'].values():
        for unit in application['units'].values():
            unit['machine'] = machine = str(len(document['machines']))
            document['machines'][machine] = {**about, 'instance-id': f'i-{machine}'}
    model = status.decode(json.dumps(document).encode())
    readings = {}
    for number, unit in enumerate(model.units()):
        # The first of each hundred would fail.
        said = report_of(unit.name, number + 1 + number // (FAILING - 1))
        answer = UnitAnswer(said + b'\n', exit_code=0, complete=True)
        asked = UnitRequest(unit, Request(unit.name, HOOK), shipped=True)
        readings[unit.name] = read_answer(model, asked, answer, 'juju ssh, hook', BEGIN)
    return conclude(Evidence(model, readings, BEGIN, 1.0))


@dataclass(frozen=True)
class World:
    """A model with all that is planted in it, by minutes since `BEGIN`.

    Attributes:
        first: a sweep in which all is well.
        minutes: for how long it is swept.
        outages: in the order of time, no two of a service at once.
        refreshes: when a service got another revision.
        flapping: checks of which now and then one look is bad, which never counts.
        warning: checks that warn all the time, with a figure in their words.
    """

    first: SweepLooks
    minutes: int
    outages: Sequence[Outage] = ()
    refreshes: Sequence[tuple[int, Subject]] = ()
    flapping: Sequence[Subject] = ()
    warning: Sequence[Subject] = ()
    levels: Mapping[Subject, Mapping[str, float]] = field(default_factory=dict)

    def at(self, minute: int) -> SweepLooks:
        """Return what a sweep of that minute sees."""
        chance = Random(minute)  # noqa: S311 - the same sweeps in every run
        looks = dict(self.first.looks)
        for check in self.warning:
            looks[check] = Look(Health.WARN, message=f'/ is {85 + chance.random():.1f} % full')
        for check in self.flapping:
            if not chance.randrange(_FLAP_EVERY):
                looks[check] = Look(Health.FAIL, message='no answer in 5 s')
        for outage in self.outages:
            if outage.since <= minute < outage.until:
                looks |= _failing(looks, outage)
        facts = dict(self.first.facts)
        for since, service in self.refreshes:
            if since <= minute:
                facts[service] = {**facts[service], 'revision': str(200 + since)}
        at = BEGIN + timedelta(minutes=minute)
        figures = self._figures(minute, chance)
        return replace(self.first, at=at, looks=looks, facts=facts, figures=figures)

    def sweeps(self, every: int = 1) -> Iterator[SweepLooks]:
        """Yield a sweep each so many minutes."""
        return (self.at(minute) for minute in range(0, self.minutes, every))

    def _figures(self, minute: int, chance: Random) -> Mapping[Subject, Mapping[str, float]]:
        part = minute / max(self.minutes, 1)
        found = {}
        for number, (check, levels) in enumerate(self.levels.items()):
            moved = chance.random()
            found[check] = {
                name: level + 0.02 * moved
                if name == 'memory used'
                else level + (0.5 * part if number // 2 % _FILLING == 0 else 0.002 * part)
                for name, level in levels.items()
            }
        return found


def _failing(looks: Mapping[Subject, Look], outage: Outage) -> dict[Subject, Look]:
    message = 'cannot connect to 10.0.0.7:3306: refused'
    unit, service = Subject(UNIT, outage.unit), Subject(SERVICE, outage.service)
    return {
        outage.check: Look(Health.FAIL, message=message),
        unit: replace(looks[unit], health=Health.FAIL, message=f'check: {message}'),
        service: replace(looks[service], health=Health.FAIL, message=f'{outage.unit}: {message}'),
        Subject(MODEL, ''): Look(Health.FAIL),
    }


def world(units: int, minutes: int, outages: int) -> World:
    """Return a model of so many units, with so many outages planted in that time."""
    first = looks_of(snapshot(units), NAME, UUID)
    chance = Random(units)  # noqa: S311 - the same outages in every run
    checks = [subject for subject in first.looks if subject.kind == CHECK]
    services = [subject for subject in first.looks if subject.kind == SERVICE]
    picked = chance.sample(checks, 2 * FLAPPING)
    levels = {
        check: {name: value + 0.4 * chance.random() for name, value in values.items()}
        for check, values in first.figures.items()
    }
    weeks = max(minutes // WEEK, 1)
    return World(
        first,
        minutes,
        tuple(_planted(chance, checks, minutes, outages)),
        tuple(
            (chance.randrange(1, minutes), chance.choice(services))
            for _ in range(REFRESHES_A_WEEK * weeks)
        ),
        picked[:FLAPPING],
        picked[FLAPPING:],
        levels,
    )


def _planted(
    chance: Random, checks: Sequence[Subject], minutes: int, many: int
) -> Iterator[Outage]:
    """Yield outages of five minutes to an hour, of which none meets another."""
    each = minutes // max(many, 1)
    for number in range(many):
        lasts = chance.randrange(5, min(60, each // 2))
        since = number * each + chance.randrange(2, each - lasts - 5)
        yield Outage(chance.choice(checks), since, since + lasts)
