"""What makes an explanation more or less sure, and what refutes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from charm.kernel.report import CheckResult, Health, State, StateName
from reconciler.causes.explain import explain
from reconciler.causes.onset import TOLERANCE
from reconciler.render.options import RenderOptions
from reconciler.render.people.explain import render
from reconciler.values.certainty import Certainty, least, most
from reconciler.values.readings import Blame, JujuWord, Outcome, Role
from tests.support.pairs import found, pair
from tests.support.planned import Planned
from tests.support.snapshots import NOW

HOUR = timedelta(hours=1)


def block(plan: Planned, service: str, since: timedelta, *blockers: str) -> None:
    """Let Juju say of a service for how long it is blocked, and nobody look."""
    state = State(StateName.BLOCKED, since.total_seconds(), NOW - since, '', blockers)
    for unit in plan.applications[service].units:
        plan.silence(unit.name, Outcome.NOT_SHIPPED, state=state)


def test_the_least_sure_of_a_chain_counts_and_of_causes_the_surest() -> None:
    assert least([]) is Certainty.CERTAIN
    assert most([]) is Certainty.POSSIBLE
    assert least([Certainty.CERTAIN, Certainty.LIKELY]) is Certainty.LIKELY
    assert most([Certainty.POSSIBLE, Certainty.LIKELY]) is Certainty.LIKELY


def test_who_names_what_fails_is_certain_and_who_only_depends_on_it_is_likely() -> None:
    plan = pair()
    plan.ail_all('db', 'a page is corrupt')
    plan.ail_all('web', '500')
    assert found(plan, 'web') == ('victim', ('db',), 'likely')
    plan.ail_all('web', 'no answer from db')
    assert found(plan, 'web') == ('victim', ('db',), 'certain')
    assert found(plan, 'db') == ('cause', (), 'certain')


def test_a_date_after_that_of_the_effect_leaves_a_doubt_and_refutes_nothing() -> None:
    plan = pair()
    block(plan, 'web', HOUR, 'db')
    for late, doubts in ((TOLERANCE, 0), (HOUR / 2, 1)):
        block(plan, 'db', HOUR - late, 'cache')
        assert found(plan, 'web')[:2] == ('victim', ('db',))
        against = explain(plan.snapshot(), 'web').weighed[0].against
        assert sum(text.startswith('it is so only since') for text in against) == doubts


def test_the_ends_of_a_path_are_compared_too() -> None:
    plan = pair()
    plan.app('disk', '4', charm='ceph-mon')
    plan.relate('db', 'ceph', 'disk', 'client', 'ceph-client')
    block(plan, 'web', HOUR, 'db')
    plan.ail_all('db', 'no answer from disk')
    plan.ail_all('disk', 'no quorum')
    assert found(plan, 'web') == ('victim', ('db', 'disk'), 'certain')
    state = State(StateName.BLOCKED, 60.0, NOW - HOUR / 2)
    check = CheckResult('mon', Health.FAIL, message='no quorum', at=NOW)
    plan.report(plan.unit('disk/0'), check, state=state)
    assert found(plan, 'web') == ('victim', ('db', 'disk'), 'likely')


def test_a_date_that_may_be_of_another_thing_only_leaves_a_doubt() -> None:
    plan = pair()
    plan.ail_all('db', 'a page is corrupt')
    block(plan, 'web', HOUR, 'db')
    assert found(plan, 'web') == ('victim', ('db',), 'certain')
    for unit in plan.applications['db'].units:
        state = State(StateName.BLOCKED, 60.0, NOW - timedelta(minutes=1))
        plan.report(unit, CheckResult('db', Health.FAIL, message='corrupt', at=NOW), state=state)
    assert found(plan, 'web') == ('victim', ('db',), 'likely')


def test_of_two_of_which_either_may_need_the_other_the_later_is_the_victim() -> None:
    plan = pair('odd', 'rest')
    block(plan, 'web', HOUR / 2, 'nothing')
    block(plan, 'db', HOUR, 'nothing')
    assert found(plan, 'web') == ('victim', ('db',), 'possible')


def test_a_subordinate_explains_its_principal_only_where_it_is_beside_it() -> None:
    plan = Planned()
    plan.app('web', '0', '1')
    plan.beside('router', 'web', charm='mysql-router')
    plan.relate('web', 'shared-db', 'router', 'shared-db', 'mysql-shared', 'container')
    plan.ail('web/0', 'no answer from router')
    plan.ail('router/1', 'lost its way')
    assert found(plan, 'web')[:2] == ('cause', ())
    plan.ail('router/0', 'lost its way')
    assert found(plan, 'web') == ('victim', ('router',), 'certain')
    plan.ail('web/1', 'no answer from router')
    plan.report(plan.unit('router/1'))
    assert found(plan, 'web') == ('victim', ('router',), 'likely')


@pytest.mark.parametrize('scope', ['global', ''])
def test_a_subordinate_may_need_what_it_is_beside_over_a_relation_of_all(scope: str) -> None:
    plan = Planned()
    plan.app('web', '0')
    plan.app('elasticsearch', '1')
    plan.beside('filebeat', 'web', 'elasticsearch')
    plan.relate('elasticsearch', 'juju-info', 'filebeat', 'beats', 'juju-info', 'container')
    plan.relate('filebeat', 'output', 'elasticsearch', 'client', 'elasticsearch', scope)
    plan.ail('elasticsearch/0', 'out of memory')
    plan.ail('filebeat/0', 'no answer from elasticsearch')
    assert found(plan, 'filebeat') == ('victim', ('elasticsearch',), 'certain')


def test_a_part_of_a_provider_on_a_lost_machine_explains_who_names_it() -> None:
    plan = pair()
    plan.lose('3')
    plan.ail_all('web', f'no answer from {plan.unit("db/1").address}')
    assert found(plan, 'web') == ('victim', ('db', 'machine 3'), 'likely')
    assert 'a part of which is well' in (plan.explained()[0]['web'] or Blame(Role.CAUSE)).reason


def test_what_a_check_names_and_is_well_is_not_the_cause() -> None:
    plan = pair()
    plan.ail('db/1')
    plan.ail_all('web', f'no answer from {plan.unit("db/0").address}')
    assert found(plan, 'web')[:2] == ('cause', ())
    plan.ail_all('web', f'no answer from {plan.unit("db/1").address}')
    assert found(plan, 'web') == ('victim', ('db',), 'certain')


def test_a_provider_that_is_well_in_part_is_less_sure() -> None:
    plan = pair()
    plan.ail('db/1')
    plan.ail_all('web', 'no answer from db')
    assert found(plan, 'web') == ('victim', ('db',), 'likely')


def test_a_provider_whose_checks_pass_is_less_sure_though_juju_says_that_it_fails() -> None:
    plan = pair()
    plan.ail_all('web', 'no answer from db')
    for unit in plan.applications['db'].units:
        plan.report(unit)
        word = JujuWord('blocked', Health.FAIL, seen=Health.PASSED)
        known = plan.readings[unit.name]
        plan.readings[unit.name] = replace(
            known, health=Health.FAIL, juju=word, state=State(StateName.BLOCKED)
        )
    assert found(plan, 'web') == ('victim', ('db',), 'likely')


def test_what_a_service_says_of_itself_is_explained_by_no_other() -> None:
    plan = pair()
    plan.ail_all('db')
    plan.ail_all('web', 'out of file descriptors')
    assert found(plan, 'web') == ('cause', (), 'certain')
    plan.ail_all('web', 'out of file descriptors, no answer from db')
    assert found(plan, 'web') == ('victim', ('db',), 'certain')


def test_a_warning_names_nobody_for_a_failure() -> None:
    plan = pair('odd', 'rest')
    plan.ail_all('db', 'a page is corrupt')
    slow = CheckResult('latency', Health.WARN, message='slow answer from db', at=NOW)
    dead = CheckResult('disk', Health.FAIL, message='/ at 100 %', at=NOW)
    plan.report(plan.unit('web/0'), slow, dead)
    assert found(plan, 'web') == ('cause', (), 'certain')


def test_several_that_fail_and_may_need_what_nobody_looked_at_are_no_causes() -> None:
    plan = pair()
    plan.app('api', '4')
    plan.relate('api', 'link', 'db', 'link', 'pgsql')
    for unit in plan.applications['db'].units:
        plan.silence(unit.name, Outcome.NOT_SHIPPED, state=State(StateName.UP))
    plan.ail_all('web')
    assert found(plan, 'web') == ('cause', (), 'likely')
    plan.ail_all('api')
    blame = plan.explained()[0]['web']
    assert blame is not None
    assert blame.role is Role.UNEXPLAINED
    assert blame.reason == 'api, web may all need db, which nobody looked at'
    assert plan.explained()[1] == {}


def test_what_rests_on_the_unexplained_is_unexplained() -> None:
    plan = pair()
    plan.app('page', '5')
    plan.ail('page/0', 'no answer from web')
    plan.relate('page', 'up', 'web', 'down', 'rest')
    for unit in plan.applications['db'].units:
        plan.silence(unit.name, Outcome.NOT_SHIPPED, state=State(StateName.UP))
    plan.ail_all('web', 'no answer from db')
    blames, causes = plan.explained()
    assert causes == {}
    assert blames['page'] is not None
    assert blames['page'].reason == (
        'its check http names web, which fails; '
        'web: its check http names db, which nobody looked at'
    )


def test_one_cause_for_two_is_likelier_than_two_causes() -> None:
    plan = pair('odd', 'rest')
    plan.app('api', '4')
    plan.relate('api', 'up', 'web', 'down', 'rest')
    plan.ail_all('db', 'a page is corrupt')
    plan.ail_all('web', 'no answer from db')
    plan.ail('api/0', '500')
    assert found(plan, 'api') == ('victim', ('web', 'db'), 'possible')


def test_who_is_in_the_midst_of_what_fails_is_likelier_the_cause() -> None:
    plan = pair('odd', 'rest')
    plan.app('api', '4')
    plan.relate('api', 'link', 'db', 'link', 'odd')
    for name in ('web', 'api', 'db'):
        plan.ail_all(name, '500')
    assert found(plan, 'web') == found(plan, 'api') == ('victim', ('db',), 'possible')
    assert list(plan.explained()[1]) == ['db']


@pytest.mark.parametrize('ours', ['web', 'db'])
def test_our_own_charm_is_no_cause_and_nobodys_victim_by_a_relation(ours: str) -> None:
    plan = pair()
    charm = plan.applications[ours]
    plan.applications[ours] = replace(charm, charm='juju-health')
    plan.ail_all('db', 'fail: 1 of 3')
    plan.ail_all('web', 'no answer from db')
    other = 'db' if ours == 'web' else 'web'
    assert found(plan, ours) == ('unexplained', (), '')
    assert found(plan, other)[0] == 'cause'


def test_warnings_explain_no_warnings_and_are_not_among_the_causes() -> None:
    plan = pair()
    plan.ail_all('db', 'slow', health=Health.WARN)
    plan.ail_all('web', 'slow answer from db', health=Health.WARN)
    assert found(plan, 'web') == ('cause', (), 'likely')
    assert plan.explained()[1] == {}


@pytest.mark.parametrize(('direction', 'guess'), [('db', True), ('link', False)])
def test_an_endpoint_that_is_named_for_the_other_charm_is_a_guess(
    direction: str, guess: bool
) -> None:
    plan = Planned()
    plan.app('web', '0')
    plan.app('db', '1')
    plan.relate('web', direction, 'db', 'clients', 'rest')
    plan.ail('db/0', 'a page is corrupt')
    plan.ail('web/0', '500')
    blame = plan.explained()[0]['web']
    assert blame is not None
    assert blame.certainty is Certainty.POSSIBLE
    assert blame.reason.startswith('it seems to use db' if guess else 'it is related to db')


def test_who_serves_many_is_guessed_to_be_what_they_need() -> None:
    plan = Planned()
    for number, name in enumerate(('hub', 'a', 'b', 'c')):
        plan.app(name, str(number))
    for name in 'abc':
        plan.relate(name, 'up', 'hub', 'down', 'rest')
    plan.ail('hub/0')
    plan.ail('a/0', '500')
    assert found(plan, 'a') == ('victim', ('hub',), 'possible')
    assert found(plan, 'hub') == ('cause', (), 'likely')


def test_explain_shows_for_and_against_and_the_runners_up() -> None:
    plan = pair()
    plan.app('cache', '4', charm='redis')
    plan.relate('web', 'cache', 'cache', 'cache', 'redis')
    plan.ail('cache/0', 'the queue is stuck')
    plan.ail('db/1')
    plan.ail_all('web', 'no answer from db')
    text = render(explain(plan.snapshot(), 'web'), RenderOptions(NOW))
    begin = text.index('What may be the cause')
    assert text[begin : text.index('\n\n', begin)].splitlines()[2:] == [
        'db         likely     its check http names db, which fails',
        '                      but 1 of its 2 units are well',
        'cache      likely     it uses cache over cache, which fails',
    ]


def test_explain_tells_what_leaves_a_doubt_about_a_cause() -> None:
    plan = pair()
    plan.ail_all('web')
    for unit in plan.applications['db'].units:
        plan.silence(unit.name, Outcome.TIMEOUT)
    own, db = explain(plan.snapshot(), 'web').weighed
    assert (str(own.node), own.certainty) == ('web', Certainty.LIKELY)
    assert own.against == ('nobody looked at db, which it may need',)
    assert (str(db.node), db.certainty) == ('db', None)
    assert db.against == ('nobody looked at it',)
