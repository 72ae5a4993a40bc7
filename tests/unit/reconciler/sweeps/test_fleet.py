"""Several models: one document, one verdict; a model that fails costs only itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jsonschema
import pytest
import referencing
from prometheus_client.openmetrics import parser

from charm.kernel.report import Health
from reconciler.causes.explain import explain
from reconciler.judge.conclude import Evidence, conclude
from reconciler.render import RENDERERS, RenderOptions
from reconciler.render.people import fleet as many
from reconciler.saved.sweep_document import decode, decode_any
from reconciler.sweeps.all_models import failure
from reconciler.sweeps.cross_model import join
from reconciler.sweeps.fleet import Fleet
from reconciler.values.errors import ControllerUnreachable
from reconciler.values.model import (
    Application,
    Machine,
    Model,
    Relation,
    Saas,
    SaasEndpoint,
    StatusInfo,
)
from reconciler.values.model import Unit as ModelUnit
from reconciler.values.readings import Outcome, Reading, Role, Snapshot
from tests.support.fleets import fleet, three, told
from tests.support.golden import check_golden
from tests.support.snapshots import NOW, check, reported, silent, snapshot, troubled, well
from tests.support.tree import ROOT

SCHEMAS = ROOT / 'reconciler' / 'render'
OPTIONS = RenderOptions(NOW)


def test_the_verdict_is_that_of_the_worst_model() -> None:
    assert fleet(a=well(), b=troubled()).health is Health.FAIL
    assert fleet(a=well()).health is Health.PASSED
    assert fleet(a=well(), lost=failure('x', NOW)).health is Health.UNKNOWN


def test_a_model_in_which_nothing_is_deployed_has_no_say_but_no_model_at_all_is_unknown() -> None:
    empty = snapshot(())
    assert fleet(a=well(), empty=empty).health is Health.PASSED
    assert fleet(empty=empty).health is Health.PASSED
    assert fleet(empty=empty, lost=failure('x', NOW)).health is Health.UNKNOWN
    assert replace(fleet(), notes=('prod: left out: it is being removed',)).health is Health.PASSED
    assert fleet().health is Health.UNKNOWN


def test_a_model_that_was_not_swept_makes_it_incomplete() -> None:
    assert fleet(a=well()).complete
    assert not three().complete
    assert not replace(fleet(a=well()), faults=('controller k2: i/o timeout',)).complete


def test_names_in_the_merged_snapshot_begin_with_the_model() -> None:
    merged = three().merged()
    assert {one.name for one in merged.services} == {
        *('lab:prod/db', 'lab:prod/ok', 'lab:prod/web', 'lab:well/web')
    }
    assert merged.services[0].name == 'lab:prod/db', 'problems come first'
    assert any(fault.startswith('k2:shop: cannot use') for fault in merged.faults)


def test_advice_names_the_model_it_is_about() -> None:
    (reading,) = [r for r in three().merged().readings() if r.outcome is Outcome.UNREACHABLE]
    assert str(reading.advice) == 'see whether it is up: juju show-machine -m lab:prod 2'


def test_what_a_command_said_is_told_as_it_was_said() -> None:
    said = 'juju status: cannot use juju ssh here'
    failed = failure('lab:prod', NOW, ControllerUnreachable(said))
    faults = fleet(prod=failed).merged().faults
    assert faults[0].endswith(said)


def test_models_of_one_name_and_two_owners_keep_their_full_names() -> None:
    merged = Fleet({'lab:ann/x': troubled(), 'lab:bob/x': well()}, NOW, 1.0).merged()
    assert {one.name for one in merged.services} >= {'lab:ann/x/web', 'lab:bob/x/web'}
    commands = [one.command for one in explain(merged, 'lab:ann/x/db').advice]
    assert [one.split()[:4] for one in commands] == [
        *(['juju', name, '-m', 'lab:ann/x'] for name in ('integrate', 'integrate', 'ssh'))
    ]
    assert 'ssh -m lab:ann/x db/0 ' in commands[-1]


def test_what_is_to_be_done_in_each_model_is_said_for_each() -> None:
    unit = ModelUnit('web/0', 'web', '0')
    a, b = (
        snapshot((silent(unit, Outcome.REFUSED_KEY, 'no', Model(name, 'lab')),)) for name in 'ab'
    )
    text = many.render(fleet(a=a, b=b), 'table', RenderOptions(NOW, width=200))
    assert 'juju add-ssh-key -m lab:a ' in text
    assert 'juju add-ssh-key -m lab:b ' in text


@pytest.mark.parametrize('form', RENDERERS)
def test_every_format_shows_every_model(form: str) -> None:
    text = many.render(three(), form, OPTIONS)
    if form != 'summary':  # which has room for what is not well only
        assert 'well' in text
    assert 'shop' in text or form in ('openmetrics', 'textfile')
    check_golden(f'fleet.2.{form}', text)


def test_the_json_is_what_its_schema_says_and_is_read_back() -> None:
    text = many.render(three(), 'json', OPTIONS)
    schemas = [json.loads(path.read_text()) for path in sorted(SCHEMAS.glob('*.schema.json'))]
    registry: referencing.Registry[Any] = referencing.Registry().with_contents(
        [(schema['$id'], schema) for schema in schemas]
    )
    (own,) = [schema for schema in schemas if 'fleet' in schema['$id']]
    jsonschema.Draft202012Validator(own, registry=registry).validate(json.loads(text))
    found = decode_any(text.encode())
    assert isinstance(found, Fleet)
    assert many.render(found, 'json', OPTIONS) == text
    assert decode(text.encode()).health is Health.FAIL


def test_metrics_of_several_models_are_one_exposition_with_each_family_once() -> None:
    text = many.render(three(), 'openmetrics', OPTIONS)
    read = parser.text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
    found = {one.name: one for one in read}
    samples = found['juju_health_sweep_complete'].samples
    assert {(s.labels['controller'], s.labels['model']): s.value for s in samples} == {
        ('lab', 'prod'): 1,
        ('lab', 'well'): 1,
        ('k2', 'shop'): 0,
    }


# -- causes across models ------------------------------------------------------------------


def _concluded(model: Model, *readings: Reading) -> Snapshot:
    found = {reading.unit.name: reading for reading in readings}
    return conclude(Evidence(model, found, NOW - timedelta(seconds=9), 1.0))


def data(health: Health) -> Snapshot:
    unit = ModelUnit('postgresql/0', 'postgresql', '0')
    model = Model(
        'data',
        'lab',
        machines={'0': Machine('0')},
        applications={'postgresql': Application('postgresql', units=(unit,))},
        offers={'db-offer': 'postgresql'},
    )
    return _concluded(model, reported(unit, check('disk', health, 'full')))


def shop(url: str = 'lab:admin/data.db-offer') -> Snapshot:
    unit = ModelUnit('web/0', 'web', '0')
    web = Application('web', units=(unit,), relations=(Relation('db', 'pg', 'pgsql'),))
    pg = Saas(
        'pg',
        url,
        StatusInfo('active'),
        (Relation('db', 'web'),),
        (SaasEndpoint('db', 'pgsql', 'provider'),),
    )
    model = Model('shop', 'lab', machines={'0': Machine('0')}, applications={'web': web})
    return _concluded(
        replace(model, saas={'pg': pg}), reported(unit, check('db-cxn', Health.FAIL, 'refused'))
    )


def test_a_service_of_another_model_is_found_to_be_the_cause() -> None:
    found = join(fleet(data=data(Health.FAIL), shop=shop()))
    (web,) = found.snapshots['lab:admin/shop'].services
    assert web.blame is not None
    assert web.blame.role is Role.VICTIM
    assert str(web.blame.path[-1]) == 'lab:data/postgresql'
    cause = found.merged().causes[0]
    assert (str(cause.node), cause.victims) == ('lab:data/postgresql', ('lab:shop/web',))


@pytest.mark.parametrize(
    ('health', 'url'),
    [
        (Health.PASSED, 'lab:admin/data.db-offer'),
        (Health.FAIL, 'k2:admin/data.db-offer'),
        (Health.FAIL, 'lab:bob/data.db-offer'),
        (Health.FAIL, 'lab:admin/data.other'),
        (Health.FAIL, ''),
    ],
)
def test_what_is_well_or_elsewhere_explains_nothing(health: Health, url: str) -> None:
    before = fleet(data=data(health), shop=shop(url))
    assert join(before) == before


@pytest.mark.parametrize('patterns', [(), ('web',), ('web/0',), ('w*', 'web/1')])
def test_a_cause_elsewhere_changes_what_explains_a_model_and_nothing_else(
    patterns: Sequence[str],
) -> None:
    units = [ModelUnit(f'web/{number}', 'web', '0') for number in range(3)]
    model = shop().model
    web = replace(model.applications['web'], units=tuple(units))
    model = replace(model, applications={'web': web}, faults=('machine 7: no object',))
    chosen = units[:1] if patterns == ('web/0',) else units
    readings = {one.name: reported(one, check('db-cxn', Health.WARN, 'slow')) for one in chosen}
    evidence = Evidence(model, readings, NOW, 1.0, False, ('machine 0: old/0 is gone from Juju',))
    before = conclude(evidence, patterns)
    assert len(before.faults) == 2

    found = join(fleet(data=data(Health.FAIL), shop=before), patterns)
    after = found.snapshots['lab:admin/shop']
    assert after.services[0].blame != before.services[0].blame
    unexplained = [replace(service, blame=None) for service in after.services]
    assert unexplained == [replace(service, blame=None) for service in before.services]
    assert replace(after, services=(), causes=()) == replace(before, services=(), causes=())


def test_a_silent_unit_keeps_its_model_in_the_merged_table() -> None:
    unit = ModelUnit('web/0', 'web', '0')
    lost = silent(unit, Outcome.REFUSED_KEY, 'no', Model('a', 'lab'))
    text = many.render(fleet(a=told(snapshot((lost,)), 'a')), 'table', OPTIONS)
    assert 'lab:a/web/0' in text
    assert 'juju add-ssh-key -m lab:a' in text
