"""Markdown: read by a real parser, whatever a unit says is text in a code span."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt
from markdown_it.token import Token

from charm.kernel.report import Health
from reconciler.render.cases import safe
from reconciler.render.people import markdown
from reconciler.values.readings import Snapshot
from tests.support.render_cases import (
    CASES,
    DETAIL,
    HOSTILE,
    OPTIONS,
    TEXTS,
    assert_golden,
    rich,
    snapshots,
)

PARSER = MarkdownIt('commonmark', {'html': True}).enable(['table', 'strikethrough'])
_INLINE = {'text', 'code_inline', 'strong_open', 'strong_close'}
_KINDS = ['heading', 'paragraph', 'bullet_list', 'list_item', 'table', 'thead', 'tbody']
_KINDS += ['tr', 'th', 'td']
_BLOCK = {f'{kind}_{end}' for kind in _KINDS for end in ('open', 'close')}


def _flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _flat(token.children or [])


@pytest.mark.parametrize('case', CASES)
def test_the_output_is_the_golden_one(case: str) -> None:
    assert_golden(case, 'markdown', markdown.render(CASES[case](), OPTIONS))


@pytest.mark.slow
@settings(deadline=None)
@given(snapshots())
def test_a_parser_finds_only_what_the_renderer_means(snapshot: Snapshot) -> None:
    kinds = {token.type for token in _flat(PARSER.parse(markdown.render(snapshot, DETAIL)))}

    assert kinds <= _INLINE | _BLOCK | {'inline'}


@pytest.mark.slow
@settings(deadline=None)
@given(snapshots())
def test_the_table_has_a_row_for_each_service_and_each_fact_in_its_cell(
    snapshot: Snapshot,
) -> None:
    tokens = PARSER.parse(markdown.render(snapshot, OPTIONS))
    cells = [
        ''.join(child.content for child in following.children or [])
        for token, following in pairwise(tokens)
        if token.type == 'td_open'
    ]
    names = [safe(service.name).replace('|', '¦') or '-' for service in snapshot.services]

    assert len(cells) == 5 * len(names)
    assert cells[::5] == names
    assert cells[1::5] == [service.health.value for service in snapshot.services]


@given(TEXTS)
def test_a_code_span_gives_back_its_text(text: str) -> None:
    line = safe(text)
    (paragraph,) = [t for t in PARSER.parse(f'so: {markdown.code(text)}') if t.type == 'inline']
    spans = [(child.type, child.content) for child in paragraph.children or []]

    assert spans == ([('text', 'so: '), ('code_inline', line)] if line else [('text', 'so: -')])


def test_every_hostile_message_can_be_read_in_full() -> None:
    spans = {t.content for t in _flat(PARSER.parse(markdown.render(rich(), OPTIONS)))}

    assert {safe(text) for text in HOSTILE if safe(text)} <= spans


def test_health_is_told_in_words() -> None:
    text = markdown.render(rich(), OPTIONS)

    assert text.startswith('## `k1:prod`: fail\n')
    assert f'| `mysql` | **{Health.FAIL.value}** | 2/3 | 0.59 | `up 1d1h` |' in text
