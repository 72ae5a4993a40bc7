"""Which trouble explains which."""

from __future__ import annotations

import pytest

from charm.checks.kinds import BUILT_IN
from charm.kernel.report import Health, State, StateName
from reconciler.causes.cause_or_victim import explain_causes
from reconciler.causes.graph import DeclaredDependencies
from reconciler.causes.shared_causes import COLLECTORS
from reconciler.causes.troubles import LOCAL_CHECKS
from reconciler.values.certainty import Certainty
from reconciler.values.node import Node, NodeKind
from reconciler.values.outcomes import HEARD
from reconciler.values.readings import Blame, Outcome, Role
from tests.support.planned import Planned, nodes, waiting


def shop() -> Planned:
    """Return web, which needs db, which needs disk: all well."""
    plan = Planned()
    plan.app('web', '0', '1')
    plan.app('db', '2', charm='postgresql')
    plan.app('ceph', '3', charm='ceph-mon')
    plan.relate('web', 'db', 'db', 'db', 'pgsql')
    plan.relate('db', 'storage', 'ceph', 'client', 'ceph-client')
    return plan


def role(blame: Blame | None) -> tuple[str, tuple[str, ...]]:
    assert blame is not None
    return blame.role.value, tuple(map(str, blame.path))


def test_where_all_is_well_nobody_is_blamed() -> None:
    assert shop().explained() == ({'ceph': None, 'db': None, 'web': None}, {})


def test_the_failing_provider_is_the_cause_and_its_users_are_victims() -> None:
    plan = shop()
    plan.ail_all('web')
    plan.ail('db/0', 'cannot start')
    plan.ail('ceph/0', 'no quorum')
    blames, causes = plan.explained()
    assert role(blames['web']) == ('victim', ('db', 'ceph'))
    assert role(blames['db']) == ('victim', ('ceph',))
    assert role(blames['ceph']) == ('cause', ())
    assert list(causes) == ['ceph']
    assert causes['ceph'].victims == ('db', 'web')
    assert causes['ceph'].message == 'http: no quorum'


def test_a_provider_that_is_well_ends_the_chain() -> None:
    plan = shop()
    plan.ail_all('web')
    plan.ail('ceph/0')
    blames, causes = plan.explained()
    assert role(blames['web']) == ('cause', ())
    assert blames['db'] is None
    assert all(cause.victims == () for cause in causes.values())


def test_a_provider_that_only_warns_explains_nothing() -> None:
    plan = shop()
    plan.ail_all('web')
    plan.ail('db/0', 'slow', health=Health.WARN)
    assert role(plan.explained()[0]['web']) == ('cause', ())


def test_a_provider_that_only_warns_explains_who_waits_for_it() -> None:
    plan = shop()
    plan.ail_all('web', blockers=['db'])
    plan.ail('db/0', 'slow', health=Health.WARN)
    blame = plan.explained()[0]['web']
    reason = 'it waits for db, which warns'
    assert blame == Blame(Role.VICTIM, nodes('db'), reason, Certainty.LIKELY)


@pytest.mark.parametrize('outcome', [one for one in Outcome if one not in HEARD | COLLECTORS])
def test_a_provider_that_nobody_looked_at_explains_nothing_and_leaves_a_doubt(
    outcome: Outcome,
) -> None:
    plan = shop()
    plan.ail_all('web')
    plan.app('fine', '2')
    plan.silence('db/0', outcome, state=State(StateName.UP))
    blames, causes = plan.explained()
    reason = 'http: connection refused'
    assert blames['web'] == Blame(Role.CAUSE, reason=reason, certainty=Certainty.LIKELY)
    assert 'db' not in causes
    plan.ail_all('web', blockers=['db'])
    blames, causes = plan.explained()
    assert blames['web'] == Blame(
        Role.UNEXPLAINED, reason='it waits for db, which nobody looked at'
    )
    assert not {'web', 'db'} & causes.keys()


def test_what_nobody_looked_at_is_no_victim_either() -> None:
    plan = shop()
    plan.ail('db/0')
    for unit in ('web/0', 'web/1'):
        plan.silence(unit, Outcome.NOT_SHIPPED, state=State(StateName.UP))
    assert role(plan.explained()[0]['web']) == ('unexplained', ())


@pytest.mark.parametrize('check', sorted(LOCAL_CHECKS))
def test_a_machines_own_trouble_is_not_explained_by_a_provider(check: str) -> None:
    assert check in BUILT_IN
    plan = shop()
    plan.ail('web/0', '/ at 99 %', check)
    plan.ail('db/0')
    blame = plan.explained()[0]['web']
    reason = f'{check}: / at 99 %'
    assert blame == Blame(Role.CAUSE, reason=reason, certainty=Certainty.CERTAIN)


def test_own_trouble_stays_a_cause_even_of_one_that_waits() -> None:
    plan = shop()
    plan.ail('web/0', '/ at 99 %', 'disk', blockers=['db'])
    plan.ail('db/0')
    blame = plan.explained()[0]['web']
    reason = 'disk: / at 99 %; it also waits for db'
    assert blame == Blame(Role.CAUSE, reason=reason, certainty=Certainty.CERTAIN)


def test_a_lesser_trouble_of_its_own_does_not_make_a_victim_a_cause() -> None:
    plan = shop()
    plan.ail('web/0', '/ at 85 %', 'disk', Health.WARN)
    plan.ail('web/1')
    plan.ail('db/0')
    assert role(plan.explained()[0]['web']) == ('victim', ('db',))


def test_who_waits_for_what_is_not_there_is_its_own_cause() -> None:
    plan = shop()
    for unit in ('web/0', 'web/1'):
        plan.silence(unit, Outcome.NOT_SHIPPED, state=waiting('cache'))
    blame = plan.explained()[0]['web']
    assert blame == Blame(
        Role.CAUSE,
        reason='it waits for cache, and nothing that it is related to gives it',
        certainty=Certainty.POSSIBLE,
    )


def test_who_waits_for_what_is_well_is_unexplained() -> None:
    plan = shop()
    plan.silence('web/0', Outcome.NOT_SHIPPED, state=waiting('db'))
    blame = plan.explained()[0]['web']
    assert blame == Blame(
        Role.UNEXPLAINED, reason='it waits for db, which nothing is known to be wrong with'
    )


def test_who_waits_for_its_peers_is_its_own_cause() -> None:
    plan = shop()
    plan.relate('web', 'cluster', 'web')
    plan.silence('web/0', Outcome.NOT_SHIPPED, state=waiting('cluster'))
    blame = plan.explained()[0]['web']
    reason = 'it waits for its own peers (cluster)'
    assert blame == Blame(Role.CAUSE, reason=reason, certainty=Certainty.POSSIBLE)


def test_a_relation_of_unknown_direction_explains_nothing_alone() -> None:
    plan = shop()
    plan.app('odd', '5')
    plan.relate('web', 'link', 'odd', 'link', 'link')
    plan.ail_all('web')
    plan.ail('odd/0')
    blames, causes = plan.explained()
    reason = 'odd fails too, and nothing tells which of them needs the other'
    assert blames['web'] == Blame(Role.UNEXPLAINED, reason=reason)
    assert role(blames['odd']) == ('unexplained', ())
    assert causes == {}


def test_a_relation_of_unknown_direction_possibly_explains_who_is_blocked() -> None:
    plan = shop()
    plan.app('odd', '5')
    plan.relate('web', 'link', 'odd', 'link', 'link')
    plan.ail('odd/0')
    plan.silence('web/0', Outcome.NOT_SHIPPED, state=waiting())
    blames, _ = plan.explained()
    assert blames['web'] is not None
    assert role(blames['web']) == ('victim', ('odd',))
    assert blames['web'].certainty is Certainty.POSSIBLE
    assert role(blames['odd']) == ('cause', ())


def test_redundant_providers_explain_only_when_none_is_left() -> None:
    plan = shop()
    plan.app('db-2', '4', charm='postgresql')
    declared = DeclaredDependencies(any_of={'web': (('db', 'db-2'),)})
    plan.ail_all('web')
    plan.ail('db/0')
    assert role(plan.explained(declared)[0]['web']) == ('cause', ())
    plan.ail('db-2/0')
    blames, causes = plan.explained(declared)
    assert role(blames['web']) == ('victim', ('db',))
    assert blames['web'] is not None
    assert blames['web'].reason == ('by configuration it requires db, which fails; also: db-2')
    assert causes['db'].victims == causes['db-2'].victims == ('web',)


def test_a_redundant_provider_that_nobody_looked_at_leaves_a_doubt() -> None:
    plan = shop()
    plan.app('db-2', '4', charm='postgresql')
    plan.ail_all('web')
    plan.ail('db/0')
    plan.silence('db-2/0', Outcome.NOT_SHIPPED, state=State(StateName.UP))
    blame = plan.explained(DeclaredDependencies(any_of={'web': (('db', 'db-2'),)}))[0]['web']
    reason = 'by configuration it requires db, which fails'
    assert blame == Blame(Role.VICTIM, nodes('db'), reason, Certainty.POSSIBLE)


def test_a_doubt_further_on_is_a_doubt_about_the_cause() -> None:
    plan = shop()
    plan.ail_all('web')
    plan.ail('db/0', 'cannot connect to ceph')
    plan.ail('ceph/0', 'slow', health=Health.WARN)
    plan.ail_all('web', 'no answer from db')
    assert plan.explained()[0]['web'] == Blame(
        Role.VICTIM,
        nodes('db', 'ceph'),
        'its check http names db, which fails, and db is that likely because of ceph',
        Certainty.LIKELY,
    )


def test_one_of_two_providers_behind_an_endpoint_explains_possibly() -> None:
    plan = shop()
    plan.app('db-2', '4', charm='postgresql')
    plan.relate('web', 'db', 'db-2', 'db', 'pgsql')
    plan.ail_all('web')
    plan.ail('db/0')
    blame = plan.explained()[0]['web']
    reason = 'it uses db over db, which fails'
    assert blame == Blame(Role.VICTIM, nodes('db'), reason, Certainty.POSSIBLE)


def test_what_it_says_itself_counts_for_more_than_a_shorter_way() -> None:
    plan = shop()
    plan.relate('web', 'files', 'ceph', 'client', 'ceph-client')
    plan.ail_all('web', blockers=['db'])
    plan.ail('db/0', blockers=['storage'])
    plan.ail('ceph/0')
    assert role(plan.explained()[0]['web']) == ('victim', ('db', 'ceph'))


def test_a_saas_that_its_own_charm_says_is_blocked_is_the_cause() -> None:
    plan = shop()
    plan.consume('mail', 'provider', 'web', 'smtp', 'blocked')
    plan.ail_all('web')
    blames, causes = plan.explained()
    assert role(blames['web']) == ('victim', ('saas mail',))
    assert causes['saas mail'].node == Node(NodeKind.SAAS, 'mail')


def test_a_service_that_was_not_asked_is_no_cause() -> None:
    plan = shop()
    plan.ail_all('web', blockers=['db'])
    asked = [service for service in plan.services() if service.name == 'web']
    (web,), causes = explain_causes(plan.model, asked)
    assert web.blame == Blame(Role.UNEXPLAINED, reason='it waits for db, which nobody looked at')
    assert causes == ()
