"""What juju status alone implies: never that a unit is well."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.kernel.report import StateName
from reconciler.juju.status_implies import blockers_in, derive
from reconciler.values.model import Application, Machine, StatusInfo, Unit

NOW = datetime(2026, 11, 23, 9, tzinfo=timezone.utc)


def unit(workload: str, message: str = '', agent: str = 'idle') -> Unit:
    since = NOW - timedelta(minutes=2)
    return Unit(
        'web/0',
        'web',
        '0',
        workload=StatusInfo(workload, message, since),
        agent=StatusInfo(agent, '', since),
    )


@pytest.mark.parametrize(
    ('asked', 'state'),
    [
        (unit('active'), StateName.UP),
        (unit('maintenance', 'configuring'), StateName.CHURNING),
        (unit('maintenance', 'installing charm software'), StateName.INSTALLING),
        (unit('waiting', 'agent initialising', 'executing'), StateName.INSTALLING),
        (unit('waiting', 'waiting for machine'), StateName.BUILDING),
        (unit('waiting', 'x', 'allocating'), StateName.BUILDING),
        (unit('waiting', 'waiting for db relation'), StateName.BLOCKED),
        (unit('blocked', 'Missing relations: db'), StateName.BLOCKED),
        (unit('error', 'hook failed: "install"'), StateName.ERROR),
        (unit('active', '', 'lost'), StateName.UNKNOWN),
        (unit('active', '', 'failed'), StateName.ERROR),
        (unit('terminated'), StateName.UNKNOWN),
        (unit('a-word-of-tomorrow'), StateName.UNKNOWN),
        (unit(''), StateName.UNKNOWN),
    ],
)
def test_the_table(asked: Unit, state: StateName) -> None:
    found = derive(asked, Application('web'), Machine('0'), NOW)
    assert found.state.name is state
    assert found.state.duration == 120
    assert found.message.startswith('juju status says')


@pytest.mark.parametrize('word', ['active', 'unknown'])
def test_one_whose_charm_is_being_upgraded_churns(word: str) -> None:
    upgrading = replace(unit(word), upgrading_from='ch:amd64/jammy/web-57')
    found = derive(upgrading, Application('web'), Machine('0'), NOW).state
    assert found.name is StateName.CHURNING
    assert found.message == 'its charm is being upgraded from ch:amd64/jammy/web-57'
    blocked = replace(unit('blocked'), upgrading_from='ch:amd64/jammy/web-57')
    assert derive(blocked, Application('web'), Machine('0'), NOW).state.name is StateName.BLOCKED


def test_a_machine_that_is_down_or_never_came_speaks_before_its_units() -> None:
    down = Machine('0', agent=StatusInfo('down', 'agent is not communicating'))
    found = derive(unit('active'), Application('web'), down, NOW)
    assert 'machine 0 is down: agent is not communicating' in found.message
    refused = Machine('0', instance=StatusInfo('provisioning error', 'quota exceeded'))
    found = derive(unit('waiting'), Application('web'), refused, NOW)
    assert found.state.name is StateName.ERROR


def test_a_status_from_the_future_has_lasted_no_time() -> None:
    asked = Unit('web/0', 'web', workload=StatusInfo('active', '', NOW + timedelta(days=1)))
    assert derive(asked, Application('web'), None, NOW).state.duration == 0.0


def test_a_failed_hook_is_told_though_the_machine_went_down_since() -> None:
    down = Machine('0', agent=StatusInfo('down', 'agent is not communicating'))
    found = derive(unit('error', 'hook failed: "start"'), Application('web'), down, NOW)
    assert found.state.name is StateName.ERROR


@pytest.mark.parametrize(
    ('message', 'blockers'),
    [
        ('Missing relations: amqp, shared-db', ('amqp', 'shared-db')),
        ('Missing relation: db and cache', ('cache', 'db')),
        ("'shared-db' missing", ('shared-db',)),
        ('waiting for database relation', ('database',)),
        ('Waiting for the vault', ('vault',)),
        ('Database relation missing', ('database',)),
        ('db integration is required', ('db',)),
        ('Required relations missing: amqp', ('amqp',)),
        ('May need reboot to activate GPU.', ()),
        ('', ()),
    ],
)
def test_blockers_are_found_in_how_charms_put_it(message: str, blockers: tuple[str, ...]) -> None:
    assert blockers_in(message) == blockers


def test_a_message_without_an_end_holds_nobody_up() -> None:
    # Each of its characters could begin the name of a relation.
    assert blockers_in('a' * 10**6) == ()


@given(st.text(max_size=300))
def test_blockers_are_sorted_unique_and_few(message: str) -> None:
    found = blockers_in(message)
    assert list(found) == sorted(set(found))
    assert len(found) <= 20
