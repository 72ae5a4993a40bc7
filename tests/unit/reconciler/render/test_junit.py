"""The JUnit document: valid by the schema of Jenkins, and red exactly where the exit code is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from lxml import etree

from charm.kernel.report import Health
from reconciler.judge.sweep_exit_code import exit_code
from reconciler.render.cases import safe
from reconciler.render.programs import junit
from reconciler.values.readings import Snapshot
from tests.support.render_cases import (
    CASES,
    HOSTILE,
    OPTIONS,
    assert_golden,
    rich,
    snapshots,
    tolerant,
)
from tests.support.tree import TESTS

SCHEMA = etree.XMLSchema(etree.parse(str(TESTS / 'data' / 'junit-10.xsd')))


def _read(snapshot: Snapshot) -> etree._Element:
    return etree.fromstring(junit.render(snapshot, OPTIONS).encode())


@pytest.mark.parametrize('case', CASES)
def test_the_output_is_the_golden_one(case: str) -> None:
    assert_golden(case, 'junit', junit.render(CASES[case](), OPTIONS))


@pytest.mark.slow
@settings(deadline=None)
@given(snapshots())
def test_every_document_is_valid_by_the_schema(snapshot: Snapshot) -> None:
    SCHEMA.assertValid(_read(snapshot))


@settings(deadline=None)
@given(snapshots())
def test_it_is_red_exactly_where_the_exit_code_is_not_0(snapshot: Snapshot) -> None:
    root = _read(snapshot)
    red = int(root.get('failures', '')) + int(root.get('errors', ''))

    assert (red > 0) == (exit_code(snapshot, Health.WARN) != 0)


@pytest.mark.slow
@given(snapshots())
def test_the_counts_are_those_of_the_cases(snapshot: Snapshot) -> None:
    for suite in _read(snapshot).iter('testsuite'):
        for attribute, kind in (
            ('failures', 'failure'),
            ('errors', 'error'),
            ('skipped', 'skipped'),
        ):
            assert int(suite.get(attribute, '')) == len(suite.findall(f'testcase/{kind}'))
        assert int(suite.get('tests', '')) == len(suite.findall('testcase'))


def test_a_hostile_message_comes_through_as_text() -> None:
    root = _read(rich())
    told = {one.get('message') for one in root.iter('failure')}

    assert {safe(text) for text in HOSTILE} <= told
    assert {child.tag for failure in root.iter('failure') for child in failure} == set()


def test_what_the_rule_tolerates_is_skipped_with_its_reason() -> None:
    root = _read(tolerant())

    assert [one.get('message') for one in root.iter('skipped')] == [
        'fail, which the rule of the service tolerates: 503'
    ]
    assert root.get('failures') == root.get('errors') == '0'
