"""What the words of failing checks are worth, beside what is known of who needs whom."""

from __future__ import annotations

import pytest

from tests.support.pairs import found, pair


def test_who_only_mentions_what_fails_is_less_sure_than_who_misses_it() -> None:
    plan = pair('odd', 'rest')
    plan.ail_all('db', '500')
    plan.ail_all('web', 'the session of db/0 is stale')
    assert found(plan, 'web') == ('victim', ('db',), 'likely')
    assert found(plan, 'db') == ('cause', (), 'likely')
    plan.ail_all('web', 'no answer from db/0')
    assert found(plan, 'web') == ('victim', ('db',), 'certain')
    assert found(plan, 'db') == ('cause', (), 'certain')


def test_an_address_of_two_providers_names_neither_for_certain() -> None:
    plan = pair()
    plan.app('mq', '2', charm='rabbitmq-server')
    plan.relate('web', 'amqp', 'mq', 'amqp', 'rabbitmq')
    plan.ail_all('db', '500')
    plan.ail_all('web', f'{plan.unit("mq/0").address}:5672 refused')
    assert found(plan, 'web') == ('victim', ('db',), 'likely')


def test_a_provider_that_misses_its_client_is_its_victim_and_not_for_certain() -> None:
    plan = pair()
    plan.ail_all('db', 'no answer from web')
    plan.ail_all('web', '500')
    assert found(plan, 'db') == ('victim', ('web',), 'likely')
    assert found(plan, 'web') == ('cause', (), 'likely')


def test_a_provider_that_mentions_its_client_is_the_cause_and_not_for_certain() -> None:
    plan = pair()
    plan.ail_all('db', 'too many connections from web')
    plan.ail_all('web', '500')
    assert found(plan, 'db') == ('cause', (), 'likely')
    assert found(plan, 'web') == ('victim', ('db',), 'likely')


@pytest.mark.parametrize(
    'message',
    ['running with the --super-read-only option', 'certificate has expired', 'disk full'],
)
def test_a_client_that_repeats_what_its_provider_answers_is_no_cause(message: str) -> None:
    plan = pair()
    plan.ail_all('web', message)
    assert found(plan, 'web') == ('cause', (), 'certain')
    plan.ail_all('db', 'no quorum')
    assert found(plan, 'web') == ('victim', ('db',), 'likely')
