"""Saved sweeps: what was written is read back, and what cannot be read is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charm.kernel.report import Health
from reconciler.render import RENDERERS, RenderOptions
from reconciler.saved.sweep_document import decode, to_document
from reconciler.values.advice import Advice
from reconciler.values.errors import SavedError
from reconciler.values.model import Model, Unit
from reconciler.values.readings import (
    Blame,
    Cause,
    Coverage,
    Outcome,
    Reading,
    Role,
    ServiceHealth,
    Snapshot,
    Suppression,
    ViewHealth,
)
from tests.support.documents import broken, document
from tests.support.snapshots import NOW, troubled
from tests.support.strategies import (
    HEALTHS,
    NAMES,
    NODES,
    RATIOS,
    STATES,
    TEXTS,
    TIMES,
    reports,
)

# The document has milliseconds.
SECONDS = st.integers(0, 10**9).map(lambda number: number / 1000)
MOMENTS = st.integers(0, 10**9).map(lambda number: NOW + timedelta(milliseconds=number))
COUNTS = st.integers(0, 10**6)
LISTS = st.lists(TEXTS, max_size=3).map(tuple)
SAVED_STATES = st.none() | STATES.map(
    lambda state: replace(state, duration=state.duration and int(state.duration) / 1000)
)
PATHS = st.lists(NODES, max_size=3).map(tuple)
BLAMES = st.builds(Blame, st.sampled_from(list(Role)), PATHS, TEXTS)
SUPPRESSIONS = st.builds(Suppression, TEXTS, TEXTS, TEXTS, MOMENTS, TEXTS)
CAUSES = st.builds(Cause, NODES, HEALTHS, TEXTS, LISTS)
VIEWS = st.builds(ViewHealth, TEXTS, HEALTHS, TEXTS, TEXTS, RATIOS, LISTS)


@st.composite
def services(draw: st.DrawFn) -> ServiceHealth:
    name = draw(NAMES)
    readings = st.builds(
        Reading,
        unit=st.builds(
            Unit,
            name=NAMES,
            application=st.just(name),
            machine=TEXTS,
            principal=TEXTS,
            leader=st.booleans(),
        ),
        outcome=st.sampled_from(list(Outcome)),
        health=HEALTHS,
        qos=RATIOS,
        state=SAVED_STATES,
        report=st.none() | reports(),
        message=TEXTS,
        hook=TEXTS,
        received_at=TIMES,
        made_at=TIMES,
        duration_seconds=st.none() | SECONDS,
        attempts=COUNTS,
        via=TEXTS,
        last=st.none() | reports(),
        age_seconds=st.none() | SECONDS,
        advice=st.builds(Advice, TEXTS),
    )
    return ServiceHealth(
        name=name,
        health=draw(HEALTHS),
        qos=draw(RATIOS),
        state=draw(SAVED_STATES),
        rule=draw(TEXTS),
        coverage=draw(st.builds(Coverage, *[COUNTS] * len(fields(Coverage)))),
        readings=tuple(draw(st.lists(readings, max_size=2))),
        message=draw(TEXTS),
        because=draw(TEXTS),
        blame=draw(st.none() | BLAMES),
        suppressed=tuple(draw(st.lists(SUPPRESSIONS, max_size=2))),
    )


SNAPSHOTS = st.builds(
    Snapshot,
    model=st.builds(
        Model, name=TEXTS, controller=TEXTS, type=st.sampled_from(['iaas', 'caas']), version=TEXTS
    ),
    services=st.lists(services(), max_size=2).map(tuple),
    health=HEALTHS,
    started_at=MOMENTS,
    duration_seconds=SECONDS,
    complete=st.booleans(),
    faults=LISTS,
    causes=st.lists(CAUSES, max_size=2).map(tuple),
    views=st.lists(VIEWS, max_size=2).map(tuple),
)


@pytest.mark.slow
@settings(deadline=None)
@given(SNAPSHOTS)
def test_what_was_saved_is_read_back(snapshot: Snapshot) -> None:
    text = RENDERERS['json'](snapshot, RenderOptions(NOW))
    assert decode(text.encode()) == snapshot


@pytest.mark.parametrize(
    ('kind', 'make'),
    [
        (Snapshot, lambda: to_document(troubled())),
        (ServiceHealth, lambda: to_document(troubled())['services'][0]),
        (Reading, lambda: to_document(troubled())['services'][0]['units'][0]),
    ],
)
def test_every_field_is_in_the_document(kind: Any, make: Callable[[], dict[str, Any]]) -> None:
    names = {'readings': 'units', 'duration_seconds': 'duration', 'age_seconds': 'age'}
    wanted = {names.get(one.name, one.name) for one in fields(kind)}
    assert wanted - make().keys() == set()


def test_keys_that_are_not_known_are_ignored_and_old_ones_may_be_missing() -> None:
    found = document()
    found['weather'] = found['services'][0]['weather'] = {'today': ['rain']}
    for key in ('causes', 'views', 'faults'):
        del found[key]
    for key in ('because', 'blame', 'suppressed'):
        del found['services'][0][key]
    snapshot = decode(json.dumps(found).encode())
    first, *others = map(as_read, troubled().services)
    services = tuple(map(as_read, snapshot.services))
    assert services == (replace(first, because='', blame=None), *others)
    assert snapshot.causes == ()


def test_words_of_a_newer_version_claim_nothing() -> None:
    found = document()
    web = next(one for one in found['services'] if one['name'] == 'web')
    web['health'] = 'splendid'
    web['blame'] = {'role': 'scapegoat'}
    silent = next(unit for unit in web['units'] if unit['report'] is None)
    silent['outcome'] = 'asleep'
    snapshot = decode(json.dumps(found).encode())
    (service,) = [one for one in snapshot.services if one.name == 'web']
    assert service.health is Health.UNKNOWN
    assert service.blame is not None
    assert service.blame.role is Role.UNEXPLAINED
    assert Outcome.INVALID in {reading.outcome for reading in service.readings}


def as_read(service: ServiceHealth) -> ServiceHealth:
    """Return it with advice as the text that is saved."""
    return replace(
        service,
        readings=tuple(replace(one, advice=Advice(str(one.advice))) for one in service.readings),
    )


@pytest.mark.parametrize(
    ('data', 'path', 'reason'),
    [
        (b'', '', 'it is not JSON'),
        (b'[' * 100_000, '', 'it is not JSON'),
        (b'{"schema": 1, "schema": 1}', '', 'a key comes twice'),
        (b'{"schema": 1, "qos": NaN}', '', 'NaN is not JSON'),
        (b'[]', '', 'it is no JSON object'),
        (b'{}', 'schema', 'missing'),
        (b'{"schema": 2}', 'schema', 'newer'),
        (b'{"schema": 1}', 'services', 'missing'),
        (broken(lambda d: d.update(health=3)), 'health', 'a number where a string'),
        (broken(lambda d: d.update(duration=-1)), 'duration', 'less than none'),
        (
            broken(lambda d: d['services'][0].pop('health')),
            'services[0].health',
            'missing or empty',
        ),
        (
            broken(lambda d: d['services'][0]['units'][0].update(received_at='noon')),
            'services[0].units[0].received_at',
            'is not a time',
        ),
        (
            broken(lambda d: d['services'][0]['units'][0]['report']['checks'][0].pop('name')),
            'services[0].units[0].report.checks[0].name',
            'missing or empty',
        ),
        (
            broken(lambda d: d['services'][0]['coverage'].update(expected=1.5)),
            'services[0].coverage.expected',
            'is not a count',
        ),
        (
            broken(lambda d: d['services'][0].update(suppressed=[{'until': 'noon'}])),
            'services[0].suppressed[0].until',
            'is not a time',
        ),
        (broken(lambda d: d.update(complete='yes')), 'complete', 'a string where a boolean'),
        (broken(lambda d: d.update(causes={})), 'causes', 'an object where an array'),
        (broken(lambda d: d['services'].append(3)), 'services[3]', 'a number where an object'),
        (
            broken(lambda d: d['services'][1]['units'][0].update(qos=7)),
            'services[1].units[0].qos',
            '7 is not between 0.0 and 1.0',
        ),
        (
            broken(lambda d: d['services'][0]['units'][0].update(attempts=2**70)),
            'services[0].units[0].attempts',
            'is not a count',
        ),
        (
            broken(lambda d: d['services'][0]['units'][0]['report'].update(schema=9)),
            'services[0].units[0].report.schema',
            '9 is newer than 1',
        ),
        (
            broken(lambda d: d['services'][0]['units'][0].update(last=[])),
            'services[0].units[0].last',
            'an array where an object',
        ),
        (broken(lambda d: d.update(faults=['x'] * 1001)), 'faults', 'the limit is 1000'),
        (broken(lambda d: d.update({'\ud800': 1})), '', 'it cannot be taken in'),
        (broken(lambda d: d.update(models={'lab:a/b': 1})), 'models.lab:a/b', 'where an object'),
        (broken(lambda d: d.update(models={'b': {}})), 'models.b.services', 'missing'),
        (
            broken(lambda d: d.update(models={'lab:a/b': document()}, duration='long')),
            'duration',
            'a string where a number',
        ),
    ],
)
def test_what_cannot_be_read_is_named(data: bytes, path: str, reason: str) -> None:
    with pytest.raises(SavedError) as caught:
        decode(data)
    assert caught.value.path == path
    assert reason in str(caught.value)
    assert str(caught.value).startswith('cannot read')
