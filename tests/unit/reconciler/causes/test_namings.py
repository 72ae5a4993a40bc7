"""What the message of a failing check tells of those that it names."""

from __future__ import annotations

import pytest

from reconciler.causes.namings import Naming, namings
from tests.support.planned import Planned


def naming(message: str) -> Naming:
    plan = Planned()
    plan.app('shop', '0')
    plan.ail('shop/0', message, 'link')
    (found,) = (naming for service in plan.services() for naming in namings(service))
    return found


@pytest.mark.parametrize(
    'message',
    [
        *('cannot reach ledger at https://10.0.0.2:6443', 'dial tcp ledger:8080: refused'),
        *('No answer from ledger.', 'all units of ledger down', 'ledger does not respond'),
        *('2 started, unable to connect to ledger', 'resource ip failed on ledger'),
    ],
)
def test_what_does_not_answer_or_is_down_is_missed(message: str) -> None:
    assert 'ledger' in naming(message).missed


@pytest.mark.parametrize(
    'message', ['too many connections from ledger', 'ledger: 7 jobs wait', 'gone: ledger/0 ledger']
)
def test_what_is_only_named_is_not_missed(message: str) -> None:
    assert 'ledger' in naming(message).words
    assert naming(message).missed == frozenset()


@pytest.mark.parametrize(
    'message',
    [
        *('ledger ok, but the pool is stuck', 'ledger: up; billing down', 'ledger is healthy'),
        *('connected to ledger:80, no answer from billing', 'billing refused, ledger=ok'),
    ],
)
def test_what_is_told_to_be_well_is_not_named(message: str) -> None:
    assert 'ledger' not in naming(message).words


def test_of_two_units_the_one_that_is_well_is_not_named() -> None:
    found = naming('redis/1 ok, redis/2 refused')
    assert 'redis/1' not in found.words
    assert 'redis/2' in found.missed


def test_what_is_not_well_or_not_connected_is_named() -> None:
    assert 'ledger' in naming('ledger is not well').words
    assert 'ledger' in naming('not connected to ledger').words


def test_a_common_word_is_a_name_only_where_a_name_is_wanted() -> None:
    assert 'db' not in naming('cannot reach the sqlite db').missed
    assert 'db' in naming('cannot reach db').missed
    assert {'db/0', '10.0.0.2'} <= naming('refused: db/0 (10.0.0.2)').missed
