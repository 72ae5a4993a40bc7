"""Where Juju says `status-error` in place of anything, its message is told."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from charm.kernel.deadline import Deadline
from charm.kernel.report import Health
from reconciler.ask.script_asker import ScriptAsker
from reconciler.collect.collect import CollectPlan, collect
from reconciler.collect.fanout import FanoutLimits
from reconciler.collect.interpret import silent_reading
from reconciler.judge.conclude import Evidence, conclude
from reconciler.juju.status import decode
from reconciler.values.model import Model
from reconciler.values.outcomes import Outcome, meant
from reconciler.values.readings import Snapshot
from tests.support.asked import FakeReach
from tests.support.patience import PATIENCE

NOW = datetime.now(timezone.utc)
ERROR = {'status-error': 'cannot read it:\n EOF'}
SAID = 'status-error: cannot read it: EOF'
STARTED = {'juju-status': {'current': 'started'}, 'machine-status': {'current': 'running'}}
UNIT = {'workload-status': {'current': 'active'}, 'juju-status': {'current': 'idle'}}
ACTIVE = {'application-status': {'current': 'active'}}
STATUS: dict[str, Any] = {
    'model': {'name': 'prod', 'controller': 'lab', 'version': '3.6.1'},
    'machines': {'0': {**STARTED, 'containers': {'0/lxd/0': STARTED}}, '1': STARTED},
    'applications': {
        'web': {
            **ACTIVE,
            'units': {
                'web/0': {**UNIT, 'machine': '0/lxd/0', 'subordinates': {'sub/0': UNIT}},
                'web/1': {**UNIT, 'machine': '0'},
            },
        },
        'sub': {**ACTIVE, 'subordinate-to': ['web']},
    },
    'application-endpoints': {'db': {'url': 'lab:admin/x.db', **ACTIVE}},
    'offers': {'web': {'application': 'web'}},
}
Place = tuple[str, ...]
ZERO: Place = ('machines', '0')
CONTAINER: Place = (*ZERO, 'containers', '0/lxd/0')
WEB: Place = ('applications', 'web')
FIRST: Place = (*WEB, 'units', 'web/0')
BESIDE: Place = (*FIRST, 'subordinates', 'sub/0')
SUB: Place = ('applications', 'sub')
DB: Place = ('application-endpoints', 'db')
OBJECTS = (ZERO, CONTAINER, WEB, FIRST, BESIDE, SUB, DB, ('offers', 'web'))
# With the units of whose readings it is told.
READ: dict[Place, list[str]] = {
    (*ZERO, 'juju-status'): ['web/1'],
    (*ZERO, 'machine-status'): ['web/1'],
    ZERO: ['web/1'],
    (*CONTAINER, 'juju-status'): ['web/0', 'sub/0'],
    (*CONTAINER, 'machine-status'): ['web/0', 'sub/0'],
    CONTAINER: ['web/0', 'sub/0'],
    (*WEB, 'application-status'): ['web/0', 'web/1'],
    (*SUB, 'application-status'): ['sub/0'],
    SUB: ['sub/0'],
    (*FIRST, 'workload-status'): ['web/0'],
    (*FIRST, 'juju-status'): ['web/0'],
    FIRST: ['web/0'],
    (*BESIDE, 'workload-status'): ['sub/0'],
    (*BESIDE, 'juju-status'): ['sub/0'],
    BESIDE: ['sub/0'],
}


def failing(place: Place) -> Model:
    """Return the model of which Juju could not tell what is there."""
    document = copy.deepcopy(STATUS)
    at = document
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = ERROR
    return decode(json.dumps(document).encode())


def unseen(model: Model) -> Snapshot:
    """Return the snapshot of a sweep in which no unit that has a machine has a hook."""
    units = list(model.units())
    lost = [unit for unit in units if not unit.machine]
    way = CollectPlan(ScriptAsker(FakeReach({})), FanoutLimits(workers=1))
    readings = dict(collect(way, model, lost, Deadline.after(PATIENCE)).readings)
    for unit in units:
        if unit.machine:
            readings[unit.name] = silent_reading(model, unit, Outcome.NOT_SHIPPED, '', NOW)
    return conclude(Evidence(model, readings, NOW, 1.0))


def names(place: Sequence[str]) -> str:
    return '.'.join(place)


@pytest.mark.parametrize('place', READ, ids=names)
def test_the_readings_of_its_units_say_so_and_nothing_that_nobody_knows(place: Place) -> None:
    readings = {one.unit.name: one for one in unseen(failing(place)).readings()}
    for name in READ[place]:
        assert SAID in readings[name].message
        assert readings[name].health is Health.UNKNOWN
    for reading in readings.values():
        assert 'no machine yet' not in reading.message
        assert 'says nothing' not in reading.message


@pytest.mark.parametrize('place', OBJECTS, ids=names)
def test_what_a_whole_object_hides_is_named_as_what_cannot_be_read(place: Place) -> None:
    snapshot = unseen(failing(place))
    assert snapshot.faults == (f'juju status: {names(place)}: {SAID}',)


def test_a_service_of_which_juju_cannot_tell_says_so() -> None:
    services = {one.name: one for one in unseen(failing(WEB)).services}
    assert services['web'].health is Health.UNKNOWN
    assert 'cannot read it: EOF' in services['web'].message


@pytest.mark.parametrize('place', [(*DB, 'application-status'), DB], ids=names)
def test_of_a_saas_it_is_juju_s_word(place: Place) -> None:
    status = failing(place).saas['db'].status
    assert (status.current, status.message) == ('status-error', 'cannot read it: EOF')


def test_of_the_model_and_of_a_machine_without_units_it_is_told() -> None:
    of_model = unseen(failing(('model', 'model-status')))
    of_machine = unseen(failing(('machines', '1')))
    for snapshot in (of_model, of_machine):
        assert SAID in ' '.join(snapshot.faults)


def test_a_unit_that_waits_for_its_machine_is_told_from_one_that_juju_cannot_tell_of() -> None:
    untold = next(unit for unit in failing(FIRST).units() if unit.name == 'web/0')
    assert meant(Outcome.UNASSIGNED, untold) == 'juju could not tell which machine it is on'
    waiting = replace(untold, workload=replace(untold.workload, failed=False))
    waiting = replace(waiting, agent=waiting.workload)
    assert meant(Outcome.UNASSIGNED, waiting) == 'it has no machine yet'
