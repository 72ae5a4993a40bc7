"""Values in bodies of JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.checks.conversion import build
from charm.checks.json_values import as_text, lacks
from charm.checks.kinds.http_url import HttpUrl
from charm.checks.options import OptionError
from charm.kernel.report import Health
from tests.support.checking import answering, run, server

DOCUMENT = {
    'status': {'database': 'up', 'queue': 12, 'ready': True, 'leader': None},
    'nodes': [{'name': 'a', 'version': '8.0.36'}, {'name': 'b', 'version': '8.1.0'}],
    'spring.datasource': {'a/b': 1.5},
}


@pytest.mark.parametrize(
    ('wanted', 'said'),
    [
        ({'status.database': 'up'}, ''),
        ({'status.queue': 12, 'status.ready': True, 'status.leader': None}, ''),
        ({'nodes.1.name': ['a', 'b'], 'nodes.0.version': '8.*'}, ''),
        ({'/spring.datasource/a~1b': 1.5}, ''),
        ({'status.database': 'down'}, "but status.database is 'up', wanted 'down'"),
        ({'status.ready': False}, "status.ready is 'true', wanted 'false'"),
        ({'nodes.0.version': ['9.*', '10.*']}, "wanted '9.*' or '10.*'"),
        ({'status.disk': 'up'}, 'but it has no status.disk'),
        ({'nodes.7.name': 'a'}, 'it has no nodes.7.name'),
        ({'nodes.name': 'a'}, 'it has no nodes.name'),
        ({'status.database.x': 'a'}, 'it has no'),
    ],
)
def test_each_value_is_held_to_what_is_wanted(wanted: dict[str, Any], said: str) -> None:
    body = json.dumps(DOCUMENT).encode()
    with server(answering(b'HTTP/1.1 200 OK\r\n\r\n' + body)) as port:
        verdict = run(build(HttpUrl, {'url': f'http://127.0.0.1:{port}/', 'json': wanted}))
    assert verdict.health is (Health.FAIL if said else Health.PASSED), verdict.message
    assert said in verdict.message


@pytest.mark.parametrize('body', ['', '<html>', '{', '[' * 100_000, '{"a": 1}{'])
def test_what_is_no_json_fails(body: str) -> None:
    assert lacks(body, {'a': ('1',)}) == 'its body is no JSON'


@pytest.mark.parametrize(
    ('options', 'said'),
    [
        ({'json': ['a']}, 'a mapping belongs'),
        ({'json': {'a': {'b': 'c'}}}, 'a: a text, a number'),
        ({'json': {'a..b': 'c'}}, 'is not like'),
        ({'json': {'': 'c'}}, 'is not like'),
        ({'json': {'a': 'c'}, 'method': 'HEAD'}, 'no body'),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        build(HttpUrl, {'url': 'http://x/', **options})


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text('abc/~.', max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text('ab/~', max_size=3), inner)
    ),
)


def places(value: Any, path: str = '') -> list[tuple[str, Any]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found: list[tuple[str, Any]] = []
    for key, item in inner:
        at = f'{path}/{str(key).replace("~", "~0").replace("/", "~1")}'
        found.append((at, item))
        if isinstance(item, (dict, list)):
            found += places(item, at)
    return found


@given(st.dictionaries(st.text('ab/~', max_size=3), values))
def test_every_value_of_a_document_is_found_by_its_pointer(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    for path, value in places(document):
        assert lacks(text, {path: (as_text(value).replace('[', '[[]'),)}) == ''
