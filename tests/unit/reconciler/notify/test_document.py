"""The JSON of a message: read again it is the same, and its schema says what it holds."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator
from msgspec import to_builtins

from reconciler.notify.document import decode, document, encode
from reconciler.notify.notice import Notice
from reconciler.render.programs.json_schema import PLACE
from reconciler.values.errors import SavedError
from tests.support.golden import check_golden
from tests.support.notices import FIRING, NOTICES
from tests.support.tree import DOCS

SCHEMA = Draft202012Validator(json.loads((PLACE / 'message.schema.json').read_text()))


def without_half_pairs(text: str) -> str:
    return text.encode('utf-8', 'replace').decode()


@given(NOTICES)
def test_what_is_written_is_read_again_and_is_what_the_schema_says(notice: Notice) -> None:
    content = encode(notice)
    assert b'\n' not in content
    SCHEMA.validate(json.loads(content))
    own = json.dumps(to_builtins(notice), ensure_ascii=False)
    again = decode(content)
    assert json.dumps(to_builtins(again), ensure_ascii=False) == without_half_pairs(own)
    assert decode(encode(again)) == again


def test_the_document_reads_as_it_did() -> None:
    check_golden('message.json', json.dumps(document(FIRING), indent=1) + '\n')
    assert decode(encode(FIRING)) == FIRING


@pytest.mark.parametrize(
    ('change', 'told'),
    [
        ({'schema': 2}, 'schema: 2 is not 1'),
        ({'health': 'grean'}, "'grean'"),
        ({'incident': 'a\r\nBcc: x@example.org'}, 'no id of an incident'),
        ({'since': '2026-11-23T08:00:00'}, 'since'),
        ({'cause': None}, 'cause'),
    ],
)
def test_what_is_no_message_is_refused_with_its_place(
    change: dict[str, object], told: str
) -> None:
    with pytest.raises(SavedError, match=r'^cannot read a message') as caught:
        decode(json.dumps({**document(FIRING), **change}).encode())
    assert told in str(caught.value)
    for broken in (b'', b'[]', b'{', b'\xff'):
        with pytest.raises(SavedError):
            decode(broken)


def test_keys_that_a_later_version_adds_are_passed_over() -> None:
    assert decode(json.dumps({**document(FIRING), 'mood': 'bad'}).encode()) == FIRING


def test_every_key_of_the_document_is_documented() -> None:
    page = (DOCS / 'alerts.md').read_text()
    for key in document(FIRING):
        assert f'| `{key}` |' in page, key
