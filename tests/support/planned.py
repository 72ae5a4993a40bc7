"""Models for tests of causes: planned in a few words, with troubles put in by hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from charm.kernel.merge_checks import make_report
from charm.kernel.report import CheckResult, Health, State, StateName
from reconciler.causes.cause_or_victim import explain_causes
from reconciler.causes.graph import DeclaredDependencies
from reconciler.judge.collate import collate, problems_first
from reconciler.values.model import (
    Application,
    Machine,
    Model,
    Relation,
    Saas,
    SaasEndpoint,
    StatusInfo,
    Unit,
)
from reconciler.values.node import Node
from reconciler.values.outcomes import WORDS, advise
from reconciler.values.readings import (
    Blame,
    Cause,
    Outcome,
    Reading,
    ServiceHealth,
    Snapshot,
)
from tests.support.snapshots import NOW

UP = State(StateName.UP, 86400.0, NOW - timedelta(days=1))


def waiting(*blockers: str) -> State:
    return State(StateName.BLOCKED, 240.0, NOW - timedelta(minutes=4), '', tuple(sorted(blockers)))


def nodes(*texts: str) -> tuple[Node, ...]:
    return tuple(map(Node.read, texts))


@dataclass
class Planned:
    """A model that is all well until something is said to be wrong."""

    machines: dict[str, Machine] = field(default_factory=dict)
    applications: dict[str, Application] = field(default_factory=dict)
    saas: dict[str, Saas] = field(default_factory=dict)
    readings: dict[str, Reading] = field(default_factory=dict)
    type: str = 'iaas'

    def app(
        self,
        name: str,
        *machines: str,
        charm: str = '',
        requires: tuple[str, ...] = (),
        provides: tuple[str, ...] = (),
    ) -> None:
        """Add an application with a unit on each of the machines, all well."""
        units = []
        for number, identity in enumerate(machines):
            self.machine(identity)
            address = self.machines[identity].addresses[0]
            place = identity if self.type == 'iaas' else ''
            leads = number == 0
            units.append(Unit(f'{name}/{number}', name, place, leader=leads, address=address))
        self.applications[name] = Application(name, charm or name, units=tuple(units))
        for unit in units:
            self.report(unit, requires=requires, provides=provides)

    def beside(self, name: str, *principals: str, charm: str = '') -> None:
        """Add a subordinate beside every unit of the principals, all well."""
        units: list[Unit] = []
        for principal in principals:
            for unit in self.applications[principal].units:
                own = f'{name}/{len(units)}'
                units.append(Unit(own, name, unit.machine, unit.name, unit.leader, unit.address))
        self.applications[name] = Application(
            name, charm or name, subordinate_to=principals, units=tuple(units)
        )
        for unit in units:
            self.report(unit)

    def machine(self, identity: str, agent: str = 'started') -> None:
        """Add a machine, and those that it is in."""
        parent = '/'.join(identity.split('/')[:-2])
        if parent and parent not in self.machines:
            self.machine(parent)
        address = f'10.0.{len(self.machines)}.7'
        known = self.machines.get(identity, Machine(identity, parent, addresses=(address,)))
        self.machines[identity] = replace(known, agent=StatusInfo(agent))

    def relate(
        self,
        requirer: str,
        endpoint: str,
        provider: str,
        other: str = '',
        interface: str = '',
        scope: str = '',
    ) -> None:
        """Relate two applications; `juju status` names no direction, so neither does this."""
        other = other or endpoint
        for name, here, there in ((requirer, endpoint, provider), (provider, other, requirer)):
            application = self.applications[name]
            relation = Relation(here, there, interface, scope)
            self.applications[name] = replace(
                application, relations=(*application.relations, relation)
            )

    def consume(self, name: str, role: str, app: str, endpoint: str, current: str) -> None:
        """Consume an application of another model, and relate one of this model to it."""
        offered = SaasEndpoint(endpoint, endpoint, role)
        self.saas[name] = Saas(
            name, f'lab:admin/other.{name}', StatusInfo(current), endpoints=(offered,)
        )
        application = self.applications[app]
        relation = Relation(endpoint, name, endpoint)
        self.applications[app] = replace(application, relations=(*application.relations, relation))

    def unit(self, name: str) -> Unit:
        application = self.applications[name.split('/')[0]]
        return next(unit for unit in application.units if unit.name == name)

    def report(
        self,
        unit: Unit,
        *checks: CheckResult,
        state: State = UP,
        requires: tuple[str, ...] = (),
        provides: tuple[str, ...] = (),
    ) -> None:
        known = self.readings.get(unit.name)
        if known and known.report:
            requires = requires or known.report.requires
            provides = provides or known.report.provides
        checks = checks or (CheckResult('http', Health.PASSED, message='200 in 4 ms', at=NOW),)
        report = make_report(
            unit.application,
            unit.name,
            checks,
            state=state,
            requires=requires,
            provides=provides,
        )
        self.readings[unit.name] = Reading(
            unit,
            Outcome.REPORTED,
            report.health,
            report.qos,
            state,
            report,
            checks[0].message,
            '/var/lib/juju/agents/unit-health-0/charm/hooks/health',
            NOW - timedelta(seconds=2),
            1.25,
            1,
            'juju ssh, hook',
        )

    def ail(
        self,
        unit: str,
        message: str = 'connection refused',
        check: str = 'http',
        health: Health = Health.FAIL,
        blockers: Iterable[str] = (),
    ) -> None:
        """Let one check of a unit not pass; with blockers, it also waits for them."""
        state = waiting(*blockers) if blockers else UP
        self.report(
            self.unit(unit), CheckResult(check, health, message=message, at=NOW), state=state
        )

    def ail_all(self, application: str, message: str = 'connection refused', **how: Any) -> None:
        for unit in self.applications[application].units:
            self.ail(unit.name, message, **how)

    def silence(
        self, unit: str, outcome: Outcome, message: str = '', state: State | None = None
    ) -> None:
        """Let a unit not report."""
        health = Health.UNKNOWN
        said = message or WORDS[outcome]
        self.readings[unit] = Reading(
            self.unit(unit),
            outcome,
            health,
            state=state,
            message=said,
            via='juju status',
            attempts=2,
            advice=advise(outcome, self.model, self.unit(unit)),
        )

    def lose(self, machine: str, message: str = 'cannot reach it: no route to host') -> None:
        """Let nothing on a machine be reached."""
        for application in self.applications.values():
            for unit in application.units:
                if unit.machine == machine:
                    self.silence(unit.name, Outcome.UNREACHABLE, message)

    @property
    def model(self) -> Model:
        return Model(
            'prod',
            'lab',
            self.type,
            '3.6.5',
            self.machines if self.type == 'iaas' else {},
            self.applications,
            self.saas,
        )

    def services(self) -> tuple[ServiceHealth, ...]:
        """Return the services as they are collated, before anybody looks for causes."""
        return problems_first(
            collate(application, [self.readings[unit.name] for unit in application.units])
            for application in self.applications.values()
        )

    def explained(
        self, declared: DeclaredDependencies | None = None
    ) -> tuple[dict[str, Blame | None], dict[str, Cause]]:
        """Return each service's blame, and the causes, by name."""
        services, causes = explain_causes(self.model, self.services(), declared)
        return (
            {service.name: service.blame for service in services},
            {str(cause.node): cause for cause in causes},
        )

    def snapshot(self, declared: DeclaredDependencies | None = None) -> Snapshot:
        """Return the whole sweep."""
        services, causes = explain_causes(self.model, self.services(), declared)
        worst = max((service.health for service in services), key=lambda health: health.rank)
        return Snapshot(
            self.model, services, worst, NOW - timedelta(seconds=5), 4.2, causes=causes
        )


_NAMES = [f's{n}' for n in range(7)]
_PAIRS = st.tuples(st.sampled_from(_NAMES), st.sampled_from(_NAMES))
_SILENT = st.sampled_from([outcome for outcome in Outcome if outcome is not Outcome.REPORTED])


@st.composite
def plans(draw: st.DrawFn) -> tuple[Planned, DeclaredDependencies]:
    """Draw any model of a few services, related, required, waiting and failing as may be."""
    plan = Planned(type=draw(st.sampled_from(['iaas', 'iaas', 'caas'])))
    machines = st.lists(st.sampled_from(['0', '1', '2', '2/lxd/0', '2/lxd/1']), max_size=3)
    for name in _NAMES:
        requires = tuple(draw(st.lists(st.sampled_from(_NAMES), max_size=2)))
        plan.app(name, *draw(machines), requires=requires)
    for name, other in draw(st.lists(_PAIRS, max_size=10)):
        plan.relate(name, other, other, 'any', draw(st.sampled_from(['', 'pgsql', 'odd'])))
    for unit in list(plan.readings):
        what = draw(st.integers(0, 4))
        if what == 0:
            plan.silence(unit, draw(_SILENT))
        elif what < 3:
            health = draw(st.sampled_from([Health.WARN, Health.UNKNOWN, Health.FAIL]))
            check = draw(st.sampled_from(['http', 'disk']))
            blockers = draw(st.lists(st.sampled_from(_NAMES), max_size=2))
            plan.ail(
                unit, f'no answer from {draw(st.sampled_from(_NAMES))}', check, health, blockers
            )
    declared = draw(st.dictionaries(st.sampled_from(_NAMES), st.tuples(st.sampled_from(_NAMES))))
    groups = {name: ((name, other),) for name, other in draw(st.lists(_PAIRS, max_size=2))}
    return plan, DeclaredDependencies(requires=declared, any_of=groups)
