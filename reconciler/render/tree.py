"""The tree for people: model, services, units, checks."""

from __future__ import annotations

from rich.text import Text
from rich.tree import Tree

from charm.report import Health
from reconciler.readings import Reading, Snapshot

from .base import Options, draw, headline, health_text, plain, state_text


def render(snapshot: Snapshot, options: Options) -> str:
    """Return the snapshot as a tree; passed checks only with `unit_detail`."""
    root = Tree(headline(snapshot, options), guide_style='dim')
    for service in snapshot.services:
        coverage = service.coverage
        line = health_text(service.health).append('  ').append(plain(service.name, 'bold'))
        line.append(f'  {coverage.reported} of {coverage.expected} reported', style='')
        branch = root.add(line)
        for reading in service.readings:
            _add_unit(branch, reading, options)
    return draw([root, *(plain(fault, 'magenta') for fault in snapshot.faults)], options)


def _add_unit(branch: Tree, reading: Reading, options: Options) -> None:
    line = health_text(reading.health).append('  ').append(plain(reading.unit.name, 'bold'))
    line.append('*' if reading.unit.leader else '').append(f'  {state_text(reading.state)}', '')
    if reading.report is None:
        line.append('  ').append(plain(f'({reading.outcome.value}) {reading.message}', 'not bold'))
    twig = branch.add(line)
    for check in reading.report.checks if reading.report else ():
        if options.unit_detail or check.health is not Health.PASSED:
            leaf: Text = health_text(check.health).append('  ').append(plain(check.name, 'bold'))
            twig.add(leaf.append('  ').append(plain(check.message, 'not bold')))
