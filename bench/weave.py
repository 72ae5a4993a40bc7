"""Measure what causes cost in models of many relations, beside reading the same status.

    .venv/bin/python -m bench.weave [--rounds 3] [--only SHAPE ...] [--seed 1] [--json]

Each shape is measured twice: all well, and with a fifth of it failing, the hub with them. What is
measured is CPU time, the least of the rounds, of `explain_causes` and of the graph alone; `an
edge` is one relation, which both of its sides list. Beside it stands `json.loads` of the juju
status with the same relations, which whatever reads one has to do: ratios are to that. Where the
cost is linear, the microseconds an edge are the same for a shape and one of twice its size.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any

from charm.kernel.merge_checks import make_report
from charm.kernel.report import CheckResult, Health
from reconciler.causes.build_graph import build
from reconciler.causes.cause_or_victim import explain_causes
from reconciler.causes.graph import DeclaredDependencies
from reconciler.causes.mentions import Mentions
from reconciler.causes.relations import Relations
from reconciler.judge.collate import collate, problems_first
from reconciler.juju import status
from reconciler.values.model import Model, Unit
from reconciler.values.readings import Outcome, Reading, ServiceHealth

# By charm: the endpoint of its clients, its own, and the interface.
_KNOWN = {
    'postgresql': ('db', 'db', 'pgsql'),
    'mysql': ('database', 'database', 'mysql_client'),
    'rabbitmq-server': ('amqp', 'amqp', 'rabbitmq'),
    'vault': ('certificates', 'certificates', 'tls-certificates'),
    'keystone': ('identity', 'identity', 'keystone'),
}
_UNHEARD_OF = ('ledger', 'billing', 'atlas', 'quill', 'harbour', 'orbit', 'acme-api', 'acme-mq')
_VAGUE = ('500 Internal Server Error', 'timed out after 5 s', '0 of 4 workers answer')
_OWN = ('page 7 is corrupt', 'segmentation fault', 'too many open files')
_WELL = {'current': 'active', 'since': '2026-11-01 08:00:00Z'}
HUB = 'hub'


@dataclass
class Woven:
    """A juju status that grows by applications and relations."""

    chance: Random
    machines: dict[str, Any] = field(default_factory=dict)
    applications: dict[str, Any] = field(default_factory=dict)
    consumed: dict[str, Any] = field(default_factory=dict)
    relations: int = 0

    def deploy(self, name: str, charm: str, units: int) -> None:
        """Add an application with so many units, each on a machine of its own."""
        found = {}
        for number in range(units):
            machine = len(self.machines)
            address = f'10.{machine >> 16}.{machine >> 8 & 255}.{machine & 255}'
            self.machines[str(machine)] = {
                'juju-status': {'current': 'started'},
                'ip-addresses': [address],
            }
            found[f'{name}/{number}'] = {
                'machine': str(machine),
                'public-address': address,
                'workload-status': _WELL,
                'juju-status': {**_WELL, 'current': 'idle'},
            }
        self._add(name, {'charm': charm, 'units': found})

    def beside(self, name: str, principals: list[str]) -> None:
        """Add a subordinate beside every unit of the principals."""
        self._add(name, {'charm': name, 'subordinate-to': principals})
        number = 0
        for principal in principals:
            for unit in self.applications[principal]['units'].values():
                own = {f'{name}/{number}': {'workload-status': _WELL, 'juju-status': _WELL}}
                unit['subordinates'] = own
                number += 1

    def _add(self, name: str, about: dict[str, Any]) -> None:
        self.applications[name] = {**about, 'application-status': _WELL, 'relations': {}}

    def relate(
        self, user: str, provider: str, ends: tuple[str, str, str], scope: str = 'global'
    ) -> None:
        """Add a relation; one with a SAAS is listed by this model's side alone."""
        for name, end, other in ((user, ends[0], provider), (provider, ends[1], user)):
            if name in self.applications:
                side = {'related-application': other, 'interface': ends[2], 'scope': scope}
                self.applications[name]['relations'].setdefault(end, []).append(side)
        self.relations += 1

    def text(self) -> bytes:
        """Return the status as juju prints it."""
        return json.dumps(
            {
                'model': {'name': 'woven', 'controller': 'lab', 'type': 'iaas'},
                'machines': self.machines,
                'applications': self.applications,
                'application-endpoints': self.consumed,
            }
        ).encode()


def mesh(chance: Random, applications: int, relations: int) -> Woven:
    """Return so many applications, any of them related to any: well known or not."""
    made = Woven(chance)
    charms = [(*_KNOWN, *_UNHEARD_OF)[n % 13] for n in range(applications)]
    names = [f'{charm}-{number}' for number, charm in enumerate(charms)]
    for name, charm in zip(names, charms, strict=True):
        made.deploy(name, charm, 3)
    for _ in range(relations):
        provider, user = chance.sample(range(applications), 2)
        ends = _KNOWN.get(charms[provider]) or (
            chance.choice(('backend', 'upstream', charms[provider])),
            chance.choice(('api', 'website')),
            'rest',
        )
        made.relate(names[user], names[provider], ends)
    return made


def hub(chance: Random, applications: int, charm: str = 'postgresql') -> Woven:
    """Return one provider that all others need."""
    made = Woven(chance)
    made.deploy(HUB, charm, 3)
    for number in range(applications):
        made.deploy(f'app-{number}', 'ledger', 1)
        made.relate(f'app-{number}', HUB, _KNOWN.get(charm) or ('backend', 'api', 'rest'))
    return made


def beside(chance: Random, applications: int) -> Woven:
    """Return a subordinate that is beside all others."""
    made = Woven(chance)
    names = [f'app-{number}' for number in range(applications)]
    for name in names:
        made.deploy(name, 'ledger', 1)
    made.beside(HUB, names)
    for name in names:
        made.relate(name, HUB, ('proxy', 'shared-proxy', 'rest'), 'container')
    return made


def across(chance: Random, applications: int) -> Woven:
    """Return what is consumed of another model by all of this one."""
    made = Woven(chance)
    for number in range(applications):
        made.deploy(f'app-{number}', 'ledger', 1)
        made.relate(f'app-{number}', HUB, _KNOWN['postgresql'])
    ends = {'db': {'interface': 'pgsql', 'role': 'provider'}}
    blocked = {'current': 'blocked', 'message': 'no primary'}
    made.consumed[HUB] = {'url': 'a:b/c.d', 'endpoints': ends, 'application-status': blocked}
    return made


SHAPES: dict[str, Callable[[Random], Woven]] = {
    'mesh 100/1,000': lambda chance: mesh(chance, 100, 1_000),
    'mesh 500/18,000': lambda chance: mesh(chance, 500, 18_000),
    'mesh 1,000/18,000': lambda chance: mesh(chance, 1_000, 18_000),
    'mesh 1,000/50,000': lambda chance: mesh(chance, 1_000, 50_000),
    'hub 2,500': lambda chance: hub(chance, 2_500),
    'hub 5,000': lambda chance: hub(chance, 5_000),
    'unknown hub 2,500': lambda chance: hub(chance, 2_500, 'acme-mq'),
    'unknown hub 5,000': lambda chance: hub(chance, 5_000, 'acme-mq'),
    'beside 2,500': lambda chance: beside(chance, 2_500),
    'beside 5,000': lambda chance: beside(chance, 5_000),
    'across 2,500': lambda chance: across(chance, 2_500),
    'across 5,000': lambda chance: across(chance, 5_000),
}


def services_of(model: Model, failing: set[str], chance: Random) -> tuple[ServiceHealth, ...]:
    """Return the services as a sweep finds them; the failing tell of others, or of nothing."""
    judged = []
    for application in model.applications.values():
        related = [relation.application for relation in application.relations] or ['nobody']
        ill = application.name in failing
        readings = [_reading(unit, ill, related, chance) for unit in application.units]
        judged.append(collate(application, readings))
    return problems_first(judged)


def _reading(unit: Unit, ill: bool, related: list[str], chance: Random) -> Reading:
    said = chance.choice((f'cannot connect to {chance.choice(related)}', *_VAGUE, *_OWN[:1]))
    check = CheckResult('http', Health.FAIL, message=said) if ill else None
    checks = [check or CheckResult('http', Health.PASSED), CheckResult('disk', Health.PASSED)]
    report = make_report(unit.application, unit.name, checks)
    return Reading(unit, Outcome.REPORTED, report.health, None, None, report)


@dataclass(frozen=True)
class Cost:
    """What one shape costs: CPU seconds, the least of the rounds."""

    shape: str
    applications: int
    relations: int
    failing: int
    json_seconds: float
    graph_seconds: float
    causes_seconds: float

    @property
    def line(self) -> str:
        """Return it as a line of the table."""
        an_edge = 1e6 / self.relations
        figures = [
            f'{seconds:8.3f} s {seconds * an_edge:7.1f} us {seconds / self.json_seconds:7.1f} x'
            for seconds in (self.graph_seconds, self.causes_seconds)
        ]
        return f'{self.shape:18} {self.failing:5} {self.json_seconds:7.3f} s {"".join(figures)}'


def least(rounds: int, *steps: Callable[[], object]) -> Iterator[float]:
    """Yield the least CPU seconds that each step takes; a round goes through all of them."""
    taken: list[list[float]] = [[] for _ in steps]
    for _ in range(rounds):
        for step, found in zip(steps, taken, strict=True):
            began = time.process_time()
            step()
            found.append(time.process_time() - began)
    yield from map(min, taken)


def measured(shape: str, seed: int, rounds: int) -> Iterator[Cost]:
    """Yield what a shape costs, well and failing."""
    chance = Random(f'{seed} {shape}')  # noqa: S311 - the same model in every run
    made = SHAPES[shape](chance)
    text = made.text()
    model = status.decode(text)
    names = sorted(model.applications)
    ill = {*chance.sample(names, len(names) // 5), HUB} & {*names}
    nothing = DeclaredDependencies()
    for failing in (set[str](), ill):
        services = services_of(model, failing, chance)
        seconds = least(
            rounds,
            lambda: json.loads(text),
            lambda known=services: build(Relations(model), Mentions(model, known), known, nothing),  # type: ignore[misc]
            lambda known=services: explain_causes(model, known),  # type: ignore[misc]
        )
        yield Cost(shape, len(names), made.relations, len(failing), *seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument(
        '--only', nargs='*', default=[], help='what the names of shapes begin with'
    )
    parser.add_argument('--json', action='store_true', help='print the figures as JSON')
    asked = parser.parse_args()
    shapes = [s for s in SHAPES if not asked.only or s.startswith(tuple(asked.only))]
    costs = (cost for shape in shapes for cost in measured(shape, asked.seed, asked.rounds))
    if asked.json:
        print(json.dumps([asdict(cost) for cost in costs], indent=1))
        return
    print(f'{"":18} {"fail":>5} {"json.loads":>9} {"the graph":>26}{"its causes":>28}')
    for cost in costs:
        print(cost.line, flush=True)


if __name__ == '__main__':
    main()
