"""Services that need each other: who is the cause, and when nobody can tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from reconciler.causes.graph import DeclaredDependencies
from reconciler.judge.sweep_exit_code import leave_out
from reconciler.values.certainty import Certainty
from reconciler.values.readings import Blame, Role, Suppression
from tests.support.planned import Planned
from tests.support.snapshots import NOW
from tests.unit.reconciler.causes.test_cause_or_victim import role


def circle() -> Planned:
    plan = Planned()
    for number, name in enumerate(('a', 'b', 'c', 'user')):
        plan.app(name, str(number))
    for one, other in (('a', 'b'), ('b', 'c'), ('c', 'a'), ('user', 'a')):
        plan.relate(one, other, other, 'any', 'any')
        plan.report(plan.unit(f'{one}/0'), requires=(other,))
        plan.ail(f'{one}/0')
    return plan


def test_a_circle_that_nothing_breaks_is_one_cause_of_several_suspects() -> None:
    blames, causes = circle().explained()
    for name, others in (('a', 'b, c'), ('b', 'a, c'), ('c', 'a, b')):
        reason = f'in a circle with {others}: each may be the cause of the others'
        assert blames[name] == Blame(Role.CAUSE, reason=reason, certainty=Certainty.POSSIBLE)
    assert role(blames['user']) == ('victim', ('a', 'circle a+b+c'))
    assert list(causes) == ['circle a+b+c']
    assert causes['circle a+b+c'].victims == ('user',)


def test_who_has_trouble_of_its_own_is_the_cause_in_a_circle() -> None:
    plan = circle()
    plan.ail('b/0', '/ at 99 %', 'disk')
    blames, causes = plan.explained()
    assert role(blames['b']) == ('cause', ())
    assert role(blames['a']) == ('victim', ('b',))
    assert role(blames['c']) == ('victim', ('a', 'b'))
    assert causes['b'].victims == ('a', 'c', 'user')


def test_who_waits_for_nobody_is_the_cause_in_a_circle() -> None:
    plan = circle()
    plan.ail('a/0', blockers=['b'])
    plan.ail('c/0', blockers=['a'])
    blames, _ = plan.explained()
    assert role(blames['b']) == ('cause', ())
    assert role(blames['c']) == ('victim', ('a', 'b'))


def test_what_a_circle_needs_outside_is_the_cause_of_all_of_it() -> None:
    plan = circle()
    plan.app('root', '9')
    plan.ail('root/0')
    blames, causes = plan.explained(DeclaredDependencies(requires={'c': ('a', 'root')}))
    assert role(blames['a']) == ('victim', ('b', 'c', 'root'))
    assert causes['root'].victims == ('a', 'b', 'c', 'user')


def test_a_circle_stays_a_cause_where_its_only_victim_is_left_out() -> None:
    known = Suppression('acknowledged', 'user', 'slow', NOW + timedelta(hours=1))
    snapshot = circle().snapshot()
    services = tuple(
        replace(service, suppressed=(known,)) if service.name == 'user' else service
        for service in snapshot.services
    )
    left = leave_out(replace(snapshot, services=services), ['acknowledged'])
    assert [service.name for service in left.services] == ['a', 'b', 'c']
    assert left.causes == snapshot.causes
