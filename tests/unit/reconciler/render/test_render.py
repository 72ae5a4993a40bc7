"""What is printed, byte for byte; REWRITE_GOLDEN=1 writes the files anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import jsonschema
import pytest
import yaml

from charm.kernel.report import Health
from reconciler.judge.sweep_exit_code import exit_code
from reconciler.render import RENDERERS, RenderOptions
from reconciler.values.model import Unit
from reconciler.values.readings import Outcome, Snapshot
from tests.support.golden import check_golden
from tests.support.snapshots import (
    NOW,
    aged,
    check,
    reported,
    silent,
    snapshot,
    stuck,
    troubled,
    well,
)
from tests.support.tree import DOCS, ROOT

UNIT = Unit('web/0', 'web', '0')

CASES = {'well': well, 'troubled': troubled, 'stuck': stuck}
# Those that a person reads or a program parses; the others have tests of their own.
DOCUMENTED = DOCS / 'outputs.md'
FORMATS = ('table', 'tree', 'json', 'jsonl', 'yaml')
SCHEMA = ROOT / 'reconciler' / 'render' / 'sweep.schema.json'


@pytest.mark.parametrize('form', RENDERERS)
def test_every_format_is_documented(form: str) -> None:
    table = [line for line in DOCUMENTED.read_text().splitlines() if line.startswith('| `')]
    assert any(f'`{form}`' in line for line in table)


@pytest.mark.parametrize('form', ['table', 'tree'])
@pytest.mark.parametrize('detail', [False, True], ids=['', 'detail'])
def test_people_see_how_old_the_last_report_of_a_stale_unit_is(form: str, detail: bool) -> None:
    found = RENDERERS[form](aged(), RenderOptions(NOW, unit_detail=detail))
    assert '1/4, 3 stale' in found or '1 of 4 reported, 3 stale' in found
    for unit, age in (('web/1', '1h5m'), ('web/2', '9d'), ('web/3', 'unknown age')):
        assert any(unit in line and age in line for line in found.splitlines()), unit
    check_golden(f'stale{"-detail" if detail else ""}.3.{form}', found)


def test_yaml_is_ascii_as_json_is_and_can_be_written_whatever_a_unit_says() -> None:
    said = 'é \u202eevil\u2066 \ufeff \x1b[2J'
    found = RENDERERS['yaml'](snapshot((silent(UNIT, Outcome.INVALID, said),)), RenderOptions(NOW))
    assert found.isascii()
    assert '\x1b' not in found
    (service,) = yaml.safe_load(found)['services']
    assert service['units'][0]['message'] == said
    half = RENDERERS['yaml'](
        snapshot((silent(UNIT, Outcome.INVALID, 'a\ud800b'),)), RenderOptions(NOW)
    )
    assert yaml.safe_load(half)['services'][0]['units'][0]['message'] == 'a?b'


@pytest.mark.parametrize('form', FORMATS)
@pytest.mark.parametrize('case', CASES)
def test_every_format_is_as_it_was(case: str, form: str) -> None:
    snapshot = CASES[case]()
    found = RENDERERS[form](snapshot, RenderOptions(NOW))
    check_golden(f'{case}.{exit_code(snapshot)}.{form}', found)


def test_the_detail_of_units_is_as_it_was() -> None:
    check_golden(
        'detail.2.table', RENDERERS['table'](troubled(), RenderOptions(NOW, unit_detail=True))
    )


@pytest.mark.parametrize('form', FORMATS)
def test_hostile_text_reaches_no_terminal(form: str) -> None:
    found = RENDERERS[form](troubled(), RenderOptions(NOW))
    assert '\x1b' not in found
    if form in ('table', 'tree'):
        assert '\u202e' not in found
        assert '[bold]route[/bold]' in found


def test_colour_is_only_where_it_is_allowed() -> None:
    assert '\x1b[' in RENDERERS['table'](troubled(), RenderOptions(NOW, colour=True))
    assert '\x1b[' not in RENDERERS['table'](troubled(), RenderOptions(NOW, colour=False))


@pytest.mark.parametrize('case', CASES.values(), ids=CASES)
def test_the_json_is_what_its_schema_says_and_the_yaml_is_the_same(
    case: Callable[[], Snapshot],
) -> None:
    found = json.loads(RENDERERS['json'](case(), RenderOptions(NOW)))
    jsonschema.validate(found, json.loads(SCHEMA.read_text()))
    assert yaml.safe_load(RENDERERS['yaml'](case(), RenderOptions(NOW))) == found


def test_the_schema_refuses_another_health() -> None:
    found = json.loads(RENDERERS['json'](well(), RenderOptions(NOW)))
    found['services'][0]['health'] = 'splendid'
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found, json.loads(SCHEMA.read_text()))


@pytest.mark.parametrize(
    ('health', 'complete', 'fail_on', 'code'),
    [
        (Health.PASSED, True, Health.WARN, 0),
        (Health.WARN, True, Health.WARN, 1),
        (Health.WARN, True, Health.FAIL, 0),
        (Health.UNKNOWN, True, Health.WARN, 3),
        (Health.UNKNOWN, True, Health.FAIL, 0),
        (Health.FAIL, True, Health.FAIL, 2),
        (Health.PASSED, False, Health.WARN, 3),
        (Health.FAIL, False, Health.WARN, 2),
    ],
)
def test_exit_codes(health: Health, complete: bool, fail_on: Health, code: int) -> None:
    snapshot = replace(well(), health=health, complete=complete)
    assert exit_code(snapshot, fail_on) == code


def test_the_age_of_a_stale_report_is_its_own_and_not_that_of_the_answer() -> None:
    old = reported(UNIT, check('load', Health.PASSED, 'idle'))
    stale = replace(
        silent(UNIT, Outcome.STALE, 'its last report is old'),
        last=old.report,
        received_at=NOW,
        age_seconds=185.0,
    )
    text = RENDERERS['table'](snapshot((stale,)), RenderOptions(NOW))
    assert '(stale)  3m5s' in text
    unknown = RENDERERS['table'](snapshot((replace(stale, age_seconds=None),)), RenderOptions(NOW))
    assert '(stale)  -' in unknown
    held = replace(old, received_at=NOW, age_seconds=61.0)
    detail = RENDERERS['table'](snapshot((held,)), RenderOptions(NOW, unit_detail=True))
    assert 'Report age  1m1s' in detail
