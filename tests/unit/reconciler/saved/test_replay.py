"""What was saved is concluded as a sweep concludes: crash dumps, sos reports, loose files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

from charm.kernel import report_json
from charm.kernel.merge_checks import make_report
from charm.kernel.report import CheckResult, Health, Report
from reconciler.juju.status import decode
from reconciler.saved.replay import SavedSweep, find, replay
from reconciler.saved.support_archive import FoundReport, newest, read_status, reports_in
from reconciler.values.errors import StatusError, UsageError
from reconciler.values.readings import Outcome, Reading, Snapshot
from tests.standin.builder import Application, Info, Machine, Relation, Unit, World
from tests.standin.values import SINCE

NOW = datetime(2026, 11, 23, 8, 10, tzinfo=timezone.utc)
MAX_AGE = 900.0
LOG = 'agent-00000001-5f3a9c1e.jsonl'


def world() -> World:
    """Return a model of mysql with a health charm beside it, and wordpress without one."""
    beside = Relation('juju-info', 'health', 'juju-info', 'container')
    mysql = [
        Unit(f'mysql/{n}', str(n), leader=n == 0, subordinates=(Unit(f'health/{n}'),))
        for n in range(2)
    ]
    return World(
        (Machine('0', ('10.0.0.5',)), Machine('1', ('10.0.0.6',))),
        (
            Application('mysql', tuple(mysql), relations=(beside,)),
            Application('wordpress', (Unit('wordpress/0', '1', Info('blocked', 'no db')),)),
            Application('health', subordinate_to=('mysql',), charm='juju-health'),
        ),
    )


def report(unit: str, health: Health = Health.PASSED, ago: float = 30, **more: Any) -> Report:
    moment = NOW - timedelta(seconds=ago)
    checks = [CheckResult('disk', health, None, f'{health.value} in {unit}', at=moment)]
    return make_report(unit.split('/')[0], unit, checks, reported_at=moment, **more)


def log_line(one: Report) -> str:
    entry = {'at': '2026-11-23T08:09:30Z', 'kind': 'report', 'unit': one.unit, 'change': False}
    return json.dumps({**entry, 'report': report_json.to_json(one)}) + '\n'


def put(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def crashdump(root: Path) -> Path:
    """Lay out what juju-crashdump leaves: YAML, files of machines, links named after units."""
    status = world().status()
    put(
        root,
        {
            'juju_status.yaml': yaml.safe_dump(status),
            'juju_status.txt': 'Model  Controller\nprod   lab\n',
            'debug_log.txt': 'machine-0: 08:00:00 INFO juju\n',
            '0/baremetal/var/log/juju-health/agent-00000001-5f3a9c1e.jsonl': log_line(
                report('mysql/0', Health.FAIL, 300)
            ),
            '0/baremetal/var/log/juju-health/agent-00000002-5f3a9c1e.jsonl': '{"kind": "report"\n'
            + log_line(report('mysql/0', Health.WARN, 40))
            + '{"kind": "result", "check": "disk"}\n'
            + '{"kind": "report", "report": {"half',
            '1/baremetal/var/log/syslog': 'a line\n',
        },
    )
    (root / 'mysql_0').symlink_to('0/baremetal')
    (root / '0/baremetal/var/log/loop').symlink_to(root)
    return root


def shown(
    saved: SavedSweep, *patterns: str, at: datetime = NOW
) -> tuple[Snapshot, dict[str, Reading]]:
    snapshot = replay(saved, patterns, at, MAX_AGE)
    return snapshot, {reading.unit.name: reading for reading in snapshot.readings()}


def test_a_crash_dump_shows_what_the_operator_saw(tmp_path: Path) -> None:
    snapshot, readings = shown(find([crashdump(tmp_path)]))
    assert (snapshot.model.name, snapshot.model.controller) == ('prod', 'lab')
    assert readings['mysql/0'].health is Health.WARN
    assert readings['mysql/0'].outcome is Outcome.REPORTED
    assert readings['mysql/0'].via == 'replay, agent-00000002-5f3a9c1e.jsonl'
    assert readings['mysql/0'].message == 'disk: warn in mysql/0'


def test_a_unit_whose_report_was_not_saved_is_not_taken_for_well(tmp_path: Path) -> None:
    snapshot, readings = shown(find([crashdump(tmp_path)]))
    assert readings['mysql/1'].outcome is Outcome.NOT_SAVED
    assert readings['mysql/1'].health is Health.UNKNOWN
    assert readings['wordpress/0'].outcome is Outcome.NOT_SHIPPED
    assert readings['wordpress/0'].health is Health.FAIL
    mysql = next(one for one in snapshot.services if one.name == 'mysql')
    assert (mysql.coverage.reported, mysql.coverage.unreachable) == (1, 1)


def test_several_sos_reports_side_by_side_are_one_model(tmp_path: Path) -> None:
    name = 'sos_commands/juju/juju_status_-m_lab_prod_--format_json'
    put(tmp_path / 'sosreport-client', {name: json.dumps(world().status())})
    for number in range(2):
        hook = report_json.encode(report(f'mysql/{number}')) + '\n'
        put(
            tmp_path / f'sosreport-{number}',
            {'sos_commands/sos_extras/health/hooks.health': hook, 'uname': 'Linux\n'},
        )
    _, readings = shown(find([tmp_path]))
    assert readings['mysql/0'].health is readings['mysql/1'].health is Health.PASSED


def test_loose_files_do_as_well(tmp_path: Path) -> None:
    pretty = json.dumps(report_json.to_json(report('mysql/1')), indent=2)
    put(tmp_path, {'s.json': json.dumps(world().status()), 'r/any-name': pretty})
    _, readings = shown(find([tmp_path / 'r'], tmp_path / 's.json'), 'mysql/1')
    assert list(readings) == ['mysql/1']
    assert readings['mysql/1'].outcome is Outcome.REPORTED


def test_a_status_document_is_known_by_how_it_begins(tmp_path: Path) -> None:
    put(tmp_path, {'case-1234': json.dumps(world().status()), 'notes': '{"model": 3}'})
    assert find([tmp_path]).model.name == 'prod'


def test_an_old_report_tells_nothing_of_then(tmp_path: Path) -> None:
    text = report_json.encode(report('mysql/0', ago=MAX_AGE + 60))
    put(tmp_path, {'juju_status.json': json.dumps(world().status()), 'r': text})
    found = find([tmp_path])
    _, readings = shown(found)
    assert readings['mysql/0'].outcome is Outcome.NOT_SAVED
    assert 'was 16m old already' in readings['mysql/0'].message
    _, readings = shown(found, at=NOW - timedelta(seconds=120))
    assert readings['mysql/0'].outcome is Outcome.REPORTED


def test_it_was_saved_when_the_newest_thing_in_it_happened(tmp_path: Path) -> None:
    status = json.dumps(world().status())
    put(tmp_path, {'juju_status.json': status})
    since = datetime.fromisoformat(SINCE.replace('Z', '+00:00'))
    assert find([tmp_path]).taken_at() == since
    put(tmp_path, {'r': report_json.encode(report('mysql/0', ago=5))})
    assert find([tmp_path]).taken_at() == NOW - timedelta(seconds=5)


def test_reports_of_strangers_are_named_and_change_nothing(tmp_path: Path) -> None:
    put(tmp_path, {'juju_status.json': json.dumps(world().status())})
    before, _ = shown(find([tmp_path]))
    put(tmp_path, {'r': report_json.encode(report('redis/0', Health.FAIL))})
    after, _ = shown(find([tmp_path]))
    assert after.faults == ('reports of units that the status does not have: redis/0',)
    assert replace(after, faults=()) == before


def test_within_a_boot_the_sequence_decides_and_not_the_clock() -> None:
    path = Path('x')
    old = report('a/0', Health.FAIL, ago=0, boot_id='b', sequence=1)
    new = report('a/0', Health.PASSED, ago=500, boot_id='b', sequence=2)
    earlier = report('a/0', Health.WARN, ago=9000, boot_id='a', sequence=99)
    found = [FoundReport(one, path) for one in (new, old, earlier)]
    assert newest(found)['a/0'].report is new
    assert newest(reversed(found))['a/0'].report is new


def test_yaml_and_json_of_a_status_are_the_same_model(tmp_path: Path) -> None:
    status = world().status()
    put(tmp_path, {'a': json.dumps(status), 'b': yaml.safe_dump(status)})
    # As go-yaml writes it: times without quotes, which YAML takes for times.
    plain = yaml.safe_dump(status).replace(f"'{SINCE}'", SINCE)
    assert plain != yaml.safe_dump(status)
    put(tmp_path, {'c': plain})
    expected = decode(json.dumps(status).encode())
    assert read_status(tmp_path / 'a') == read_status(tmp_path / 'b') == expected
    assert read_status(tmp_path / 'c') == expected


@pytest.mark.parametrize('text', ['{"model": 1', 'a: [', '- 1\n', '', '"a"'])
def test_what_is_no_status_is_refused(text: str, tmp_path: Path) -> None:
    put(tmp_path, {'s': text})
    with pytest.raises(StatusError, match=f'cannot read {tmp_path}/s: '):
        read_status(tmp_path / 's')


@pytest.mark.parametrize('text', ['', 'x', '{"model": 1}'])
def test_what_is_no_report_is_none(text: str, tmp_path: Path) -> None:
    put(tmp_path, {'s': text, LOG: text})
    assert list(reports_in(tmp_path / 's')) == []
    assert list(reports_in(tmp_path / LOG)) == []


@pytest.mark.parametrize(
    ('name', 'text', 'said'),
    [
        ('s', '{"schema": 1, "service": "a"', 'not JSON'),
        ('s', '{"schema":1,"service":"a","unit":3}', 'unit: a number'),
        (LOG, '{"kind": "report", "report": {"sche', 'Unterminated'),
        (LOG, '{"kind": "report", "report": {"schema": 1}}', 'service'),
        ('juju_status_-m_lab_b_--format_json', '{"model": {"name": ', 'not JSON'),
    ],
)
def test_what_is_broken_is_told_and_the_rest_is_read(
    name: str, text: str, said: str, tmp_path: Path
) -> None:
    good = log_line(report('mysql/1')) if name == LOG else ''
    put(tmp_path, {'juju_status.json': json.dumps(world().status()), name: good + text})
    put(tmp_path, {'r': report_json.encode(report('mysql/0'))})
    snapshot, readings = shown(find([tmp_path]))
    assert readings['mysql/0'].outcome is Outcome.REPORTED
    assert (readings['mysql/1'].outcome is Outcome.REPORTED) is (name == LOG)
    (fault,) = snapshot.faults
    assert name in fault
    assert said in fault


def test_a_table_for_people_beside_the_status_is_no_fault(tmp_path: Path) -> None:
    table = 'Model  Controller\nprod   lab\n'
    put(tmp_path, {'juju_status.json': json.dumps(world().status()), 'juju_status_-m_prod': table})
    assert find([tmp_path]).faults == ()


def test_what_cannot_be_replayed_says_why(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match='no such file or directory'):
        find([tmp_path / 'absent'])
    with pytest.raises(UsageError, match='cannot find a juju status document'):
        find([tmp_path])
    put(tmp_path, {'dump.tar.xz': ''})
    with pytest.raises(UsageError, match='unpack it first: tar -xf'):
        find([tmp_path / 'dump.tar.xz'])
    for name in ('prod', 'test'):
        status = replace(world(), name=name).status()
        put(tmp_path, {f'{name}/juju_status.yaml': yaml.safe_dump(status)})
    with pytest.raises(UsageError, match='several models: --model with one of lab:prod, lab:test'):
        find([tmp_path])
    with pytest.raises(UsageError, match="cannot find the model 'x': there are lab:prod"):
        find([tmp_path], model='x')
    assert find([tmp_path], model='lab:test').model.name == 'test'
