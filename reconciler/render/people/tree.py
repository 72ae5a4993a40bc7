"""The tree for people: model, services, units, checks; or causes with their victims under them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from rich.text import Text
from rich.tree import Tree

from charm.kernel.report import Health
from reconciler.values.node import NodeKind
from reconciler.values.readings import Reading, ServiceHealth, Snapshot
from reconciler.values.words import fold_units

from ..alike import ServiceLine, service_lines
from ..base import coverage_text, state_text
from ..blame import because_of, doubt_text, explained_text
from ..drawn import draw, headline, health_text, plain
from ..meaning import said_of
from ..options import RenderOptions


def render(snapshot: Snapshot, options: RenderOptions) -> str:
    """Return the snapshot as a tree; passed checks only with `unit_detail`."""
    root = Tree(headline(snapshot, options), guide_style='dim')
    for view in snapshot.views:
        line = health_text(view.health).append('  ').append(plain(f'view {view.name}', 'bold'))
        line.append('  ').append(plain(f'{view.because}, by {view.rule}', 'not bold'))
        root.add(line)
    if options.blame:
        _add_by_cause(root, snapshot, options)
    else:
        for shown in service_lines(snapshot.services, options):
            if len(shown.services) == 1:
                _add_service(root, shown.first, options)
            else:
                _add_many(root, shown)
    explained = explained_text(snapshot)
    faults = [plain(fault, 'magenta') for fault in snapshot.faults]
    notes = [plain(note, 'dim') for note in (explained, *snapshot.notes) if note]
    return draw([root, *notes, *faults], options)


def _add_by_cause(root: Tree, snapshot: Snapshot, options: RenderOptions) -> None:
    """Add each cause with its victims under it, then what nothing explains, then what is well."""
    left = {service.name: service for service in snapshot.services}
    for cause in snapshot.causes:
        members = [name for name in cause.node.services if name in left]
        if cause.node.kind is NodeKind.SERVICE and members:
            branch = _add_service(root, left.pop(members[0]), options, doubt_text(cause))
        else:
            line = health_text(cause.health).append('  ').append(plain(str(cause.node), 'bold'))
            told = ', '.join(filter(None, (cause.message, doubt_text(cause))))
            branch = root.add(line.append('  ').append(plain(told, 'not bold')))
            for name in members:
                _add_service(branch, left.pop(name), options)
        for victim in cause.victims:
            if victim in left:
                _add_service(branch, left.pop(victim), options)
    for service in left.values():
        _add_service(root, service, options)


def _add_many(root: Tree, line: ServiceLine) -> None:
    label = health_text(line.first.health).append('  ').append(plain(line.name, 'bold'))
    label.append(f'  {coverage_text(line.coverage)}', style='')
    if line.message:
        label.append('  ').append(plain(line.message, 'not bold'))
    root.add(label)


def _add_service(
    parent: Tree, service: ServiceHealth, options: RenderOptions, doubt: str = ''
) -> Tree:
    line = health_text(service.health).append('  ').append(plain(service.name, 'bold'))
    line.append(f'  {coverage_text(service.coverage)}', style='')
    said = service.message if service.juju else ''
    for told in (said, because_of(service), doubt, *said_of(service)):
        if told:
            line.append(', ', style='').append(plain(told, 'not bold'))
    branch = parent.add(line)
    for readings in _alike(service, options):
        _add_units(branch, readings, options)
    return branch


def _alike(service: ServiceHealth, options: RenderOptions) -> Iterable[list[Reading]]:
    """Return the units, the worst first, those that would make the same line together."""
    found: dict[Hashable, list[Reading]] = {}
    for reading in sorted(service.readings, key=lambda reading: -reading.health.rank):
        apart = options.everything or options.unit_detail or reading.unit.leader
        state = reading.state.name if reading.state else None
        key: Hashable = (reading.health, state, reading.outcome, reading.message)
        if apart or (reading.report is not None and reading.health is not Health.PASSED):
            key = reading.unit.name
        elif reading.report is not None:
            key = (reading.health, state)
        found.setdefault(key, []).append(reading)
    return found.values()


def _add_units(branch: Tree, readings: Sequence[Reading], options: RenderOptions) -> None:
    reading = readings[0]
    names = fold_units(one.unit.name for one in readings)
    line = health_text(reading.health).append('  ').append(plain(names, 'bold'))
    line.append('*' if reading.unit.leader else '').append(f'  {state_text(reading.state)}', '')
    if reading.report is None:
        line.append('  ').append(plain(f'({reading.outcome.value}) {reading.message}', 'not bold'))
    twig = branch.add(line)
    for check in reading.checks:
        if options.unit_detail or check.health is not Health.PASSED:
            leaf: Text = health_text(check.health).append('  ').append(plain(check.name, 'bold'))
            twig.add(leaf.append('  ').append(plain(check.message, 'not bold')))
