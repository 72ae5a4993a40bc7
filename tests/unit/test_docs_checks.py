"""What can be written in a definition, and what a report holds, is in the documentation."""

from __future__ import annotations

import dataclasses
import json
import re
import sys
from pathlib import Path

import pytest

from charm.checks import default_thresholds
from charm.checks.conversion import option_names
from charm.checks.kinds import BUILT_IN, CHECKS
from charm.checks.settling_rule import OPTIONS
from charm.kernel import report_json
from charm.kernel.strict_json import MAX_DEPTH, MAX_STRING
from charm.sources import discovery, plain_yaml
from charm.sources.entries import COMMON, read_entry
from charm.sources.monitors.kinds import KINDS
from tests.support.tree import DOCS, ROOT

PAGES = {
    name: (DOCS / f'{name}.md').read_text()
    for name in ('checks', 'sources', 'report', 'hysteresis')
}
SCHEMA = json.loads((ROOT / 'charm' / 'report.schema.json').read_text())


def section(kind: str) -> str:
    found = re.search(rf'^### {kind}\n(.*?)(?=^##)', PAGES['checks'] + '\n## end', re.M | re.S)
    assert found, f'docs/checks.md has no section {kind}'
    return found[1]


def documented(text: str) -> set[str]:
    """Return the words in the first column of the tables."""
    return {
        word
        for row in re.findall(r'^\|([^|]*)\|', text, re.MULTILINE)
        for word in re.findall(r'`([^`]+)`', row)
    }


@pytest.mark.parametrize('kind', CHECKS)
def test_every_option_of_every_kind_is_documented_and_no_other(kind: str) -> None:
    assert documented(section(kind)) == set(option_names(CHECKS[kind]))


@pytest.mark.parametrize('kind', CHECKS)
def test_every_default_threshold_stands_in_one_place_and_in_the_documentation(kind: str) -> None:
    module = Path(sys.modules[CHECKS[kind].__module__].__file__ or '').read_text()
    for option in dataclasses.fields(CHECKS[kind]):
        is_limit = re.match('(warn|fail|within|after)_|minimum$', option.name)
        if is_limit and isinstance(option.default, (int, float)) and option.default is not False:
            told = re.search(rf' {option.name}: .* = default_thresholds\.([A-Z_]+)$', module, re.M)
            assert told, f'{kind}: the default of {option.name} stands apart'
            assert getattr(default_thresholds, told[1]) == option.default
            assert written(option.default) in row(kind, option.name)


def row(kind: str, option: str) -> str:
    """Return the row of a kind's table that has the option."""
    return next(line for line in section(kind).split('\n') if f'`{option}`' in line)


def written(value: float) -> str:
    """Return a default as people write it."""
    return f'{value / 1024**3:g} GiB' if value >= 1024**3 else f'{value:g}'


def test_no_kind_is_documented_that_is_not_there() -> None:
    assert set(re.findall(r'^### (\S+)$', PAGES['checks'], re.MULTILINE)) == set(CHECKS)
    built_in = PAGES['checks'].partition('## Built-in checks')[2].partition('## Checks to')[0]
    assert tuple(re.findall(r'^### (\S+)$', built_in, re.MULTILINE)) == BUILT_IN


def test_every_common_key_is_documented() -> None:
    defining = PAGES['checks'].partition('## Defining')[2].partition('## Built-in')[0]
    assert documented(defining) == set(COMMON)
    assert documented(PAGES['hysteresis']) == set(OPTIONS)


@pytest.mark.parametrize('name', ['checks', 'hysteresis'])
def test_the_examples_of_definitions_are_good(name: str) -> None:
    blocks = re.findall(r'```yaml\n(.*?)```', PAGES[name], re.DOTALL)
    assert blocks
    for block in blocks:
        for entry_name, entry in plain_yaml.load(block)['checks'].items():
            read_entry('docs', entry_name, entry)


def test_every_source_and_every_kind_of_monitor_is_documented() -> None:
    rows = re.findall(r'^\| `(\w+)` \| `(\w+)` \|', PAGES['sources'], re.MULTILINE)
    assert {f'{part}.{kind}' for part, kind in rows} == set(KINDS)
    for word in discovery.SOURCES:
        assert f'`{word}' in PAGES['sources']


def test_every_field_of_the_report_is_documented() -> None:
    words = documented(PAGES['report'])
    fields = {
        *SCHEMA['properties'],
        *SCHEMA['$defs']['check']['properties'],
        *SCHEMA['$defs']['state']['properties'],
    }
    assert fields <= words
    assert words - fields == {'data.settling'}


def test_the_example_of_a_report_is_one() -> None:
    (block,) = re.findall(r'```json\n(.*?)```', PAGES['report'], re.DOTALL)
    report = report_json.decode(block.encode())
    assert set(json.loads(block)) == set(SCHEMA['properties'])
    assert json.loads(report_json.encode(report)) == json.loads(block)


def test_the_bounds_in_the_documentation_are_those_of_the_code() -> None:
    assert f'| {MAX_DEPTH} levels |' in PAGES['report']
    assert f'| {MAX_STRING} characters |' in PAGES['report']
    assert f'| {report_json.MAX_CHECKS} |' in PAGES['report']
