"""What can be written in a definition, and what a report holds, is in the documentation."""

from __future__ import annotations

import json
import re

import pytest

from charm.checks.kinds import BUILT_IN, CHECKS
from charm.checks.options import option_names
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
