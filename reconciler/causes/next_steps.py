"""What to do next about a service or unit that is not well, as commands to copy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from charm.kernel.builtin_checks import BUILT_IN_CHECKS
from charm.kernel.names import tag_of
from charm.kernel.report import Health, StateName

from ..values.advice import Advice, integrate, juju, reconcile_health, there
from ..values.explained import explained_by, explains
from ..values.model import Model
from ..values.node import Node, NodeKind
from ..values.readings import JUJU_STATUS, Reading
from ..values.safe_names import is_argument
from ..values.words import fold_units
from .explanation import Explanation, failing

# What to look at on the machine when a built-in check does not pass.
_LOOK = {name: tuple(check.look_with.split()) for name, check in BUILT_IN_CHECKS.items()}


def next_steps(found: Explanation) -> Iterator[Advice]:
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
            major = found.snapshot.model.major
            relate = integrate(model, major, f'{name}:{word}', 'PROVIDER')
            yield Advice('relate it to what it waits for', relate)
    yield from _about_history(found)
    yield from about_silence(found.readings)
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
    causes = [cause for cause in found.snapshot.causes if cause.node == node]
    victims = sum(len(cause.victims) for cause in causes)
    told = ', '.join(
        explains(sure, names)
        for cause in causes
        for sure, names in explained_by(found.snapshot, cause)
    )
    what = f'begin with {node}' + (f', which {told}' if victims > 1 else '')
    if node.kind is NodeKind.COLLECTOR:
        what = f'it is not the service but the way to it: begin there, for {victims} services'
    return Advice(what, look_at(found.snapshot.model, node))


def look_at(known: Model, node: Node) -> tuple[str, ...]:
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


def about_silence(readings: tuple[Reading, ...]) -> Iterator[Advice]:
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
                own = reading.hook.split('/')[-4:-3] == [tag_of(name)]
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
