"""What Juju removes is no trouble while it goes, and is told as any other once it is stuck."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from charm.kernel.report import Health
from reconciler.judge.conclude import Evidence, conclude
from reconciler.judge.sweep_exit_code import exit_code
from reconciler.juju import status
from reconciler.juju.ceiling_table import CEILINGS, STUCK, Ceiling
from reconciler.values.model import Model, StatusInfo
from reconciler.values.outcomes import Outcome
from reconciler.values.readings import Reading, ServiceHealth, Snapshot
from tests.support.snapshots import NOW

Fields = Mapping[str, Any]
LATELY = (NOW - timedelta(minutes=2)).isoformat()
LONG_AGO = (NOW - timedelta(days=3)).isoformat()


def unit(machine: int | str, since: str = LATELY, **more: object) -> Fields:
    told = {'current': 'idle', 'since': since}
    return {
        'machine': str(machine),
        'workload-status': {'current': 'active', 'since': since},
        'juju-status': told,
        **more,
    }


def dying(machine: int, since: str = LATELY) -> Fields:
    return unit(machine, since, **{'juju-status': {**idle(since), 'life': 'dying'}})


def idle(since: str) -> Fields:
    return {'current': 'idle', 'since': since}


def model(web: Fields, machines: Fields | None = None) -> Model:
    """Return a model with these keys of web, and a db that is well."""
    started: Fields = {'juju-status': {'current': 'started'}}
    return status.decode(
        json.dumps(
            {
                'model': {'name': 'prod', 'controller': 'lab'},
                'machines': {**{str(n): started for n in range(4)}, **(machines or {})},
                'applications': {'web': web, 'db': {'units': {'db/0': unit(3)}}},
            }
        ).encode()
    )


def swept(there: Model, **seen: Reading) -> Snapshot:
    """Return the sweep in which all passed but those that are leaving, which said nothing."""
    known = {
        one.name: Reading(one, Outcome.LEAVING, Health.UNKNOWN)
        if one.leaving
        else Reading(one, Outcome.REPORTED, Health.PASSED)
        for one in there.units()
    }
    return conclude(Evidence(there, {**known, **seen}, NOW, 1.0))


def services(snapshot: Snapshot) -> dict[str, ServiceHealth]:
    return {service.name: service for service in snapshot.services}


GOING: dict[str, tuple[Fields, Fields]] = {
    'its units': ({'units': {'web/0': dying(0), 'web/1': dying(1)}}, {}),
    'its application': ({'life': 'dying', 'units': {'web/0': unit(0), 'web/1': unit(1)}}, {}),
    'its application, without units': ({'life': 'dying'}, {}),
    'its machines': (
        {'units': {'web/0': unit(0), 'web/1': unit(1)}},
        {
            '0': {'juju-status': {'current': 'down', 'life': 'dying'}},
            '1': {'juju-status': {'current': 'stopped', 'life': 'dead'}},
        },
    ),
    'what its container is in': (
        {'units': {'web/0': unit('0/lxd/0')}},
        {
            '0': {
                'juju-status': {'current': 'started', 'life': 'dying'},
                'containers': {'0/lxd/0': {'juju-status': {'current': 'started'}}},
            }
        },
    ),
}


@pytest.mark.parametrize('which', GOING)
def test_an_application_on_its_way_out_is_told_as_that_and_counts_for_nothing(which: str) -> None:
    found = swept(model(*GOING[which]))
    assert [*services(found)] == ['db']
    assert (found.health, exit_code(found), found.faults) == (Health.PASSED, 0, ())
    assert found.notes == ('leaving, as juju removes it: web',)


def test_of_one_that_is_alone_all_is_told_that_there_is() -> None:
    there = model(GOING['its units'][0])
    left = {'web': there.applications['web']}
    found = swept(replace(there, applications=left))
    assert (services(found)['web'].message, found.health) == ('', Health.UNKNOWN)


@pytest.mark.parametrize('health', Health)
@pytest.mark.parametrize('word', ['active', 'blocked', 'waiting', 'terminated', 'maintenance'])
def test_whatever_is_seen_of_a_unit_that_goes_is_no_word_about_those_that_stay(
    health: Health, word: str
) -> None:
    goes = {**dying(2), 'workload-status': {'current': word, 'since': LATELY}}
    there = model({'units': {'web/0': unit(0), 'web/1': unit(1), 'web/2': goes}})
    (leaving,) = (one for one in there.units() if one.leaving)
    found = swept(there, **{'web/2': Reading(leaving, Outcome.REPORTED, health)})
    assert services(found)['web'].health is Health.PASSED
    assert (exit_code(found), found.notes) == (0, ())


COUNTING = [row for row in CEILINGS if row.of not in ('model', 'machine', 'instance')]


@pytest.mark.parametrize('row', COUNTING, ids=lambda row: f'{row.of} {row.word}')
@pytest.mark.parametrize('all_go', [False, True], ids=['one-of-three', 'all'])
def test_what_is_stuck_as_it_goes_is_told_and_counts(row: Ceiling, all_go: bool) -> None:
    there = model({'units': {'web/0': unit(0), 'web/1': unit(1), 'web/2': dying(2)}})
    said = StatusInfo(row.word, 'why', NOW - timedelta(hours=2))
    web = there.applications['web']
    goes = web.units[2]
    stuck = replace(goes, agent=said) if row.of == 'agent' else replace(goes, workload=said)
    others = (replace(one, leaving=all_go) for one in web.units[:2])
    changed = {**there.applications, 'web': replace(web, units=(*others, stuck))}
    found = swept(replace(there, applications=changed))
    if (row.of, row.word) not in STUCK:
        assert exit_code(found) == 0
        return
    told = services(found)['web']
    assert told.health.rank >= row.health.rank
    assert f'Juju says {"agent " * (row.of == "agent")}{row.word}' in told.message
    assert exit_code(found) != 0


def test_every_word_by_which_something_is_stuck_is_in_the_table() -> None:
    assert {(row.of, row.word) for row in CEILINGS if row.health is not Health.PASSED} > STUCK


def test_what_has_long_hardly_gone_is_told_with_how_long() -> None:
    whole = swept(model({'units': {'web/0': dying(0, LONG_AGO), 'web/1': dying(1)}}))
    assert whole.notes == (
        'leaving, as juju removes it: web (idle for 3d); whether it goes: juju status -m lab:prod',
    )
    part = swept(model({'units': {'web/0': unit(0), 'web/1': dying(1, LONG_AGO)}}))
    assert part.notes == (
        'leaving, as juju removes it: web/1 (idle for 3d); '
        'whether it goes: juju status -m lab:prod',
    )
    assert exit_code(whole) == exit_code(part) == 0


@pytest.mark.parametrize(('word', 'told'), [('down', False), ('stopped', False), ('error', True)])
def test_a_machine_that_is_being_removed_may_be_down(word: str, told: bool) -> None:
    empty = {'9': {'juju-status': {'current': word, 'life': 'dying'}}}
    found = swept(model({'units': {'web/0': unit(0)}}, empty))
    assert bool(found.faults) is told
    assert (exit_code(found) != 0) is told
