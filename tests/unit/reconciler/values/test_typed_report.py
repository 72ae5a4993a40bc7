"""msgspec reads reports as the careful way does, whatever the bytes are, or leaves them to it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from charm.kernel import report_json
from charm.kernel.report import Report
from charm.kernel.strict_json import MAX_DEPTH, MAX_STRING
from reconciler.values import typed_report
from tests.support.near_reports import carefully, changed_reports, near_reports, told
from tests.support.patience import PATIENCE
from tests.support.strategies import reports
from tests.support.tree import ROOT

CHECK: dict[str, Any] = {
    **{'name': 'tcp', 'health': 'fail', 'qos': 0.5, 'message': 'déjà vu', 'data': {'port': 80}},
    **{'at': '2026-11-23T08:01:30.250Z', 'duration': 0.5},
}
REPORT: dict[str, Any] = {
    **{'schema': 1, 'service': 'web', 'unit': 'web/0', 'health': 'fail', 'qos': 0.5},
    'state': {'name': 'up', 'duration': 1.0, 'since': None, 'message': '', 'blockers': ['db']},
    **{'checks': [CHECK], 'rollup': None, 'requires': ['db'], 'provides': []},
    **{'reporter': {'unit': 'web/0', 'version': '1'}, 'boot_id': 'b', 'sequence': 3},
    'reported_at': '2026-11-23T08:01:30Z',
}


def written(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(',', ':')).encode()


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """See to it that nobody else can be asked."""
    monkeypatch.delattr(report_json, 'decode')


@given(near_reports())
def test_a_report_is_read_alike_or_refused_alike(data: bytes) -> None:
    assert told(typed_report.decode, data) == told(carefully, data)


def lacking(key: str, instead: str, value: Any) -> bytes:
    """Return a report whose check lacks a key, and has another, or one twice, in its place."""
    check = {**{name: held for name, held in CHECK.items() if name != key}, '@': value}
    return written({**REPORT, 'checks': [check]}).replace(b'"@"', f'"{instead}"'.encode())


DEEP: Any = {}
for _ in range(MAX_DEPTH):
    DEEP = {'a': DEEP}


@given(changed_reports())
@example(lacking('qos', 'health', 'passed'))
@example(lacking('qos', 'note', 'x'))
@example(lacking('qos', 'note', DEEP))
@example(lacking('qos', 'note', '@').replace(b'@', b'\xff'))
@example(lacking('data', 'data', '@').replace(b'"@"', b'{"a":1e999}'))
@example(lacking('data', 'data', '@').replace(b'"@"', b'{"a":[-2.5E+400,1]}'))
@example(written({**REPORT, 'boot_id': '1e9999,'}))
@example(written({**REPORT, 'checks': [{**CHECK, 'at': '2026-11-23T08:01:30.2509995Z'}]}))
@example(written({**REPORT, 'checks': [{**CHECK, 'at': '2026-11-23T08:01:30.250999Z'}]}))
@example(written({**REPORT, 'checks': [{**CHECK, 'at': '2026-11-23T08:01:30'}]}))
@example(written({**REPORT, 'checks': [{**CHECK, 'at': '2026-11-23T08:01:30+05:30'}]}))
@example(written({**REPORT, 'checks': [{**CHECK, 'duration': -0.5}]}))
@example(written({**REPORT, 'checks': [{**CHECK, 'qos': 1.5}]}))
@example(written({**REPORT, 'checks': [{**CHECK, 'qos': 1, 'duration': 2**53 + 1}]}))
@example(written({**REPORT, 'checks': [{**CHECK, 'name': ''}]}))
@example(written({**REPORT, 'checks': [CHECK, CHECK]}))
@example(written({**REPORT, 'checks': [{**CHECK, 'name': str(n)} for n in range(1001)]}))
@example(written({**REPORT, 'state': {**REPORT['state'], 'blockers': ['b', 'a', 'a']}}))
@example(written({**REPORT, 'state': {**REPORT['state'], 'duration': -1.0}}))
@example(written({**REPORT, 'state': {**REPORT['state'], 'since': '2026-11-23 08:01:30z'}}))
@example(written({**REPORT, 'schema': True}))
@example(written({**REPORT, 'sequence': 3.0}))
def test_one_with_changed_values_is_read_alike_or_refused_alike(data: bytes) -> None:
    assert told(typed_report.decode, data) == told(carefully, data)


@given(st.binary(max_size=100))
def test_any_bytes_are_refused_alike(data: bytes) -> None:
    assert told(typed_report.decode, data) == told(carefully, data)


@pytest.mark.parametrize(
    'inside',
    [
        *('"a":1,"a":2', '"a":1,"a" :2', '"a":"\\":","a":2', '"a":1e999', '"a":NaN'),
        *('"a":9223372036854775808', '"a":-9223372036854775808', '"a":"\\ud800"'),
        '"a":' + '[' * MAX_DEPTH + ']' * MAX_DEPTH,
        '"a":' + '[' * (MAX_DEPTH - 4) + ']' * (MAX_DEPTH - 4),
        '"a":' + '[' * (MAX_DEPTH - 3) + ']' * (MAX_DEPTH - 3),
        f'"a":"{"x" * (MAX_STRING + 1)}"',
        f'"{"x" * (MAX_STRING + 1)}":1',
        f'"a":"\\"{"x" * MAX_STRING}"',
        f'"a":"{"x" * MAX_STRING}"',
    ],
)
@pytest.mark.parametrize('key', ['rollup', 'data'])
def test_what_stands_in_data_is_held_to_the_same_bounds(key: str, inside: str) -> None:
    data = {key: {'here': 0}}
    document = {**REPORT, **data} if key == 'rollup' else {**REPORT, 'checks': [{**CHECK, **data}]}
    line = written(document).replace(b'"here":0', inside.encode())
    assert told(typed_report.decode, line) == told(carefully, line)


@pytest.mark.parametrize('count', [0, 1, 100])
@pytest.mark.usefixtures('alone')
def test_what_a_unit_writes_is_read_by_nobody_else(count: int) -> None:
    checks = [{**CHECK, 'name': f'c{n}', 'data': {'of': {'x': [n]}}} for n in range(count)]
    found = typed_report.decode(written({**REPORT, 'checks': checks, 'rollup': {'rule': 'any'}}))
    assert [check.name for check in found.checks] == [f'c{n}' for n in range(count)]


@given(reports())
def test_decoding_undoes_encoding(report: Report) -> None:
    assert typed_report.decode(report_json.encode(report).encode()) == report


@pytest.mark.parametrize(
    'first', ['charm.report', 'charm.agent.contract, reconciler.cli', 'reconciler.receive']
)
def test_it_can_be_loaded_after_any_other(first: str) -> None:
    code = f'import {first}, reconciler.receive; from {typed_report.__name__} import decode'
    argv = [sys.executable, '-c', code]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
