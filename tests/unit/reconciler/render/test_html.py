"""The page: what a unit says is text in it, it is whole in one file, and it can be read by all."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from lxml import etree
from lxml import html as parser

from charm.kernel.report import Health
from reconciler.render.cases import safe
from reconciler.render.people import html
from reconciler.values.readings import Snapshot
from tests.support.render_cases import (
    CASES,
    DETAIL,
    HOSTILE,
    OPTIONS,
    assert_golden,
    rich,
    snapshot_of,
    snapshots,
    well,
)

# Every element and attribute of the template; a text that became markup would add one.
_ELEMENTS = """
    a body br caption code details div footer h1 h2 h3 h4 head header html input label li link main
    meta p section span strong style summary table tbody td th thead time title tr ul
"""
_ATTRIBUTES = """
    aria-hidden aria-label aria-labelledby charset class content datetime href http-equiv id
    lang name open rel role scope tabindex title type
"""


def _page(snapshot: Snapshot, detail: bool = False) -> parser.HtmlElement:
    return parser.document_fromstring(html.render(snapshot, DETAIL if detail else OPTIONS))


@pytest.mark.parametrize('case', CASES)
def test_the_output_is_the_golden_one(case: str) -> None:
    assert_golden(case, 'html', html.render(CASES[case](), OPTIONS))


@pytest.mark.slow
@settings(deadline=None)
@given(snapshots())
def test_no_text_becomes_an_element_or_an_attribute(snapshot: Snapshot) -> None:
    page = _page(snapshot, detail=True)
    elements = [element for element in page.iter() if isinstance(element.tag, str)]

    assert {element.tag for element in elements} <= set(_ELEMENTS.split())
    assert {name for element in elements for name in element.attrib} <= set(_ATTRIBUTES.split())
    assert not [node for node in page.iter() if node.tag is etree.Comment]


@pytest.mark.slow
@settings(deadline=None)
@given(snapshots())
def test_nothing_in_it_leads_out_of_the_file(snapshot: Snapshot) -> None:
    page = _page(snapshot)
    links = [element.get('href') for element in page.iter('a', 'link')]

    assert all(link == 'data:,' or link.startswith('#') for link in links)
    anchors = [element.get('id') for element in page.iter() if element.get('id')]
    assert len(anchors) == len(set(anchors))
    assert {link[1:] for link in links if link.startswith('#')} <= set(anchors)
    (style,) = page.iter('style')
    assert 'url(' not in style.text
    assert '@import' not in style.text


def test_every_hostile_message_can_be_read_in_full() -> None:
    told = {' '.join(cell.text_content().split()) for cell in _page(rich()).iter('td')}

    assert {safe(text) for text in HOSTILE} <= told


def test_what_is_not_well_is_open_and_what_passed_is_closed() -> None:
    found = {
        one.find('summary').text_content().split()[-1]: 'open' in one.attrib
        for one in _page(rich()).iter('details')
    }

    assert found['mysql']
    assert not found['haproxy']
    assert all('open' in one.attrib for one in _page(well(), detail=True).iter('details'))


def test_each_table_has_a_caption_and_heads_for_rows_and_columns() -> None:
    for table in _page(rich()).iter('table'):
        assert table.find('caption').text_content()
        assert {head.get('scope') for head in table.iter('th')} == {'row', 'col'}


def test_health_is_told_by_word_and_sign_and_not_only_by_colour() -> None:
    badges = [one for one in _page(rich()).iter('span') if 'badge' in one.get('class', '')]
    words = {badge.text_content().split()[1] for badge in badges}

    assert words == {health.value for health in Health}
    assert len({badge.text_content().split()[0] for badge in badges}) == len(Health)


def test_the_policy_lets_no_script_run_and_nothing_load() -> None:
    (policy,) = _page(rich()).xpath('//meta[@http-equiv="Content-Security-Policy"]/@content')

    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert 'script-src' not in policy


def _luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2.2."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize('scheme', [0, 1], ids=['light', 'dark'])
def test_every_text_colour_has_the_contrast_that_level_aa_wants(scheme: int) -> None:
    style = next(_page(snapshot_of([])).iter('style')).text
    block = re.findall(r':root \{(.*?)\}', style, re.DOTALL)[scheme]
    colours = dict(re.findall(r'--(\w+): (#[0-9a-f]{6})', block))

    assert len(colours) == 10
    for ground in ('paper', 'shade'):
        for name in ('ink', 'quiet', 'link', 'passed', 'warn', 'unknown', 'fail'):
            one, other = sorted((_luminance(colours[ground]), _luminance(colours[name])))
            assert (other + 0.05) / (one + 0.05) >= 4.5, f'{name} on {ground}'
