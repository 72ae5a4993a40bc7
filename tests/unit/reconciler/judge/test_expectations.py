"""Green means what the operator says it means, and every sweep tells what that is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

import pytest

from charm.kernel.report import Health
from reconciler.causes.explain import explain
from reconciler.collect.interpret import silent_reading
from reconciler.config import health_yaml
from reconciler.config.settings import Config
from reconciler.config.unknown_names import strangers
from reconciler.judge.conclude import Evidence, conclude
from reconciler.render import RENDERERS, RenderOptions
from reconciler.saved.sweep_document import decode
from reconciler.sweeps.fleet import Fleet
from reconciler.values.errors import ConfigError, UsageError
from reconciler.values.model import Application, Model, StatusInfo
from reconciler.values.outcomes import HEARD, Depth
from reconciler.values.readings import Outcome, Reading, Snapshot
from tests.support.asked import NOW
from tests.support.juju_said import LOST, seen, unit_of, world


def said(text: str) -> Config:
    return health_yaml.read(text, 'health.yaml')


def model_of(workload: StatusInfo | None = None, agent: StatusInfo | None = None) -> Model:
    return world(unit_of(workload, agent), charm='nginx')


def silent(model: Model, outcome: Outcome = Outcome.NOT_SHIPPED) -> Reading:
    (unit,) = model.units()
    return silent_reading(model, unit, outcome, 'so it is', NOW)


def swept(
    model: Model, config: Config, *readings: Reading, patterns: tuple[str, ...] = ()
) -> Snapshot:
    known = {reading.unit.name: reading for reading in readings}
    return conclude(Evidence(model, known, NOW, 1.0), patterns, config)


@pytest.mark.parametrize('name', ['web', 'w*', 'charm:nginx', 'charm:ng*'])
def test_jujus_word_is_enough_where_the_operator_says_so(name: str) -> None:
    model = model_of()
    found = swept(model, said(f"services: {{'{name}': {{expect: juju-word}}}}"), silent(model))
    assert found.health is Health.PASSED
    (reading,) = found.readings()
    assert reading.message == 'juju status says active; health.yaml takes its word'
    assert (reading.evidence, bool(reading.advice)) == (Depth.JUJU, False)
    assert found.services[0].coverage.reported == 0
    assert found.notes == ("Juju's word was enough for 1 unit of web (health.yaml)",)


@pytest.mark.parametrize('name', ['other', 'charm:web', 'charm:other*', 'nginx'])
def test_it_is_enough_for_nobody_else(name: str) -> None:
    model = model_of()
    found = swept(model, said(f"services: {{'{name}': {{expect: juju-word}}}}"), silent(model))
    assert (found.health, found.notes) == (Health.UNKNOWN, ())


@pytest.mark.parametrize(
    ('workload', 'health'),
    [('blocked', Health.FAIL), ('waiting', Health.WARN), ('error', Health.FAIL)],
)
def test_a_bad_word_counts_as_ever(workload: str, health: Health) -> None:
    model = model_of(StatusInfo(workload, 'so'))
    found = swept(model, said('services: {web: {expect: juju-word}}'), silent(model))
    assert (found.health, found.notes) == (health, ())


def test_a_word_that_is_stale_is_none() -> None:
    model = model_of(agent=LOST)
    found = swept(model, said('services: {web: {expect: juju-word}}'), silent(model))
    assert found.health is not Health.PASSED
    assert found.readings()[0].evidence is Depth.NONE


@pytest.mark.parametrize('outcome', [o for o in Outcome if o not in (*HEARD, Outcome.NOT_SHIPPED)])
def test_one_that_was_asked_in_vain_is_no_better_for_it(outcome: Outcome) -> None:
    model = model_of()
    found = swept(model, said('services: {web: {expect: juju-word}}'), silent(model, outcome))
    assert found.health is not Health.PASSED


def test_what_was_seen_counts_for_more() -> None:
    model = model_of()
    bad = seen(model, unit_of(), Health.FAIL)
    found = swept(model, said('services: {web: {expect: juju-word}}'), bad)
    assert found.health is Health.FAIL
    assert found.readings()[0].evidence is Depth.OWN


def test_to_conclude_again_changes_nothing() -> None:
    config = said('services: {web: {expect: juju-word, juju: {waiting: warn}}}')
    for workload in ('active', 'waiting', 'blocked'):
        model = model_of(StatusInfo(workload, 'so'))
        once = swept(model, config, silent(model))
        assert swept(model, config, *once.readings()) == once


def test_an_application_that_is_to_have_no_units_is_well_without() -> None:
    config = said('services: {spare: {expect: no-units}}')
    model = Model('prod', 'lab', applications={'spare': Application('spare')})
    found = swept(model, config)
    assert found.health is Health.PASSED
    assert found.notes == ('no units are expected of spare (health.yaml)',)
    blocked = Application('spare', status=StatusInfo('blocked', 'no'))
    model = replace(model, applications={'spare': blocked})
    assert swept(model, config).health is Health.FAIL
    wanted = Application('spare', scale=2)
    model = replace(model, applications={'spare': wanted})
    assert swept(model, config).health is Health.UNKNOWN


def test_what_is_left_out_is_told_and_shown_to_who_names_it() -> None:
    model = model_of()
    config = said('services: {web: {expect: nothing}}')
    bad = seen(model, unit_of(), Health.FAIL)
    found = swept(model, config, bad)
    assert (found.services, found.notes) == ((), ('left out: web (health.yaml)',))
    assert found.health is Health.UNKNOWN, 'that nothing is left is no good news'
    assert swept(model, config, bad, patterns=('web',)).health is Health.FAIL


def test_every_format_for_people_tells_it_and_a_saved_sweep_keeps_it() -> None:
    model = model_of()
    found = swept(model, said('services: {web: {expect: juju-word}}'), silent(model))
    now = datetime.now(timezone.utc)
    for name, render in RENDERERS.items():
        text = render(found, RenderOptions(now, width=200))
        told = 'word was enough for 1 unit of web' in text
        assert told or name in ('textfile', 'openmetrics'), name
    again = decode(RENDERERS['json'](found, RenderOptions(now)).encode())
    assert again.notes == found.notes
    assert [one.evidence for one in again.readings()] == [Depth.JUJU]


def test_a_word_that_is_none_is_refused_with_its_place() -> None:
    with pytest.raises(ConfigError, match=r"services.web.expect: 'juju' is nothing to expect"):
        said('services: {web: {expect: juju}}')


def test_a_charm_that_the_model_lacks_is_named() -> None:
    model = model_of()
    assert not strangers(said('services: {"charm:ng*": {expect: nothing}}'), model)
    (stranger,) = strangers(said('services: {"charm:ngnix": {expect: nothing}}'), model)
    assert stranger[:2] == ('services.charm:ngnix', 'ngnix')
    assert "did you mean 'nginx'" in stranger[2]


def test_views_count_without_what_is_left_out() -> None:
    web, db = unit_of(), unit_of(name='db/0')
    model = replace(
        world(web),
        applications={
            one.application: Application(one.application, units=(one,)) for one in (web, db)
        },
    )
    config = said(
        'services: {web: {expect: nothing}}\n'
        'views: {shop: {services: [web, db]}, all: {services: ["*"]}, gone: {services: [web]}}\n'
    )
    readings = {one.name: seen(model, one) for one in (web, db)}
    found = conclude(Evidence(model, readings, NOW, 1.0), config=config)
    assert [(view.name, view.health) for view in found.views] == [
        ('shop', Health.PASSED),
        ('all', Health.PASSED),
    ]


def test_who_wants_what_is_left_out_explained_is_told_so() -> None:
    model = model_of()
    found = swept(model, said('services: {web: {expect: nothing}}'), seen(model, unit_of()))
    for name in ('web', 'web/0'):
        with pytest.raises(UsageError, match='leaves it out of the sweep'):
            explain(found, name)


def test_a_fleet_is_no_better_for_a_model_of_which_nothing_is_left() -> None:
    model = model_of()
    left = swept(model, said('services: {web: {expect: nothing}}'), seen(model, unit_of()))
    well = swept(model, Config(), seen(model, unit_of()))
    fleet = Fleet({'lab:a': well, 'lab:b': left}, NOW, 1.0)
    assert fleet.health is Health.UNKNOWN
    assert fleet.merged().notes == ('lab:b: left out: web (health.yaml)',)
