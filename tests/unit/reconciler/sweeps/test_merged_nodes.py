"""What nodes are called where several models are told as one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from reconciler.render import RENDERERS, RenderOptions
from reconciler.saved.sweep_document import decode
from reconciler.sweeps.fleet import Fleet
from reconciler.values.readings import Outcome
from tests.support.planned import Planned, nodes
from tests.support.snapshots import NOW

OPTIONS = RenderOptions(NOW, width=300, blame=True)


def troubled() -> Planned:
    """Return a, b and c in a circle, and a machine on which all are lost."""
    plan = Planned()
    needs = {'a': 'b', 'b': 'c', 'c': 'a', 'user': 'a'}
    for machine, (name, provider) in enumerate(needs.items()):
        plan.app(name, str(machine), requires=(provider,))
        plan.ail(f'{name}/0')
    for name, provider in needs.items():
        plan.relate(name, provider, provider, 'any', 'any')
    plan.app('lone', '9')
    plan.lose('9')
    plan.consume('mail', 'provider', 'user', 'smtp', 'blocked')
    return plan


def merged(plan: Planned) -> Fleet:
    snapshot = plan.snapshot()
    other = replace(snapshot, model=replace(snapshot.model, name='next'))
    snapshots = {'lab:admin/prod': snapshot, 'lab:admin/next': other}
    return Fleet(snapshots, NOW - timedelta(seconds=9), 9.5)


def test_each_is_of_its_model_but_the_controller_is_of_none() -> None:
    own = {str(cause.node) for cause in troubled().snapshot().causes}
    assert own == {'circle a+b+c', 'machine 9', 'saas mail'}
    found = merged(troubled()).merged()
    assert {str(cause.node) for cause in found.causes} == {
        f'lab:{model}/{text}' for model in ('prod', 'next') for text in own
    }
    plan = troubled()
    for unit in list(plan.readings):
        plan.silence(unit, Outcome.JUJU_FAILED)
    (cause,) = merged(plan).merged().causes
    assert cause.node == nodes('controller lab')[0]
    assert len(cause.victims) == 10


def test_the_members_of_a_circle_are_shown_under_it() -> None:
    lines = RENDERERS['tree'](merged(troubled()).merged(), OPTIONS).splitlines()
    (start,) = [n for n, line in enumerate(lines) if '  lab:prod/circle a+b+c  ' in line]
    services = [line for line in lines[start + 1 :] if ' reported' in line]
    assert [line.split()[3] for line in services[:3]] == [f'lab:prod/{name}' for name in 'abc']


def test_a_merged_sweep_is_read_back() -> None:
    found = merged(troubled()).merged()
    saved = decode(RENDERERS['json'](found, OPTIONS).encode())
    assert saved.causes == found.causes
    assert {service.name: service.blame for service in saved.services} == {
        service.name: service.blame for service in found.services
    }
