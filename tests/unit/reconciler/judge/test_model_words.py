"""What Juju says of the model, and of machines that hold nobody, is told and counts."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from charm.kernel.report import Health
from reconciler.config.suppressions import MAINTENANCE, SuppressionEntry
from reconciler.judge.conclude import Evidence, conclude
from reconciler.judge.model_words import words_of_model
from reconciler.judge.sweep_exit_code import exit_code
from reconciler.juju import status
from reconciler.render import RENDERERS, RenderOptions
from reconciler.saved.sweep_document import decode
from reconciler.values.model import Machine, Model, Relation, Saas, StatusInfo
from reconciler.values.readings import Snapshot
from tests.support.asked import NOW
from tests.support.juju_said import seen, unit_of, words_of, world

DOWN = StatusInfo('down', 'agent is not communicating with the server')
UNMADE = StatusInfo('provisioning error', 'no matching agent binaries')


def well(**changes: object) -> Model:
    return replace(world(unit_of()), **changes)  # type: ignore[arg-type]


def swept(model: Model, *patterns: str) -> Snapshot:
    (unit,) = model.units()
    evidence = Evidence(model, {unit.name: seen(model, unit)}, NOW, 1.0)
    return conclude(evidence, patterns)


def test_a_model_that_is_well_is_told_nothing_of() -> None:
    assert words_of_model(well(status=StatusInfo('available')), True, NOW) == ()
    assert words_of_model(well(), True, NOW) == ()


@pytest.mark.parametrize('word', [word for word in words_of('model') if word])
def test_each_of_its_words_is_told_and_at_best_what_the_table_says(word: str) -> None:
    found = swept(well(status=StatusInfo(word, 'so it is')))
    if word == 'available':
        assert (found.health, found.faults) == (Health.PASSED, ())
        return
    (fault,) = found.faults
    assert fault.startswith(f'Juju says of the model {word}: so it is (')
    assert found.health is (Health.UNKNOWN if 'tomorrow' in word else Health.WARN)
    assert found.services[0].health is Health.PASSED


def consumed(word: str, *relations: Relation) -> Model:
    db = Saas('db', 'lab:admin/data.db', StatusInfo(word, 'so it is'), relations)
    return well(saas={'db': db})


USED = Relation('db', 'web', 'pgsql')


@pytest.mark.parametrize('word', ['error', 'blocked', 'waiting', 'terminated', 'maintenance'])
def test_what_it_consumes_of_another_model_is_told_where_that_is_not_well(word: str) -> None:
    found = swept(consumed(word, USED))
    assert found.faults == (f'Juju says of db, of lab:admin/data.db, {word}: so it is',)
    assert (found.health, found.services[0].health) == (Health.WARN, Health.PASSED)


def test_what_is_well_or_used_by_nobody_is_not() -> None:
    for model in (consumed('active', USED), consumed('unknown', USED), consumed('error')):
        assert (swept(model).faults, swept(model).health) == ((), Health.PASSED)
    assert swept(consumed('error', USED), 'web').faults == ()


def test_that_juju_cannot_tell_is_told() -> None:
    found = swept(well(status=StatusInfo(message='not allowed', failed=True)))
    assert found.health is Health.UNKNOWN
    assert found.faults == (
        'Juju says of the model status-error: not allowed (Juju itself cannot tell)',
    )


def test_it_is_read_from_the_document() -> None:
    document = {'model': {'name': 'm', 'model-status': {'current': 'suspended', 'message': 'no'}}}
    assert status.decode(json.dumps(document).encode()).status == StatusInfo('suspended', 'no')
    document['model']['model-status'] = {'status-error': 'not allowed'}
    assert status.decode(json.dumps(document).encode()).status.failed


@pytest.mark.parametrize(
    ('machine', 'says'),
    [
        (Machine('7', agent=DOWN), f'is down: {DOWN.message}'),
        (Machine('7', agent=StatusInfo('pending')), 'is pending'),
        (
            Machine('7', agent=StatusInfo('pending'), instance=UNMADE),
            f'is provisioning error: {UNMADE.message}; once what it lacks is there: '
            'juju retry-provisioning -m lab:prod 7',
        ),
    ],
)
def test_a_machine_without_units_that_is_not_well_is_a_warning(
    machine: Machine, says: str
) -> None:
    model = well(machines={'0': Machine('0'), '7': machine})
    found = swept(model)
    assert found.health is Health.WARN
    assert found.faults == (f'Juju says that machine 7, without units, {says}',)
    # Who asks for a service asks for nothing else.
    assert swept(model, 'web').faults == ()


def test_one_that_holds_a_container_with_a_unit_holds_a_unit() -> None:
    unit = replace(unit_of(), machine='7/lxd/0')
    model = replace(
        world(unit),
        machines={'7': Machine('7', agent=DOWN), '7/lxd/0': Machine('7/lxd/0', parent='7')},
    )
    assert words_of_model(model, True, NOW) == ()


def test_a_started_one_is_told_nothing_of() -> None:
    spare = Machine('7', agent=StatusInfo('started'), instance=StatusInfo('running'))
    assert words_of_model(well(machines={'0': Machine('0'), '7': spare}), True, NOW) == ()


def test_a_model_without_services_is_no_better_for_it() -> None:
    empty = Model('prod', 'lab', status=StatusInfo('busy'))
    assert conclude(Evidence(empty, {}, NOW, 1.0)).health is Health.UNKNOWN


def test_who_leaves_out_services_leaves_out_no_word_of_the_model() -> None:
    model = well(status=StatusInfo('suspended'))
    (unit,) = model.units()
    readings = {unit.name: seen(model, unit, Health.FAIL)}
    entry = SuppressionEntry(MAINTENANCE, 'web', NOW + timedelta(days=1), 'planned')
    found = conclude(Evidence(model, readings, NOW, 1.0), suppressions=[entry])
    assert exit_code(found, excused=[MAINTENANCE]) == 1
    again = decode(RENDERERS['json'](found, RenderOptions(NOW)).encode())
    assert exit_code(again, excused=[MAINTENANCE]) == 1
