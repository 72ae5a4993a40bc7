"""Reports are read from the end of what was reaped, and no more of it than is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timezone
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from charm.kernel.errors import FileError
from charm.kernel.log_files import LogWriter, files_of
from charm.kernel.report_json import to_json
from reconciler.ask import reaped
from reconciler.ask.log_chunk import LogChunk
from reconciler.ask.log_store import LogStore
from tests.support.asked import report

AT = '2026-11-23T09:00:00.250Z'


def line(sequence: int, unit: str = 'web/0', **other: Any) -> dict[str, Any]:
    told = to_json(report(unit, sequence=sequence))
    return {'received_at': AT, 'at': 'never', 'kind': 'report', 'report': told, **other}


def log(place: Path, *lines: dict[str, Any], file_bytes: int = 10**6) -> Path:
    with closing(LogWriter(place, file_bytes, 4)) as writer:
        assert all(writer.write(one) for one in lines)
    return place


def sequences(place: Path) -> Sequence[int | None]:
    return [one.report.sequence for one in reaped.reports_in(place, 'web/0')]


def test_the_last_report_is_the_first_that_is_read_over_all_files(tmp_path: Path) -> None:
    log(tmp_path, *[line(number) for number in range(12)], file_bytes=1500)
    assert len(files_of(tmp_path)) == 4
    found = sequences(tmp_path)
    assert found == list(range(11, 11 - len(found), -1))
    assert len(found) > 4


@pytest.mark.parametrize('block', [7, 100, 463, 4096])
def test_lines_are_whole_however_much_is_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(reaped, '_BLOCK_BYTES', block)
    log(tmp_path, *[line(number) for number in range(9)])
    assert sequences(tmp_path) == [8, 7, 6, 5, 4, 3, 2, 1, 0]


def test_what_is_no_report_of_the_unit_is_left_out(tmp_path: Path) -> None:
    other = {'received_at': AT, 'kind': 'result', 'unit': 'web/0', 'result': {'report': 1}}
    wrong = (
        line(3, received_at='soon'),
        line(4, received_at='2026-11-23T09:00:00'),
        line(5, 'db/0'),
    )
    log(tmp_path, line(1), other, {'kind': 'gap'}, *wrong, line(6, report={}), line(7))
    (name,) = files_of(tmp_path)
    with open(tmp_path / name, 'a') as file:
        file.write('{"kind": "report", "received_at": ')
    assert sequences(tmp_path) == [7, 1]
    (first, *_) = reaped.reports_in(tmp_path, 'web/0')
    assert first.received_at == datetime(2026, 11, 23, 9, 0, 0, 250_000, timezone.utc)


def test_nothing_was_reaped_and_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    assert sequences(tmp_path / 'none') == []
    (tmp_path / 'agent-00000001-5f3a9c1e.jsonl').mkdir()
    with pytest.raises(FileError, match='cannot read the log in'):
        sequences(tmp_path)


def test_no_more_is_read_than_is_wanted(tmp_path: Path) -> None:
    log(tmp_path, line(1), line(2))
    (tmp_path / 'agent-00000000-5f3a9c1e.jsonl').mkdir()
    found = reaped.reports_in(tmp_path, 'web/0')
    assert [one.report.sequence for one in islice(found, 2)] == [2, 1]
    with pytest.raises(FileError):
        next(found)


def test_a_store_gives_what_it_kept(tmp_path: Path) -> None:
    store = LogStore(tmp_path, 'lab', 'admin/prod')
    told = to_json(report('web/0', sequence=4))
    lines = ({'at': 'then', 'kind': 'report', 'unit': 'web/0', 'change': True, 'report': told},)
    store.keep('web/0', None, LogChunk(lines, None), datetime(2026, 11, 23, tzinfo=timezone.utc))
    (one,) = store.reports('web/0')
    assert (one.report.sequence, one.received_at.day) == (4, 23)
    assert list(store.reports('web/1')) == []
