"""`application/health+json`: what the draft allows, and nothing that it would read as better."""

from __future__ import annotations

import json

import jsonschema
import pytest
from hypothesis import given, settings

from charm.kernel.report import Health
from reconciler.render.cases import overall_health
from reconciler.render.programs import health_json
from reconciler.values.readings import Snapshot
from tests.support.health_json_schema import SCHEMA
from tests.support.render_cases import CASES, OPTIONS, assert_golden, rich, snapshots


@pytest.mark.parametrize('case', CASES)
def test_the_output_is_the_golden_one(case: str) -> None:
    assert_golden(case, 'health-json', health_json.render(CASES[case](), OPTIONS))


@pytest.mark.slow
@settings(deadline=None)
@given(snapshots())
def test_every_document_is_what_the_draft_describes(snapshot: Snapshot) -> None:
    jsonschema.validate(json.loads(health_json.render(snapshot, OPTIONS)), SCHEMA)


@pytest.mark.slow
@settings(deadline=None)
@given(snapshots())
def test_only_what_passed_passes(snapshot: Snapshot) -> None:
    document = json.loads(health_json.render(snapshot, OPTIONS))

    assert (document['status'] == 'pass') == (overall_health(snapshot) is Health.PASSED)
    for items in document['checks'].values():
        assert all((item['status'] == 'pass') == (item['health'] == 'passed') for item in items)


def test_the_units_of_a_service_stand_under_the_same_check() -> None:
    checks = json.loads(health_json.render(rich(), OPTIONS))['checks']

    assert [item['componentId'] for item in checks['mysql:disk-space']] == ['mysql/0', 'mysql/1']
    assert checks['mysql:report'][0]['health'] == 'unknown'
    assert checks['mysql:report'][0]['status'] == 'fail'
