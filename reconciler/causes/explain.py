"""The explanation of one service, or one unit: rule, evidence, causes, and what to do next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace

from charm.kernel.builtin_checks import BUILT_IN_CHECKS
from charm.kernel.names import closest, slug
from charm.kernel.report import CheckResult, Health, StateName

from ..values.advice import Advice, juju, reconcile_health, there
from ..values.errors import UsageError
from ..values.model import Model
from ..values.node import Node, NodeKind
from ..values.readings import JUJU_STATUS, Cause, Reading, Role, ServiceHealth, Snapshot
from ..values.safe_names import is_argument
from ..values.words import first_few, fold_units
from .cause_or_victim import index_of
from .graph import DeclaredDependencies, Edge, Ground
from .suspects import SnapshotIndex


@dataclass(frozen=True)
class CauseStep:
    """One step of the way to a cause, with its health and the evidence."""

    node: Node
    health: Health
    message: str = ''


@dataclass(frozen=True)
class Dependency:
    """One provider of a service.

    Attributes:
        why: on what ground the service is held to depend on it.
    """

    node: Node
    health: Health
    why: str


@dataclass(frozen=True)
class Explanation:
    """The explanation of a service or a unit.

    Attributes:
        snapshot: the sweep.
        service: the service; of a unit, its service.
        readings: the units that it is about: all of the service's, or the one that was asked for.
        unit: the unit that was asked for; empty for a service.
        chain: from the service itself to its cause; empty unless it is a victim.
        cause: what it is to others, if it is a cause; else `None`.
        needs: what it depends on, the strongest ground first.
        needed_by: what depends on it, sorted.
        unmet: what it waits for and nothing gives it.
        advice: what to do next, the most promising first.
    """

    snapshot: Snapshot
    service: ServiceHealth
    readings: tuple[Reading, ...] = ()
    unit: str = ''
    chain: tuple[CauseStep, ...] = ()
    cause: Cause | None = None
    needs: tuple[Dependency, ...] = ()
    needed_by: tuple[str, ...] = ()
    unmet: tuple[str, ...] = ()
    advice: tuple[Advice, ...] = ()

    @property
    def health(self) -> Health:
        """Return the health of what was asked for: of the unit, or of the service."""
        return self.readings[0].health if self.unit else self.service.health


def explain(
    snapshot: Snapshot, name: str, declared: DeclaredDependencies | None = None
) -> Explanation:
    """Return why the service or unit of this name is as it is.

    Args:
        snapshot: a sweep; the more of the model it covers, the more it can explain.
        name: such as `web` or `web/0`.
        declared: what the operator says of dependencies.

    Raises:
        UsageError: the sweep knows nothing of that name.
    """
    service, readings = _find(snapshot, name)
    index = index_of(snapshot.model, snapshot.services, declared or DeclaredDependencies())
    is_cause = service.blame is not None and service.blame.role is Role.CAUSE
    causes = [
        cause for cause in snapshot.causes if is_cause and service.name in cause.node.services
    ]
    found = Explanation(
        snapshot=snapshot,
        service=service,
        readings=readings,
        unit=name if '/' in name else '',
        chain=tuple(_chain(snapshot, index, service)),
        cause=causes[0] if causes else None,
        needs=tuple(_needs(index, service.name)),
        needed_by=index.graph.dependants(service.name),
        unmet=index.graph.unmet.get(service.name, ()),
    )
    return replace(found, advice=tuple(dict.fromkeys(_advice(found))))


def _find(snapshot: Snapshot, name: str) -> tuple[ServiceHealth, tuple[Reading, ...]]:
    for service in snapshot.services:
        if service.name == name:
            return service, service.readings
        for reading in service.readings:
            if reading.unit.name == name:
                return service, (reading,)
    for cause in snapshot.causes:
        node = cause.node
        if not node.service and str(node) in (name, f'machine {name}'):
            victims = ', '.join(cause.victims) or 'nothing else'
            reason = f'it is no service or unit; it explains {victims}; {cause.message}'
            raise UsageError(f'cannot explain {str(node)!r}: {reason}')
    if name.partition('/')[0] in snapshot.model.applications and any(
        note.startswith('left out') for note in snapshot.notes
    ):
        ask = reconcile_health(snapshot.model.full_name, 'sweep', name)
        raise UsageError(
            f'cannot explain {name!r}: health.yaml leaves it out of the sweep; '
            f'asked for by name it is there: {shlex.join(ask)}'
        )
    known = [service.name for service in snapshot.services]
    known += [reading.unit.name for reading in snapshot.readings()]
    near = closest(name, known)
    knows = f'; it knows {first_few(known, 8)}' if known else ''
    hint = f'; did you mean {near}?' if near else knows
    raise UsageError(f'cannot explain {name!r}: the sweep has no such service or unit{hint}')


def _chain(
    snapshot: Snapshot, index: SnapshotIndex, service: ServiceHealth
) -> Iterator[CauseStep]:
    blame = service.blame
    if blame is None or not blame.path:
        return
    causes = {cause.node: cause for cause in snapshot.causes}
    shared = {cause.node: cause for cause in index.shared}
    yield CauseStep(Node(NodeKind.SERVICE, service.name), service.health, service.message)
    for node in blame.path:
        known = causes.get(node) or shared.get(node) or index.provider(node)
        yield CauseStep(node, known.health, known.message)


def _needs(index: SnapshotIndex, name: str) -> Iterator[Dependency]:
    for edge in sorted(index.graph.of(name), key=lambda edge: (edge.ground, edge.provider)):
        group = next((g for g in index.any_of.get(name, ()) if edge.provider.service in g), ())
        enough = f'; one of {", ".join(group)} is enough' if group else ''
        health = index.provider(edge.provider).health
        yield Dependency(edge.provider, health, _why(edge) + enough)


def _why(edge: Edge) -> str:
    over = f' over {edge.via}' if edge.via else ''
    return {
        Ground.WAITS: f'it says that it waits for {edge.via}',
        Ground.NAMES: f'its check {edge.via} names it',
        Ground.CONFIGURED: 'the configuration says so',
        Ground.REQUIRES: f'its charm requires {edge.via}',
        Ground.SAAS: f'consumed from another model{over}',
        Ground.KNOWN: f'related{over}',
        Ground.RELATED: f'related{over}; which needs the other is not known',
    }[edge.ground]


# What to look at on the machine when a built-in check does not pass.
_LOOK = {name: tuple(check.look_with.split()) for name, check in BUILT_IN_CHECKS.items()}


def _advice(found: Explanation) -> Iterator[Advice]:
    """Yield what to do next: first about the cause, then about what the units said."""
    if found.health is Health.PASSED:
        return
    if found.chain:
        yield _about_cause(found)
    model, name = found.snapshot.model.locate(found.service.name)
    for word in found.unmet:
        option = word.removeprefix('config:')
        if option != word:
            if is_argument(option):
                config = juju(model, 'config', name, f'{option}=VALUE')
                yield Advice('give it the option that it waits for', config)
        else:
            relate = juju(model, 'integrate', f'{name}:{word}', 'PROVIDER')
            yield Advice('relate it to what it waits for', relate)
    yield from _about_history(found)
    yield from _about_silence(found.readings)
    yield from _about_checks(found)


def _about_history(found: Explanation) -> Iterator[Advice]:
    """Yield where juju tells how a unit got where it is, if juju tells more of it than we do."""
    for reading in found.readings:
        state = reading.state.name if reading.state else None
        blocked = state is StateName.BLOCKED and reading.report is None
        if reading.juju is not None or blocked or state is StateName.ERROR:
            model, unit = found.snapshot.model.locate(reading.unit.name)
            history = juju(model, 'show-status-log', unit)
            yield Advice(f'see how {reading.unit.name} got there', history)
            return


def _about_cause(found: Explanation) -> Advice:
    node = found.chain[-1].node
    victims = sum(len(cause.victims) for cause in found.snapshot.causes if cause.node == node)
    what = f'begin with {node}' + (f', which explains {victims} services' if victims > 1 else '')
    if node.kind is NodeKind.COLLECTOR:
        what = f'it is not the service but the way to it: begin there, for {victims} services'
    return Advice(what, _look_at(found.snapshot.model, node))


def _look_at(known: Model, node: Node) -> tuple[str, ...]:
    """Return the command that tells more of a cause."""
    place = f'{node.model}/{node.name}' if node.model else node.name
    model, name = known.locate(node.services[0] if node.services else place)
    commands = {
        NodeKind.MACHINE: juju(model, 'show-machine', name),
        NodeKind.CONTROLLER: juju(model, 'controllers', '--refresh'),
        NodeKind.COLLECTOR: reconcile_health(model, 'doctor'),
        NodeKind.SAAS: juju(model, 'status', '--relations'),
    }
    return commands.get(node.kind) or reconcile_health(model, 'explain', name)


def _about_silence(readings: tuple[Reading, ...]) -> Iterator[Advice]:
    """Yield what to do about units without a report, once for all that ail alike."""
    alike: dict[str, tuple[Reading, list[str]]] = {}
    for reading in readings:
        if reading.advice:
            alike.setdefault(reading.outcome.value, (reading, []))[1].append(reading.unit.name)
    for reading, units in alike.values():
        yield replace(reading.advice, what=f'{fold_units(units)}: {reading.advice.what}')


def _about_checks(found: Explanation) -> Iterator[Advice]:
    """Yield what to look at on the machines, each thing once, on the unit that is worst off."""
    seen: set[str] = set()
    for reading in sorted(found.readings, key=lambda reading: -reading.health.rank):
        for check in failing(reading):
            if check.name == JUJU_STATUS:
                continue  # Juju's log has it, not the machine.
            look = check.name if check.name in _LOOK else ''
            if look in seen:
                continue
            seen.add(look)
            unit = reading.unit.name
            if look:
                command = _there(found, reading, *_LOOK[look])
                yield Advice(f'{check.name} of {unit}: look at it', command)
            elif reading.hook.endswith('/health'):
                # The hook of its own charm answers for it alone, and may know no options.
                _, name = found.snapshot.model.locate(unit)
                own = reading.hook.split('/')[-4:-3] == [f'unit-{slug(name)}']
                words = () if own else ('--unit', name, '--pretty')
                command = _there(found, reading, reading.hook, *words)
                yield Advice(f'run the checks of {unit} by hand', command)


def _there(found: Explanation, reading: Reading, *command: str) -> tuple[str, ...]:
    """Return the command that runs `command` where the unit is."""
    if reading.via.startswith('local'):
        return command
    model, unit = found.snapshot.model.locate(reading.unit.name)
    become = () if found.snapshot.model.is_k8s else ('sudo',)
    return there(model, unit, *become, *command)


def failing(reading: Reading) -> list[CheckResult]:
    """Return the checks of a unit that did not pass, the worst first."""
    found = [check for check in reading.checks if check.health is not Health.PASSED]
    return sorted(found, key=lambda check: (-check.health.rank, check.name))
