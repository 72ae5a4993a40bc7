"""What is written is read back the same; what is not a report is refused with its path."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import charm
from charm.kernel import report_json
from charm.kernel.errors import ReportError
from charm.kernel.fields import format_time, parse_time
from charm.kernel.report import Health, Report, StateName
from charm.kernel.strict_json import MAX_BYTES, MAX_DEPTH, MAX_STRING
from tests.support.strategies import JSON_VALUES, reports

SCHEMA = json.loads((Path(charm.__file__).parent / 'report.schema.json').read_text())
GOOD: dict[str, Any] = {
    'schema': 1,
    'service': 'web',
    'unit': 'web/0',
    'health': 'fail',
    'qos': 0.5,
    'state': {'name': 'blocked', 'duration': 93.5, 'blockers': ['db', 'db', 'amqp']},
    'checks': [{'name': 'tcp', 'health': 'fail', 'message': 'refused', 'data': {'port': 80}}],
    'reported_at': '2026-11-23T08:01:30Z',
}


def encoded(**changes: Any) -> bytes:
    return json.dumps({**GOOD, **changes}).encode()


def refusal(data: bytes) -> ReportError:
    with pytest.raises(ReportError) as caught:
        report_json.decode(data)
    return caught.value


@given(reports())
def test_decoding_undoes_encoding(report: Report) -> None:
    assert report_json.decode(report_json.encode(report).encode()) == report


@pytest.mark.slow
@given(reports())
def test_what_is_written_is_one_line_that_satisfies_the_published_schema(report: Report) -> None:
    line = report_json.encode(report)
    assert '\n' not in line
    jsonschema.validate(json.loads(line), SCHEMA)


@given(JSON_VALUES)
def test_any_json_is_a_report_or_a_clear_refusal(value: Any) -> None:
    with pytest.raises(ReportError, match=r'^cannot read the report: '):
        report_json.decode(json.dumps(value).encode())


@given(st.binary(max_size=200))
def test_any_bytes_are_a_clear_refusal(data: bytes) -> None:
    with pytest.raises(ReportError):
        report_json.decode(data)


@given(st.sampled_from(sorted(GOOD)), JSON_VALUES)
def test_both_sides_agree_with_the_schema_on_any_one_changed_value(key: str, value: Any) -> None:
    document = {**GOOD, key: value}
    try:
        report_json.from_json(document)
    except ReportError:
        return
    jsonschema.validate(document, SCHEMA)


def test_blockers_are_sorted_and_unique() -> None:
    state = report_json.decode(encoded()).state
    assert state is not None
    assert state.blockers == ('amqp', 'db')


def test_a_whole_number_of_seconds_or_qos_is_a_float_as_any_other() -> None:
    found = report_json.decode(encoded(qos=1, state={'name': 'up', 'duration': 3}))
    assert found.state is not None
    assert repr((found.qos, found.state.duration)) == '(1.0, 3.0)'


def test_more_seconds_than_a_float_holds_are_refused() -> None:
    with pytest.raises(ReportError, match='too many seconds'):
        report_json.from_json({**GOOD, 'state': {'name': 'up', 'duration': 10**400}})


def test_unknown_keys_are_ignored_and_unknown_words_are_unknown() -> None:
    report = report_json.decode(
        encoded(health='splendid', state={'name': 'asleep'}, colour='green')
    )
    assert report.health is Health.UNKNOWN
    assert report.state is not None
    assert report.state.name is StateName.UNKNOWN


def test_a_newer_schema_is_refused_and_says_what_to_upgrade() -> None:
    error = refusal(encoded(schema=2))
    assert error.path == 'schema'
    assert 'upgrade the reader' in error.reason


@pytest.mark.parametrize('schema', [None, True, '1', 0, -1, 1.0])
def test_a_schema_that_is_no_schema_is_refused(schema: Any) -> None:
    assert refusal(encoded(schema=schema)).path == 'schema'


@pytest.mark.parametrize(
    ('changes', 'path'),
    [
        ({'service': ''}, 'service'),
        ({'unit': 7}, 'unit'),
        ({'qos': 1.5}, 'qos'),
        ({'qos': True}, 'qos'),
        ({'checks': {}}, 'checks'),
        ({'checks': ['tcp']}, 'checks[0]'),
        ({'checks': [{'name': 'tcp', 'health': 3}]}, 'checks[0].health'),
        ({'checks': [{'name': 'a', 'health': 'warn'}] * 2}, 'checks[1].name'),
        ({'checks': [{'name': 'a', 'health': 'warn', 'at': 'noon'}]}, 'checks[0].at'),
        ({'state': {'name': 'up', 'duration': -1}}, 'state.duration'),
        ({'state': {'name': 'blocked', 'blockers': [1]}}, 'state.blockers[0]'),
        ({'reported_at': '2026-11-23T08:01:30'}, 'reported_at'),
        ({'sequence': 1.5}, 'sequence'),
        ({'requires': 'db'}, 'requires'),
        ({'checks': [{'name': f'c{n}', 'health': 'warn'} for n in range(1001)]}, 'checks'),
        ({'service': 'x' * (MAX_STRING + 1)}, 'service'),
    ],
)
def test_a_wrong_value_is_refused_with_its_path(changes: dict[str, Any], path: str) -> None:
    assert refusal(encoded(**changes)).path == path


@pytest.mark.parametrize(
    ('data', 'reason'),
    [
        (b'', 'not JSON'),
        (b'{"schema": 1, "qos": NaN}', 'NaN is not JSON'),
        (b'{"schema": 1, "qos": -Infinity}', 'Infinity is not JSON'),
        (b'{"schema": 1, "qos": 1e999}', 'not finite'),
        (b'{"schema": 1, "schema": 1}', "duplicate key 'schema'"),
        (b'{"schema": 1, "unit": "\xff"}', 'not UTF-8 at byte'),
        (b'{"sequence": ' + b'9' * 5000 + b'}', 'does not fit 64 bits'),
        (b'{"sequence": 9223372036854775808}', 'does not fit 64 bits'),
        (b'[' * 200_000, f'deeper than {MAX_DEPTH}'),
        (b' ' * (MAX_BYTES + 1), 'the limit is'),
        (b'{"schema": 1, "unit": "\\ud800"}', 'surrogate'),
        (b'[1]', 'an array where an object belongs'),
        (b'{"schema": 1', 'not JSON'),
        # To look for the end of a string from each of these quotes would take hours.
        (b'\\"' * (MAX_BYTES // 2), 'not JSON'),
        (b'["' + b'\\"' * (MAX_BYTES // 2 - 2) + b'\\', 'not JSON'),
    ],
)
def test_what_is_not_plain_bounded_json_is_refused(data: bytes, reason: str) -> None:
    assert reason in refusal(data).reason


def test_brackets_inside_strings_are_not_depth() -> None:
    assert report_json.decode(encoded(boot_id='[' * 100)).boot_id == '[' * 100


@pytest.mark.parametrize(
    ('text', 'seconds'),
    [
        ('1970-01-01T00:00:10Z', 10),
        ('1970-01-01T00:00:10.5Z', 10.5),
        ('1970-01-01T02:00:10.123456789+02:00', 10.123),
        ('1970-01-01 00:00:10+00:00', 10),
    ],
)
def test_times_are_read_in_every_form_of_rfc_3339(text: str, seconds: float) -> None:
    assert parse_time(text) == datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(
        seconds=seconds
    )


def test_times_are_written_in_utc() -> None:
    moment = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert format_time(moment) == '2026-01-01T10:00:00Z'


def test_a_report_the_reader_would_refuse_is_not_written() -> None:
    with pytest.raises(ReportError):
        report_json.encode(Report('web', 'web/0', Health.PASSED, qos=float('nan')))
    with pytest.raises(ReportError):
        report_json.encode(Report('web', 'web/0', Health.PASSED, boot_id='x' * (MAX_STRING + 1)))
