"""The inbox's database: several writers, readers meanwhile, bounded growth, faults."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from charm.kernel.errors import FileError
from charm.kernel.report_json import encode
from reconciler.inbox import keep
from reconciler.inbox.database import Database
from reconciler.inbox.keep import Ack
from reconciler.inbox.pushed import read_push
from reconciler.inbox.store import Inbox
from tests.support.asked import report


def line(unit: str, sequence: int) -> bytes:
    return encode(replace(report(unit), boot_id='boot', sequence=sequence)).encode()


def push(inbox: Inbox, unit: str, *sequences: int, model: str = '') -> Ack:
    return inbox.accept(unit, model, None, [line(unit, one) for one in sequences])


def sequences(lines: Sequence[bytes]) -> list[int]:
    return [json.loads(one)['report']['sequence'] for one in lines]


def latest(inbox: Inbox, unit: str) -> int | None:
    found = inbox.latest(unit)
    return found.report.sequence if found else None


def files(root: Path) -> list[str]:
    return sorted(one.name for one in (root / 'reports.d').iterdir())


def test_a_group_is_one_transaction_that_is_flushed_before_it_is_acknowledged(
    tmp_path: Path,
) -> None:
    inbox, said = Inbox(tmp_path), list[str]()
    push(inbox, 'web/0', 1)
    with inbox._database.writing() as database:
        modes = [
            database.execute(f'PRAGMA {name}').fetchone()[0]
            for name in ('journal_mode', 'synchronous')
        ]
        database.set_trace_callback(said.append)
    assert modes == ['wal', 2]
    units = [f'web/{number}' for number in range(100)]
    acks = inbox.keep([read_push(unit, '', None, [line(unit, 2)]) for unit in units])
    assert acks == [Ack(1, 0)] * 100
    assert [one for one in said if one.startswith(('BEGIN', 'COMMIT'))] == [
        *('COMMIT', 'BEGIN IMMEDIATE', 'COMMIT')
    ]
    assert len(inbox.units()) == 100


def test_of_several_receivers_on_one_inbox_only_one_takes_a_report(tmp_path: Path) -> None:
    inboxes = [Inbox(tmp_path) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        jobs = [
            pool.submit(push, inbox, f'web/{unit}', sequence)
            for sequence in range(10)
            for unit in range(5)
            for inbox in inboxes
        ]
        acks = [job.result() for job in jobs]
    kept = [sequences(inboxes[0].since(f'web/{unit}').lines) for unit in range(5)]
    assert sum(ack.accepted for ack in acks) == sum(map(len, kept))
    for one in kept:
        assert one == sorted(set(one))
        assert one[-1] == 9


def test_a_reader_waits_for_no_writer_and_sees_what_is_committed(tmp_path: Path) -> None:
    writer, reader = Database(tmp_path), Inbox(tmp_path)
    assert reader.units() == ()
    assert reader.latest('web/0') is None
    assert not list(tmp_path.iterdir())
    push(Inbox(tmp_path), 'web/0', 1)
    with writer.writing() as database:
        database.execute('DELETE FROM reports')
        assert latest(reader, 'web/0') == 1
        assert reader.units() == (('', 'web/0'),)
    assert latest(reader, 'web/0') is None


def test_a_cursor_goes_on_through_chunks_and_says_what_it_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox, size = Inbox(tmp_path), len(line('web/0', 100))
    monkeypatch.setattr('reconciler.inbox.store._CHUNK_BYTES', 3 * size)
    push(inbox, 'web/0', *range(100, 108))
    push(inbox, 'db/0', 1)
    found, cursor, more = list[int](), None, True
    while more:
        tail = inbox.since('web/0', cursor=cursor)
        found += sequences(tail.lines)
        cursor, more = tail.cursor, tail.more
        assert not tail.gap
    assert found == list(range(100, 108))
    monkeypatch.setattr('reconciler.inbox.keep.MOST_BYTES', 10 * size)
    monkeypatch.setattr('reconciler.inbox.keep._LEFT_BYTES', 8 * size)
    push(inbox, 'web/0', 108)
    tail = inbox.since('web/0', cursor=cursor)
    assert (sequences(tail.lines), tail.gap) == ([108], False)
    for sequence in range(109, 130):
        push(inbox, 'web/0', sequence)
    assert inbox.since('web/0', cursor=cursor).gap
    assert not inbox.since('web/0').gap
    with inbox._database.reading() as database:
        assert database is not None
        kept = database.execute('SELECT count(*), sum(length(report)) FROM reports').fetchone()
        (known,) = database.execute("SELECT bytes FROM units WHERE unit = 'web/0'").fetchone()
    assert 8 * size <= known <= 10 * size
    assert kept[1] == known + len(line('db/0', 1))


def test_an_inbox_that_is_removed_while_it_is_served_is_made_anew(tmp_path: Path) -> None:
    root = tmp_path / 'state' / 'inbox'
    inbox = Inbox(root)
    push(inbox, 'web/0', 1)
    assert latest(inbox, 'web/0') == 1
    cursor = inbox.since('web/0').cursor
    shutil.rmtree(root)
    assert inbox.latest('web/0') is None
    push(inbox, 'web/0', 1)
    assert latest(Inbox(root), 'web/0') == latest(inbox, 'web/0') == 1
    # It is another log, whatever the numbers in it.
    tail = inbox.since('web/0', cursor=cursor)
    assert (sequences(tail.lines), tail.gap) == ([1], True)
    assert root.stat().st_mode & 0o777 == 0o700


def test_one_that_is_no_database_is_set_aside_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    push(Inbox(tmp_path), 'web/0', 1)
    path = tmp_path / 'reports.d' / 'reports.db'
    path.write_bytes(b'\0' * 100)
    with pytest.raises(FileError, match=r'cannot read .*reports\.db'):
        Inbox(tmp_path).latest('web/0')
    # Two receivers find out, and one sets it aside.
    for inbox in (Inbox(tmp_path), Inbox(tmp_path)):
        push(inbox, 'web/0', 2)
    assert [one.name for one in tmp_path.glob('*corrupt*/*.db')] == ['reports.db']
    assert 'set aside' in caplog.text
    assert latest(Inbox(tmp_path), 'web/0') == 2


def overwrite(path: Path, size: int, pages: Iterable[int]) -> None:
    """Have these pages of a database make no sense."""
    with open(path, 'r+b') as file:
        for page in pages:
            file.seek((page - 1) * size)
            file.write(b'\xff' * size)


def test_a_bad_page_costs_what_is_on_it_and_no_other_unit(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    inbox = Inbox(tmp_path)
    for number in range(400):
        push(inbox, f'web/{number}', 1, 2, 3)
    del inbox
    path = tmp_path / 'reports.d' / 'reports.db'
    with closing(sqlite3.connect(path)) as database:
        (root,) = database.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'reports_of_unit'"
        ).fetchone()
        size = database.execute('PRAGMA page_size').fetchone()[0]
        pages = database.execute('PRAGMA page_count').fetchone()[0]
    overwrite(path, size, (root, pages // 2))
    first, second = Inbox(tmp_path), Inbox(tmp_path)
    assert push(first, 'web/0', 4).accepted == 1
    assert push(second, 'web/1', 4).accepted == 1
    assert len(list(tmp_path.glob('reports.d.corrupt-*'))) == 1
    assert 'reports could be read' in caplog.text
    lost = [number for number in range(400) if latest(second, f'web/{number}') is None]
    assert len(lost) < 20
    # Nor is what was seen new again.
    assert push(second, 'web/399', 3).duplicate == 1


def spoil(path: Path, table: str, last: int) -> None:
    """Overwrite the last leaf pages of a table."""
    with closing(sqlite3.connect(path)) as database:
        database.execute('PRAGMA wal_checkpoint(TRUNCATE)')
        size = database.execute('PRAGMA page_size').fetchone()[0]
        leaves = database.execute(
            "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY pageno",
            (table,),
        ).fetchall()
    overwrite(path, size, [page for (page,) in leaves[-last:]])


def test_what_is_left_of_a_unit_that_was_lost_is_no_other_s(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    for number in range(200):
        push(inbox, f'web/{number}', 1)
    del inbox
    spoil(tmp_path / 'reports.d' / 'reports.db', 'units', 1)
    inbox = Inbox(tmp_path)
    # That meets the page, and the numbers of those on it are given out again.
    push(inbox, 'web/199', 2)
    for number in range(50):
        assert push(inbox, f'db/{number}', 5, 6).accepted == 2
        assert sequences(inbox.since(f'db/{number}').lines) == [5, 6]


def test_the_latest_report_stays_whatever_was_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keep, 'MOST_BYTES', 40_000)
    monkeypatch.setattr(keep, '_LEFT_BYTES', 30_000)
    inbox = Inbox(tmp_path)
    for number in range(100):
        push(inbox, 'web/0', number + 1)
    del inbox
    spoil(tmp_path / 'reports.d' / 'reports.db', 'reports', 3)
    inbox = Inbox(tmp_path)
    for number in range(100, 400):
        assert push(inbox, 'web/0', number + 1).accepted == 1
        assert latest(inbox, 'web/0') == number + 1
    with inbox._database.reading() as database:
        assert database is not None
        sizes = database.execute(
            'SELECT bytes, (SELECT sum(length(report)) FROM reports) FROM units'
        ).fetchone()
    assert sizes[0] == sizes[1] > 20_000


def test_a_report_that_cannot_be_read_costs_its_unit_alone(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    for unit in ('web/0', 'web/1'):
        push(inbox, unit, 1)
    with inbox._database.writing() as database:
        database.execute("UPDATE reports SET report = '{' WHERE id = 1")
    with pytest.raises(FileError, match='cannot read the report of web/0'):
        inbox.latest('web/0')
    assert latest(inbox, 'web/1') == 1


def test_a_database_of_another_version_is_left_alone(tmp_path: Path) -> None:
    push(Inbox(tmp_path), 'web/0', 1)
    path = tmp_path / 'reports.d' / 'reports.db'
    with closing(sqlite3.connect(path)) as database:
        database.execute('PRAGMA user_version = 2')
    for act in (lambda: Inbox(tmp_path).latest('web/0'), lambda: push(Inbox(tmp_path), 'a/0', 1)):
        with pytest.raises(FileError, match='version 2'):
            act()
    assert 'reports.db' in files(tmp_path)


def test_units_of_one_name_in_two_models_are_two(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    push(inbox, 'web/0', 1, model='m1')
    push(inbox, 'web/0', 2, model='m2')
    assert inbox.units() == (('m1', 'web/0'), ('m2', 'web/0'))
    assert inbox.units('m1') == (('m1', 'web/0'),)
    assert inbox.units('') == ()
    assert [sequences(inbox.since('web/0', one).lines) for one in ('m1', 'm2')] == [[1], [2]]
    assert inbox.latest('web/0') is None
    with pytest.raises(FileError):
        push(inbox, 'web/0', 1, model='../x')
