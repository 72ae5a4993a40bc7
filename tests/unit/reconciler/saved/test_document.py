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
from reconciler.render.programs.document import to_document
from reconciler.saved.document import decode
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
from tests.support.snapshots import NOW, troubled
from tests.support.strategies import HEALTHS, NAMES, NODES, RATIOS, STATES, TEXTS, TIMES, reports

# The document has milliseconds.
SECONDS = st.integers(0, 10**9).map(lambda number: number / 1000)
MOMENTS = st.integers(0, 10**9).map(lambda number: NOW + timedelta(milliseconds=number))
COUNTS = st.integers(0, 10**6)
LISTS = st.lists(TEXTS, max_size=3).map(tuple)
SAVED_STATES = st.none() | STATES.map(
    lambda one: replace(
        one, duration=None if one.duration is None else float(int(one.duration)) / 1000
    )
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
        duration_seconds=st.none() | SECONDS,
        attempts=COUNTS,
        via=TEXTS,
        last=st.none() | reports(),
        age_seconds=st.none() | SECONDS,
        hint=TEXTS,
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
    names['hint'] = 'advice'
    wanted = {names.get(one.name, one.name) for one in fields(kind)}
    assert wanted - make().keys() == set()


def document() -> dict[str, Any]:
    return to_document(troubled())


def test_keys_that_are_not_known_are_ignored_and_old_ones_may_be_missing() -> None:
    found = document()
    found['weather'] = found['services'][0]['weather'] = {'today': ['rain']}
    for key in ('causes', 'views', 'faults'):
        del found[key]
    for key in ('because', 'blame', 'suppressed'):
        del found['services'][0][key]
    snapshot = decode(json.dumps(found).encode())
    first, *others = troubled().services
    assert snapshot.services == (replace(first, because='', blame=None), *others)
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


def broken(change: Callable[[dict[str, Any]], None]) -> bytes:
    found = document()
    change(found)
    return json.dumps(found).encode()


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
    ],
)
def test_what_cannot_be_read_is_named(data: bytes, path: str, reason: str) -> None:
    with pytest.raises(SavedError) as caught:
        decode(data)
    assert caught.value.path == path
    assert reason in str(caught.value)
    assert str(caught.value).startswith('cannot read')


@settings(deadline=None)
@given(st.recursive(st.none() | st.integers() | TEXTS, lambda i: st.lists(i, max_size=2)))
def test_nonsense_is_refused_and_never_crashes(value: Any) -> None:
    for key in document():
        try:
            decode(json.dumps({**document(), key: value}).encode())
        except SavedError:
            continue
