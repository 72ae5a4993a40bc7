"""What operators say is kept alike in a file, in SQLite, in PostgreSQL, and beside a file."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from charm.kernel.deadline import Deadline
from reconciler.config import said
from reconciler.config.said import SaidStore
from reconciler.config.said_by_all import SharedAndOwn
from reconciler.config.suppressions import ACKNOWLEDGED, MAINTENANCE, SuppressionEntry
from reconciler.config.suppressions_file import SuppressionsFile
from reconciler.history.errors import HistoryBusy, HistoryError
from reconciler.history.said import SuppressionsTable
from reconciler.values.errors import UsageError
from tests.support.databases import PostgresServer
from tests.support.patience import PATIENCE

LATER = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(days=1)
PLANNED = SuppressionEntry(MAINTENANCE, 'mysql/0', LATER, 'new disks', '', None, 'ops', 'lab:prod')
KNOWN = SuppressionEntry(
    ACKNOWLEDGED, 'web', LATER, 'ünlike "this"', 'disk*', LATER - timedelta(hours=1)
)
# What makes it something else that is said, and no repetition.
OTHERWISE = (
    {'kind': MAINTENANCE},
    {'target': 'web/0'},
    {'check': 'load'},
    {'check': ''},
    {'model': 'lab:*'},
    {'model': 'lab:test'},
    {'start': None},
)
AGAIN = (
    {'reason': 'another'},
    {'by': 'ann'},
    {'until': LATER + timedelta(days=1)},
    {'until': LATER - timedelta(minutes=1)},
)


def soon() -> Deadline:
    return Deadline.after(PATIENCE)


@pytest.fixture(params=['file', 'sqlite', 'postgresql', 'sqlite beside', 'postgresql beside'])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], SaidStore]:
    """Give what opens a store, empty yet; the file that some stand beside holds one entry."""
    kind, _, beside = str(request.param).partition(' ')
    own = SuppressionsFile(tmp_path / 'state' / 'maintenance.json')
    if kind == 'file':
        return lambda: SuppressionsFile(own.path)
    url = f'sqlite:///{tmp_path}/history/history.db'
    if kind == 'postgresql':
        server: PostgresServer = request.getfixturevalue('postgres')
        url = server.new_database()
    if not beside:
        return lambda: SuppressionsTable(url)
    # There is a file, and nothing is in it.
    own.add(PLANNED, soon())
    own.clear(['1'], soon())
    return lambda: SharedAndOwn(SuppressionsTable(url), own)


@pytest.fixture
def store(opened: Callable[[], SaidStore]) -> SaidStore:
    return opened()


def test_what_is_added_is_read_by_others_and_can_be_cleared_by_id_or_target(
    opened: Callable[[], SaidStore],
) -> None:
    store = opened()
    assert store.read(soon()) == said.SuppressionsRead()
    other = replace(PLANNED, model='lab:test')
    added = [store.add(one, soon()).entry for one in (PLANNED, KNOWN, other)]
    assert [one.id for one in added] == ['1', '2', '3']
    assert [replace(one, id='') for one in added] == [PLANNED, KNOWN, other]
    assert opened().read(soon()).entries == tuple(added)
    cleared = opened().clear(['2', 'mysql/0'], soon())
    assert cleared.entries == (added[1], added[0], added[2])
    assert store.read(soon()).entries == ()


def test_a_name_that_is_none_clears_nothing(store: SaidStore) -> None:
    store.add(PLANNED, soon())
    with pytest.raises(UsageError, match="cannot clear '7'"):
        store.clear(['1', '7'], soon())
    assert len(store.read(soon()).entries) == 1


def test_what_ended_long_ago_is_forgotten_when_something_is_added(store: SaidStore) -> None:
    ended = LATER - timedelta(days=9)
    for until in (ended, ended + timedelta(days=2)):
        store.add(SuppressionEntry(MAINTENANCE, 'a', until, 'r'), soon())
    assert store.add(PLANNED, soon()).replaced == ()
    kept = store.read(soon()).entries
    assert [(one.target, one.until) for one in kept] == [
        ('a', ended + timedelta(days=2)),
        ('mysql/0', LATER),
    ]
    assert len({one.id for one in kept}) == 2


@pytest.mark.parametrize('again', AGAIN)
def test_the_newest_replaces_what_said_the_same(
    again: dict[str, object], store: SaidStore
) -> None:
    first = store.add(KNOWN, soon()).entry
    second = store.add(replace(KNOWN, **again), soon())  # type: ignore[arg-type]
    assert (second.replaced, second.entry.id) == ((first,), '2')
    assert store.read(soon()).entries == (second.entry,)
    # It is gone for good, whatever becomes of the newest.
    store.clear(['2'], soon())
    assert store.read(soon()).entries == ()


@pytest.mark.parametrize('otherwise', OTHERWISE)
def test_what_says_something_else_stands_beside_it(
    otherwise: dict[str, object], store: SaidStore
) -> None:
    store.add(KNOWN, soon())
    other = store.add(replace(KNOWN, **otherwise), soon())  # type: ignore[arg-type]
    assert other.replaced == ()
    assert len(store.read(soon()).entries) == 2


def test_what_has_ended_is_listed_as_before(store: SaidStore) -> None:
    ended = replace(KNOWN, until=LATER - timedelta(days=2))
    store.add(ended, soon())
    assert store.add(KNOWN, soon()).replaced == ()
    assert [one.until for one in store.read(soon()).entries] == [ended.until, LATER]


def test_there_is_room_for_so_many_and_one_that_is_repeated_takes_none(
    store: SaidStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(said, 'MAX_ENTRIES', 2)
    for target in ('web', 'db', 'web'):
        store.add(replace(KNOWN, target=target), soon())
    with pytest.raises(UsageError, match='cannot hold more than 2 entries'):
        store.add(replace(KNOWN, target='api'), soon())
    assert [one.target for one in store.read(soon()).entries] == ['db', 'web']


def test_what_one_id_stood_for_in_a_shared_place_no_other_does(history_url: str) -> None:
    store = SuppressionsTable(history_url)
    store.add(PLANNED, soon())
    store.clear(['1'], soon())
    assert store.add(KNOWN, soon()).entry.id == '2'


def test_a_text_that_no_database_keeps_costs_no_more_than_its_characters(
    history_url: str,
) -> None:
    store = SuppressionsTable(history_url)
    odd = replace(PLANNED, reason='a\0b \udcff', model='\udcff')
    assert store.add(odd, soon()).entry.reason == 'a\N{REPLACEMENT CHARACTER}b ' + (
        '\N{REPLACEMENT CHARACTER}'
    )
    assert store.read(soon()).entries[0].model == '\N{REPLACEMENT CHARACTER}'


def test_who_only_reads_makes_no_database(tmp_path: Path) -> None:
    store = SuppressionsTable(f'sqlite:///{tmp_path}/history/history.db')
    assert store.read(soon()).entries == ()
    assert list(tmp_path.iterdir()) == []


def beside(url: str, tmp_path: Path) -> SharedAndOwn:
    """Return a store beside a file that holds what was said before it was shared."""
    own = SuppressionsFile(tmp_path / 'maintenance.json')
    for one in (PLANNED, KNOWN):
        own.add(one, soon())
    return SharedAndOwn(SuppressionsTable(url), own)


def test_what_was_said_before_it_was_shared_counts_on(history_url: str, tmp_path: Path) -> None:
    store = beside(history_url, tmp_path)
    added = store.add(replace(KNOWN, target='db'), soon()).entry
    found = store.read(soon())
    assert [one.id for one in found.entries] == ['file-1', 'file-2', '1']
    holds = 'holds 2 suppressions (file-1, file-2)'
    assert found.notes == (f'nobody else reads {store.own.path}, which {holds}',)
    # Another user has a file of another's, or none.
    others = SharedAndOwn(store.shared, SuppressionsFile(tmp_path / 'other.json'))
    assert others.read(soon()) == said.SuppressionsRead((added,))
    cleared = store.clear(['file-1', '1'], soon()).entries
    assert [one.id for one in cleared] == ['file-1', '1']
    assert [one.id for one in store.own.read(soon()).entries] == ['2']
    assert store.clear([KNOWN.written], soon()).entries[0].id == 'file-2'
    assert store.read(soon()) == said.SuppressionsRead()


def test_who_says_it_again_has_it_shared_and_no_longer_in_the_file(
    history_url: str, tmp_path: Path
) -> None:
    store = beside(history_url, tmp_path)
    shorter = replace(KNOWN, until=LATER - timedelta(minutes=1))
    added = store.add(shorter, soon())
    assert [one.id for one in added.replaced] == ['file-2']
    # Else the longer one would count again once the shorter one has ended.
    assert [one.target for one in store.own.read(soon()).entries] == ['mysql/0']
    assert store.shared.read(soon()).entries == (added.entry,)


def test_nothing_is_removed_of_either_where_a_name_is_of_neither(
    history_url: str, tmp_path: Path
) -> None:
    store = beside(history_url, tmp_path)
    store.add(replace(KNOWN, target='db'), soon())
    before = store.read(soon())
    with pytest.raises(UsageError, match="cannot clear '2'"):
        store.clear(['file-1', '1', '2'], soon())
    assert store.read(soon()) == before


def test_a_file_that_needs_no_change_is_not_written(history_url: str, tmp_path: Path) -> None:
    store = beside(history_url, tmp_path)
    before = store.own.path.stat()
    store.add(replace(KNOWN, target='db'), soon())
    assert store.own.path.stat() == before


def test_where_one_cannot_be_written_nothing_is_lost_and_the_same_again_does_the_rest(
    history_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / 'none').touch()
    store = beside(f'sqlite:///{tmp_path}/none/history.db', tmp_path)
    with pytest.raises(HistoryError, match='cannot make'):
        store.clear(['file-1'], soon())
    assert len(store.own.read(soon()).entries) == 2

    def full(descriptor: int) -> None:
        raise OSError(28, 'No space left on device')

    store = SharedAndOwn(SuppressionsTable(history_url), store.own)
    with monkeypatch.context() as patched:
        patched.setattr(os, 'fsync', full)
        with pytest.raises(UsageError, match='No space left'):
            store.add(KNOWN, soon())
    assert [one.id for one in store.read(soon()).entries] == ['file-1', 'file-2', '1']
    again = store.add(KNOWN, soon())
    assert [one.id for one in again.replaced] == ['file-2', '1']
    assert [one.id for one in store.read(soon()).entries] == ['file-1', '2']


def test_one_that_cannot_be_read_does_not_hide_the_other(tmp_path: Path) -> None:
    (tmp_path / 'history.db').write_bytes(b'no database' * 1000)
    store = beside(f'sqlite:///{tmp_path}/history.db', tmp_path)
    found = store.read_if_possible(soon())
    assert [one.id for one in found.entries] == ['file-1', 'file-2']
    assert [fault.startswith('cannot read ') for fault in found.faults] == [True]
    sound = beside(f'sqlite:///{tmp_path}/sound.db', tmp_path)
    sound.add(replace(KNOWN, target='db'), soon())
    sound.own.path.write_text('{"schema": 9}')
    found = sound.read_if_possible(soon())
    assert [one.target for one in found.entries] == ['db']
    assert [fault.startswith('cannot read ') for fault in found.faults] == [True]


def test_a_server_that_takes_a_connection_and_says_nothing_is_waited_for_no_longer() -> None:
    with socket.create_server(('127.0.0.1', 0)) as silent:
        port = silent.getsockname()[1]
        store = SuppressionsTable(f'postgresql://health:secret@127.0.0.1:{port}/health')
        found = store.read_if_possible(Deadline.after(0.2))
    (fault,) = found.faults
    assert fault.endswith('it did not answer in time')
    assert 'secret' not in fault


def test_a_server_that_is_away_keeps_nothing_and_is_said(postgres: PostgresServer) -> None:
    url = postgres.new_database().replace('history-', 'nowhere-')
    store = SuppressionsTable(url)
    with pytest.raises(HistoryBusy, match='cannot '):
        store.add(PLANNED, Deadline.after(0))
    (fault,) = store.read_if_possible(soon()).faults
    assert fault.startswith('cannot read ')


def test_a_history_of_an_earlier_version_is_said_with_what_to_do(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres.new_database()
    SuppressionsTable(url).add(PLANNED, soon())
    monkeypatch.setattr('reconciler.history.database.LATEST', '9999')
    found = SuppressionsTable(url).read_if_possible(soon())
    assert [fault.split(': ')[-1] for fault in found.faults][-1] == (
        'reconcile-health history upgrade'
    )
