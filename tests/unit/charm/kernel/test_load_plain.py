"""The quick way to read a report and the careful one come to the same, whatever the bytes are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from charm.kernel import report_json, strict_json
from charm.kernel.fields import Fields
from charm.kernel.strict_json import MAX_DEPTH, MAX_STRING, check_strings, load, load_plain
from tests.support.near_reports import carefully, near_reports, told
from tests.support.strategies import JSON_VALUES

LINE = b'{"schema":1,"service":"web","unit":"web/0","health":"passed","checks":[%s]}'
CHECK: dict[str, Any] = {
    **{'name': 'tcp', 'health': 'fail', 'qos': 0.5, 'message': '', 'data': {'port': 80}},
    **{'at': '2026-11-23T08:01:30.250Z', 'duration': 0.5},
}


@given(near_reports())
def test_a_report_is_read_alike_either_way_or_refused_alike(data: bytes) -> None:
    assert told(report_json.decode, data) == told(carefully, data)


@given(st.binary(max_size=100))
def test_any_bytes_are_read_alike_or_refused_alike(data: bytes) -> None:
    assert told(report_json.decode, data) == told(carefully, data)


@given(st.sampled_from(sorted(CHECK)), JSON_VALUES)
@example('at', '')
@example('at', '2026-11-23T08:01:30.2.0Z')
@example('at', '2026-13-23T08:01:30Z')
@example('at', '0001-01-01T00:00:00+23:59')
@example('qos', 1)
@example('qos', True)
@example('health', 'pass')
def test_a_check_with_one_changed_value_is_read_alike(key: str, value: Any) -> None:
    line = json.dumps({**CHECK, key: value}).encode()
    quick = told(lambda data: report_json.check_from_json(json.loads(data), 'x'), line)
    key_by_key = told(lambda data: report_json._check(Fields(json.loads(data), 'x')), line)
    assert quick == key_by_key


@given(JSON_VALUES)
def test_what_is_plain_is_what_the_careful_way_reads_and_finds_sound(value: Any) -> None:
    data = json.dumps({'': value}, separators=(',', ':')).encode()
    found = load_plain(data)
    if found is not None:
        check_strings(load(data), '')
        assert repr(found) == repr(load(data))


@pytest.mark.parametrize(
    'inside',
    [
        '"a":1,"a":2',
        '"a":1,"a" :2',
        '"a":"\\":","a":2',
        '"a":1e999',
        '"a":9223372036854775808',
        '"a":NaN',
        '"a":"\\ud800"',
        '"a":"\\uDFFF"',
        '"a":' + '[' * MAX_DEPTH + ']' * MAX_DEPTH,
        f'"a":"{"x" * (MAX_STRING + 1)}"',
    ],
)
def test_what_is_over_a_bound_is_never_plain(inside: str) -> None:
    assert load_plain(f'{{{inside}}}'.encode()) is None


def test_a_report_of_ours_is_parsed_once_and_never_the_careful_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parsed: list[str] = []

    class Counting:
        @staticmethod
        def decode(text: str) -> Any:
            parsed.append(text)
            return json.loads(text)

    monkeypatch.setattr(strict_json, '_QUICK', Counting)
    monkeypatch.delattr(strict_json, '_CAREFUL')
    checks = [{**CHECK, 'name': f'c{n}', 'message': 'déjà "vu"'} for n in range(100)]
    line = LINE % json.dumps(checks, separators=(',', ':')).encode()[1:-1]
    assert len(report_json.decode(line).checks) == 100
    assert len(parsed) == 1
