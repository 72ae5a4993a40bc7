"""Incidents are exported, pruned and set right with the history that they are in."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from charm.kernel.deadline import Deadline
from reconciler.history.database import Database
from reconciler.history.export import Period, documents, documents_of_no_model
from reconciler.history.find import known_models
from reconciler.history.incident_tables import deliveries, incidents, messages
from reconciler.history.moments import to_number
from reconciler.history.prune import Work, before, future, of_no_model_before
from reconciler.sweeps.all_models import failure
from reconciler.values.errors import ControllerUnreachable
from tests.support.outages import BEGIN, Outages, fall, rise, shop
from tests.support.patience import PATIENCE
from tests.support.recorded import rows


@pytest.fixture
def world(tmp_path: Path) -> Outages:
    world = Outages(Database(f'sqlite:///{tmp_path}/history.db'), shop(2))
    world.sweeps(2)
    fall(world.plan)
    world.sweeps(3)
    return world


def pruned(world: Outages, work: Work) -> int:
    return world.database.write(work, Deadline.after(PATIENCE)).incidents


def moment(minutes: float) -> int:
    return to_number(BEGIN + timedelta(minutes=minutes))


def counts(world: Outages) -> list[int]:
    return [len(rows(world.database, table)) for table in (incidents, messages, deliveries)]


def test_what_is_over_for_long_goes_with_all_that_was_said_of_it(world: Outages) -> None:
    with world.database.reading() as connection:
        (model,) = known_models(connection)
    now = moment(500)
    assert pruned(world, before(model, moment(4), now)) == 0
    rise(world.plan)
    world.sweeps(3)
    assert counts(world) == [1, 2, 2]
    assert pruned(world, before(model, moment(5), now)) == 0
    assert pruned(world, before(model, moment(7), now)) == 1
    assert counts(world) == [0, 0, 0]


def test_what_is_of_no_model_is_pruned_with_what_operators_said(world: Outages) -> None:
    for minute in (1, 2):
        at = world.now + timedelta(minutes=minute)
        lost = failure('lab:prod', at, ControllerUnreachable('i/o timeout'))
        world.sweep(found=lost, after=0)
    world.minute += 2
    rise(world.plan)
    world.sweeps(3)
    assert counts(world)[0] == 2
    assert pruned(world, of_no_model_before(moment(500))) == 1
    assert counts(world)[0] == 1


def test_what_a_clock_that_was_ahead_saw_goes_and_what_lasts_is_followed_again(
    world: Outages,
) -> None:
    with world.database.reading() as connection:
        (model,) = known_models(connection)
    world.sweep(after=60 * 24 * 365)
    pruned(world, future(model, moment(10)))
    world.minute = 10
    rise(world.plan)
    world.sweeps(3)
    assert [kind for _, kind, _ in world.told()][-1] == 'recovered'


def test_an_export_has_each_incident_and_each_message(world: Outages) -> None:
    rise(world.plan)
    world.sweeps(2)
    with world.database.reading() as connection:
        known = known_models(connection)
        found = list(documents(connection, known, Period()))
        assert list(documents_of_no_model(connection, Period())) == []
    (incident,) = (row for row in found if row['type'] == 'incident')
    assert (incident['model'], incident['kind'], incident['name']) == (
        *('lab:prod', 'service', 'mysql'),
    )
    assert incident['since'] == '2026-11-23T09:02:00Z'
    assert json.loads(incident['notice'])['incident'] == incident['incident']
    said = [row for row in found if row['type'] == 'message']
    assert [(row['kind'], row['channel'], row['state']) for row in said] == [
        ('firing', 'ops', 'overtaken'),
        ('recovered', 'ops', 'waiting'),
    ]
