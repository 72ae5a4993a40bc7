"""The tree for people: model, services, units, checks; or causes with their victims under them."""

from __future__ import annotations

from rich.text import Text
from rich.tree import Tree

from charm.kernel.report import Health
from reconciler.values.node import NodeKind
from reconciler.values.readings import Reading, ServiceHealth, Snapshot

from ..base import RenderOptions, draw, headline, health_text, plain, stale_text, state_text
from ..blame import because_of, explained_text
from ..meaning import suppression_text


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
        for service in snapshot.services:
            _add_service(root, service, options)
    told = explained_text(snapshot)
    faults = [plain(fault, 'magenta') for fault in snapshot.faults]
    return draw([root, *([plain(told, 'dim')] if told else []), *faults], options)


def _add_by_cause(root: Tree, snapshot: Snapshot, options: RenderOptions) -> None:
    """Add each cause with its victims under it, then what nothing explains, then what is well."""
    left = {service.name: service for service in snapshot.services}
    for cause in snapshot.causes:
        members = [name for name in cause.node.services if name in left]
        if cause.node.kind is NodeKind.SERVICE and members:
            branch = _add_service(root, left.pop(members[0]), options)
        else:
            line = health_text(cause.health).append('  ').append(plain(str(cause.node), 'bold'))
            branch = root.add(line.append('  ').append(plain(cause.message, 'not bold')))
            for name in members:
                _add_service(branch, left.pop(name), options)
        for victim in cause.victims:
            if victim in left:
                _add_service(branch, left.pop(victim), options)
    for service in left.values():
        _add_service(root, service, options)


def _add_service(parent: Tree, service: ServiceHealth, options: RenderOptions) -> Tree:
    coverage = service.coverage
    line = health_text(service.health).append('  ').append(plain(service.name, 'bold'))
    line.append(
        f'  {coverage.reported} of {coverage.expected} reported{stale_text(coverage)}', style=''
    )
    for told in (because_of(service), *map(suppression_text, service.suppressed)):
        if told:
            line.append(', ', style='').append(plain(told, 'not bold'))
    branch = parent.add(line)
    for reading in service.readings:
        _add_unit(branch, reading, options)
    return branch


def _add_unit(branch: Tree, reading: Reading, options: RenderOptions) -> None:
    line = health_text(reading.health).append('  ').append(plain(reading.unit.name, 'bold'))
    line.append('*' if reading.unit.leader else '').append(f'  {state_text(reading.state)}', '')
    if reading.report is None:
        line.append('  ').append(plain(f'({reading.outcome.value}) {reading.message}', 'not bold'))
    twig = branch.add(line)
    for check in reading.checks:
        if options.unit_detail or check.health is not Health.PASSED:
            leaf: Text = health_text(check.health).append('  ').append(plain(check.name, 'bold'))
            twig.add(leaf.append('  ').append(plain(check.message, 'not bold')))
