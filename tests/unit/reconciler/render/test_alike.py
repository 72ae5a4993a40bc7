"""In a model of 1,469 units whoever looks for ten seconds sees the six services that fail."""

from __future__ import annotations

import functools
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from charm.kernel.report import Health
from reconciler.collect.interpret import silent_reading
from reconciler.config import health_yaml
from reconciler.judge.conclude import Evidence, conclude
from reconciler.juju import status
from reconciler.render import RENDERERS, RenderOptions
from reconciler.render.alike import finding_lines, service_lines
from reconciler.render.programs.nagios import MAX_BYTES
from reconciler.values.model import Model
from reconciler.values.readings import Coverage, Outcome, Reading, Snapshot
from tests.support.crowded import REASONS, crowded
from tests.support.juju_said import seen

NOW = datetime(2026, 11, 23, 8, 9, tzinfo=timezone.utc)
WIDTHS = (60, 80, 120, 200)


@functools.cache
def model() -> Model:
    return status.decode(crowded())


@functools.cache
def untouched() -> Snapshot:
    """Return what is known with nothing deployed: what Juju says."""
    readings = {
        unit.name: silent_reading(model(), unit, Outcome.NOT_SHIPPED, '', NOW)
        for unit in model().units()
    }
    return conclude(Evidence(model(), readings, NOW, 9.0))


@functools.cache
def deployed() -> Snapshot:
    """Return the same where every principal reported, and passed."""
    readings: dict[str, Reading] = {}
    for unit in model().units():
        silent = silent_reading(model(), unit, Outcome.NOT_SHIPPED, '', NOW)
        readings[unit.name] = silent if unit.principal else seen(model(), unit)
    return conclude(Evidence(model(), readings, NOW, 9.0))


def table(snapshot: Snapshot, width: int, **options: bool) -> list[str]:
    form = RENDERERS['table']
    return form(snapshot, RenderOptions(NOW, width=width, **options)).splitlines()


@pytest.mark.parametrize('width', WIDTHS)
@pytest.mark.parametrize('found', [untouched, deployed])
def test_it_is_at_most_sixty_lines_and_the_six_stand_at_the_top(found: object, width: int) -> None:
    assert callable(found)
    lines = table(found(), width)
    assert len(lines) <= 60
    assert max(map(len, lines)) <= width
    top = ' '.join(' '.join(lines[:24]).split())
    for number, reason in enumerate(REASONS):
        assert f'app{7 * number + 3:02d}' in top
        # A reason may take several lines beside other columns; its last word tells it.
        assert reason.split()[-1] in top


@pytest.mark.parametrize('width', WIDTHS)
def test_no_word_is_broken(width: int) -> None:
    words = {word for line in table(untouched(), width) for word in line.split()}
    for word in ' '.join(REASONS).split():
        assert word in words


def test_the_newest_comes_first_and_what_nobody_looked_at_last() -> None:
    names = [line.name for line in service_lines(untouched().services, RenderOptions(NOW))]
    assert names[:6] == ['app38', 'app31', 'app24', 'app17', 'app10', 'app03']
    assert names[-1] == '87 services'


def test_those_that_passed_are_one_line_where_there_are_many() -> None:
    lines = service_lines(deployed().services, RenderOptions(NOW))
    passed = lines[-1]
    assert passed.name == '54 services'
    assert (passed.coverage.reported, passed.coverage.expected) == (178, 178)
    few = [service for service in deployed().services if service.health is Health.PASSED][:20]
    assert len(service_lines(few, RenderOptions(NOW))) == 20


@pytest.mark.parametrize('form', ['table', 'tree', 'markdown', 'nagios'])
def test_everything_is_shown_to_who_asks_for_it(form: str) -> None:
    text = RENDERERS[form](untouched(), RenderOptions(NOW, width=200, everything=True))
    if form != 'nagios':
        assert all(f'{name}' in text for name in model().applications)
    folded = RENDERERS[form](untouched(), RenderOptions(NOW, width=200))
    assert len(folded.splitlines()) < 60
    assert len(text.splitlines()) > len(folded.splitlines())


def test_nagios_has_room_for_all_that_fails() -> None:
    text = RENDERERS['nagios'](untouched(), RenderOptions(NOW))
    assert len(text.encode()) <= MAX_BYTES
    assert all(reason in text for reason in REASONS)
    assert 'left out' not in text


def test_the_same_of_many_services_is_one_line_and_of_few_is_several() -> None:
    snapshot = untouched()
    silent = [line for line in finding_lines(snapshot, RenderOptions(NOW)) if 'of' in line.whom]
    assert [line.whom for line in silent] == ['1464 units of 93 services']
    three = replace(snapshot, services=snapshot.services[:3])
    whom = [line.whom for line in finding_lines(three, RenderOptions(NOW))]
    assert whom == ['app38/0', 'app31/0', 'app24/0', 'app38/1-2', 'app31/1-2', 'app24/1-2']


def test_what_an_operator_said_of_one_is_not_folded_away() -> None:
    services = untouched().services
    said = replace(services[-1], message='of its own')
    lines = service_lines((*services[:-1], said), RenderOptions(NOW))
    assert said.name in [line.name for line in lines]


def test_advice_is_one_line_for_many_and_none_where_it_cannot_work() -> None:
    lines = ' '.join(table(untouched(), 200))
    assert lines.count('deploy the health charm beside it') == 1
    assert '199 units of 60 services: no-hook:' in lines
    pods = replace(model(), type='caas')
    unit = next(iter(pods.units()))
    assert not silent_reading(pods, unit, Outcome.NOT_SHIPPED, '', NOW).advice


def test_a_since_that_is_younger_moves_a_service_up() -> None:
    (first, second, *_rest) = untouched().services
    assert first.state is not None
    assert second.state is not None
    assert first.state.since == second.state.since + timedelta(minutes=1)  # type: ignore[operator]


@pytest.mark.parametrize('form', ['table', 'tree', 'nagios', 'markdown'])
def test_a_unit_that_fails_in_a_service_that_passes_is_not_folded_away(form: str) -> None:
    readings = {reading.unit.name: reading for reading in deployed().readings()}
    bad = replace(next(model().units()), name='app00/0')
    readings['app00/0'] = seen(model(), bad, Health.FAIL)
    config = health_yaml.read('services: {app00: {rollup: best}}', '')
    found = conclude(Evidence(model(), readings, NOW, 9.0), config=config)
    assert next(one for one in found.services if one.name == 'app00').health is Health.PASSED
    text = RENDERERS[form](found, RenderOptions(NOW, width=200))
    assert 'app00' in text


def test_units_that_are_missing_are_not_folded_away() -> None:
    services = untouched().services
    lacking = replace(services[-1], coverage=Coverage(expected=3, no_hook=1, missing=2))
    lines = service_lines((*services[:-1], lacking), RenderOptions(NOW))
    assert lacking.name in [line.name for line in lines]
