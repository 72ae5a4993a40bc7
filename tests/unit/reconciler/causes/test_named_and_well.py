"""What a message that names another is worth."""

from __future__ import annotations

import pytest

from reconciler.values.certainty import Certainty
from reconciler.values.readings import Outcome, Role
from tests.support.planned import Planned
from tests.unit.reconciler.causes.test_cause_or_victim import role
from tests.unit.reconciler.causes.test_whose_trouble import found


def test_who_misses_what_is_well_is_no_certain_cause() -> None:
    plan = Planned()
    plan.app('redis', '1', '2')
    plan.app('web', '3')
    plan.relate('web', 'cache', 'redis', 'redis', 'redis')
    plan.ail('web/0', 'cannot connect to redis/1')
    blame = plan.explained()[0]['web']
    assert blame is not None
    assert (blame.role, blame.certainty) == (Role.CAUSE, Certainty.LIKELY)


@pytest.mark.parametrize(
    'message', ['connection to redis/1 timed out', 'Lost connection to redis', '500 from redis']
)
def test_who_names_what_is_well_in_whatever_words_is_no_certain_cause(message: str) -> None:
    plan = Planned()
    plan.app('redis', '1', '2')
    plan.app('web', '3')
    plan.relate('web', 'cache', 'redis', 'redis', 'redis')
    plan.ail('web/0', message)
    assert found(plan) == {'web': Certainty.LIKELY}


def test_an_address_means_the_principal_and_not_what_is_beside_it() -> None:
    plan = Planned()
    plan.app('store', '1')
    plan.app('web', '2')
    plan.relate('web', 'backend', 'store', 'api', 'rest')
    for name in ('telegraf', 'juju-health'):
        plan.beside(name, 'store', 'web')
        plan.relate('web', 'juju-info', name, 'juju-info', 'juju-info')
    plan.ail('store/0', 'exit status 1')
    address = plan.unit('store/0').address
    plan.ail('web/0', f'dial tcp {address}:8080: connection refused')
    blame = plan.explained()[0]['web']
    assert blame is not None
    assert (role(blame), blame.certainty) == (('victim', ('store',)), Certainty.CERTAIN)


def test_who_tells_of_its_users_does_not_need_them() -> None:
    plan = Planned()
    plan.app('broker', '1')
    plan.app('billing', '2')
    plan.relate('billing', 'queue', 'broker', 'clients', 'acme_queue')
    plan.ail('broker/0', 'dispatcher died; consumers gone: billing/0')
    plan.ail('billing/0', 'no answer from broker')
    blames, causes = plan.explained()
    assert list(causes) == ['broker']
    assert role(blames['billing']) == ('victim', ('broker',))


@pytest.mark.parametrize('outcome', [Outcome.NOT_SHIPPED, Outcome.UNREACHABLE])
def test_what_a_client_may_repeat_of_one_that_nobody_knows_of_is_no_certain_ill(
    outcome: Outcome,
) -> None:
    plan = Planned()
    plan.app('keystone', '1')
    plan.app('glance', '2')
    plan.relate('glance', 'identity', 'keystone', 'identity', 'keystone')
    plan.ail('glance/0', 'certificate has expired')
    assert found(plan) == {'glance': Certainty.CERTAIN}
    plan.silence('keystone/0', outcome)
    assert found(plan).get('glance') is not Certainty.CERTAIN
