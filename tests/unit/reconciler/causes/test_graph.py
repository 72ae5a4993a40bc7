"""Who depends on whom, and on what ground."""

from __future__ import annotations

import pytest

from reconciler.causes.build_graph import build
from reconciler.causes.graph import DeclaredDependencies, Edge, Graph, Ground
from reconciler.causes.interfaces import NO_DEPENDENCY, PROVIDERS
from reconciler.causes.mentions import Mentions
from reconciler.causes.relations import Relations
from reconciler.juju import status
from reconciler.values.model import Model
from reconciler.values.node import Node
from reconciler.values.readings import ServiceHealth
from tests.support.planned import Planned
from tests.support.tree import TESTS

STATUSES = TESTS / 'data' / 'juju-status'


def graph_of(plan: Planned, declared: DeclaredDependencies | None = None) -> Graph:
    return woven(plan.model, plan.services(), declared)


def woven(
    model: Model,
    services: tuple[ServiceHealth, ...] = (),
    declared: DeclaredDependencies | None = None,
) -> Graph:
    mentions = Mentions(model, services)
    return build(Relations(model), mentions, services, declared or DeclaredDependencies())


def pair(interface: str = 'thing', charm: str = 'giver') -> Planned:
    plan = Planned()
    plan.app('web', '0')
    plan.app('store', '1', charm=charm)
    plan.relate('web', 'store', 'store', 'client', interface)
    return plan


def test_a_relation_of_unknown_direction_is_a_hint_both_ways() -> None:
    graph = graph_of(pair())
    assert graph.of('web') == (Edge(Node.read('store'), Ground.RELATED, 'store'),)
    assert graph.of('store') == (Edge(Node.read('web'), Ground.RELATED, 'client'),)
    assert graph.dependants('store') == ()


def test_a_well_known_interface_gives_the_direction() -> None:
    graph = graph_of(pair('pgsql', 'postgresql'))
    assert graph.of('web') == (Edge(Node.read('store'), Ground.KNOWN, 'store'),)
    assert graph.of('store') == ()
    assert graph.dependants('store') == ('web',)


@pytest.mark.parametrize('version', ['2.9', '3.6'])
def test_real_status_documents_of_old_and_new_clients_give_the_same(version: str) -> None:
    model = status.decode((STATUSES / f'machines-{version}.json').read_bytes())
    graph = woven(model)
    assert [str(edge.provider) for edge in graph.of('wordpress')] == ['mysql']
    assert graph.of('wordpress')[0].ground is Ground.KNOWN
    assert graph.of('mysql') == ()
    # The health charm is beside all, and needs and is needed by none.
    assert all(edge.provider.name != 'health' for edges in graph.edges.values() for edge in edges)


def test_a_saas_of_a_real_status_document_is_needed_by_its_consumer() -> None:
    model = status.decode((STATUSES / 'k8s-4.0.json').read_bytes())
    graph = woven(model)
    assert graph.of('web') == (Edge(Node.read('saas postgres'), Ground.SAAS, 'db'),)


def test_a_saas_that_requires_something_of_us_is_not_needed() -> None:
    plan = Planned()
    plan.app('traefik', '0')
    plan.consume('alertmanager', 'requirer', 'traefik', 'ingress', 'active')
    assert graph_of(plan).of('traefik') == ()


def test_both_sides_that_could_provide_give_no_direction() -> None:
    plan = Planned()
    plan.app('a', '0', charm='mysql')
    plan.app('b', '1', charm='mysql')
    plan.relate('a', 'db', 'b', 'db', 'mysql')
    assert {e.ground for edges in graph_of(plan).edges.values() for e in edges} == {Ground.RELATED}


@pytest.mark.parametrize('word', ['store', 'thing', 'client'])
def test_what_a_charm_provides_gives_the_direction(word: str) -> None:
    plan = pair()
    plan.report(plan.unit('store/0'), provides=(word,))
    graph = graph_of(plan)
    assert [edge.ground for edge in graph.of('web')] == [Ground.KNOWN]
    assert graph.of('store') == ()


def test_the_operator_may_say_what_a_service_provides() -> None:
    graph = graph_of(pair(), DeclaredDependencies(provides={'store': ('thing',)}))
    assert [edge.ground for edge in graph.of('web')] == [Ground.KNOWN]
    assert graph.of('store') == ()


def test_what_a_charm_requires_gives_the_direction() -> None:
    plan = pair()
    plan.report(plan.unit('web/0'), requires=('store',))
    graph = graph_of(plan)
    assert graph.of('web') == (Edge(Node.read('store'), Ground.REQUIRES, 'store'),)
    assert graph.of('store') == ()


def test_requirements_need_no_relation_if_one_service_provides_them() -> None:
    plan = Planned()
    plan.app('web', '0', requires=('cache',))
    plan.app('redis', '1', provides=('cache',))
    assert graph_of(plan).of('web') == (Edge(Node.read('redis'), Ground.REQUIRES, 'cache'),)
    plan.app('memcached', '1', provides=('cache',))
    assert graph_of(plan).of('web') == ()


@pytest.mark.parametrize('word', ['store', 'Store', 'thing', 'giver'])
def test_a_blocker_is_found_by_endpoint_interface_application_and_charm(word: str) -> None:
    plan = pair()
    plan.ail('web/0', blockers=[word])
    graph = graph_of(plan)
    assert graph.of('web') == (Edge(Node.read('store'), Ground.WAITS, word),)
    assert graph.unmet == {}


def test_what_openstack_charms_call_a_database_is_the_relation_for_it() -> None:
    plan = Planned()
    plan.app('cinder', '0')
    plan.app('router', '0', charm='mysql-router')
    plan.relate('cinder', 'shared-db', 'router', 'shared-db', 'mysql-shared')
    plan.ail('cinder/0', blockers=['database'])
    assert graph_of(plan).of('cinder') == (Edge(Node.read('router'), Ground.WAITS, 'database'),)


def test_a_blocker_that_nothing_answers_is_unmet() -> None:
    plan = pair()
    plan.ail('web/0', blockers=['cache', 'config:key'])
    assert graph_of(plan).unmet == {'web': ('cache', 'config:key')}


def test_a_service_that_waits_for_its_peers_needs_nobody() -> None:
    plan = Planned()
    plan.app('etcd', '0', '1')
    plan.relate('etcd', 'cluster', 'etcd', 'cluster', 'etcd')
    plan.ail('etcd/0', blockers=['cluster'])
    graph = graph_of(plan)
    assert graph.of('etcd') == ()
    assert graph.own_peers == {'etcd': ('cluster',)}


def test_a_service_that_is_well_waits_for_nothing() -> None:
    plan = pair()
    plan.ail('web/0', blockers=['store'])
    plan.report(plan.unit('web/0'))
    assert [edge.ground for edge in graph_of(plan).of('web')] == [Ground.RELATED]


@pytest.mark.parametrize(
    'message',
    ['cannot connect to {address}:3306: refused', 'no answer from store.', 'store/0 is away'],
)
def test_a_failing_check_that_names_a_relation_gives_the_direction(message: str) -> None:
    plan = pair()
    plan.ail('web/0', message.format(address=plan.unit('store/0').address))
    graph = graph_of(plan)
    assert graph.of('web') == (Edge(Node.read('store'), Ground.NAMES, 'http'),)
    assert graph.of('store') == ()


def test_an_address_that_two_services_share_names_neither() -> None:
    plan = Planned()
    plan.app('web', '0')
    plan.app('store', '0')
    plan.relate('web', 'files', 'store', 'client', 'thing')
    plan.ail('web/0', f'cannot listen on {plan.unit("store/0").address}')
    assert [edge.ground for edge in graph_of(plan).of('web')] == [Ground.RELATED]


def test_a_provider_that_names_its_client_does_not_depend_on_it() -> None:
    plan = pair('pgsql', 'postgresql')
    plan.ail('store/0', 'too many connections from web/0')
    graph = graph_of(plan)
    assert graph.of('store') == ()
    assert graph.of('web') == (Edge(Node.read('store'), Ground.KNOWN, 'store'),)


def test_two_that_require_and_name_each_other_depend_on_each_other() -> None:
    plan = pair()
    declared = DeclaredDependencies(requires={'web': ('store',), 'store': ('web',)})
    plan.ail('web/0', 'no answer from store')
    plan.ail('store/0', 'no answer from web')
    graph = graph_of(plan, declared)
    assert [edge.ground for name in ('web', 'store') for edge in graph.of(name)] == [
        Ground.NAMES,
        Ground.NAMES,
    ]


def test_part_of_a_word_names_nobody() -> None:
    plan = pair()
    plan.ail('web/0', 'cannot restore the storeroom')
    assert [edge.ground for edge in graph_of(plan).of('web')] == [Ground.RELATED]


def test_the_operators_word_replaces_what_is_found() -> None:
    plan = pair('pgsql', 'postgresql')
    plan.app('other', '2')
    graph = graph_of(plan, DeclaredDependencies(requires={'web': ('other', 'nobody')}))
    assert graph.of('web') == (Edge(Node.read('other'), Ground.CONFIGURED),)
    assert graph_of(plan, DeclaredDependencies(requires={'web': ()})).of('web') == ()


def test_the_operators_word_does_not_silence_what_a_service_waits_for() -> None:
    plan = pair()
    plan.ail('web/0', blockers=['store'])
    graph = graph_of(plan, DeclaredDependencies(requires={'web': ()}))
    assert graph.of('web') == (Edge(Node.read('store'), Ground.WAITS, 'store'),)


def test_members_of_a_redundant_group_are_needed() -> None:
    plan = pair()
    plan.consume('other', 'provider', 'web', 'other', 'active')
    graph = graph_of(plan, DeclaredDependencies(any_of={'web': (('store', 'other'),)}))
    assert [(str(e.provider), e.ground) for e in graph.of('web')] == [
        ('saas other', Ground.CONFIGURED),
        ('store', Ground.CONFIGURED),
    ]


@pytest.mark.parametrize('interface', sorted(NO_DEPENDENCY))
def test_who_watches_or_is_watched_depends_on_nobody(interface: str) -> None:
    assert graph_of(pair(interface)).edges == {}


def test_no_interface_is_in_both_tables() -> None:
    assert not NO_DEPENDENCY & set(PROVIDERS)
