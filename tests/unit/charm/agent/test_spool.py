"""The newest reports and every change survive, in order, whatever happens at any write."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charm.agent.ship.spool import HELD_MOST, Spool
from charm.kernel.merge_checks import make_report
from charm.kernel.report_json import decode, encode

MANY = 10**9


def report(sequence: int, padding: int = 0) -> bytes:
    return encode(
        make_report('web', 'web/0', (), requires=('x' * padding,), sequence=sequence)
    ).encode()


def sequences(spool: Spool) -> list[int]:
    return [decode(entry.report).sequence or 0 for entry in spool.oldest(MANY, MANY)]


def test_reports_come_out_in_order_and_stay_until_dropped(tmp_path: Path) -> None:
    spool = Spool(tmp_path, MANY, 100)
    for number in range(10):
        spool.put(report(number), change=False)
    assert sequences(spool) == list(range(10))
    spool.drop(entry.order for entry in spool.oldest(MANY, 4))
    assert sequences(spool) == list(range(4, 10))
    assert sequences(Spool(tmp_path, MANY, 100)) == list(range(4, 10))


def test_a_batch_is_bounded_but_never_empty(tmp_path: Path) -> None:
    spool = Spool(tmp_path, MANY, 100)
    for number in range(10):
        spool.put(report(number, 1000), change=False)
    assert len(spool.oldest(1, 100)) == 1
    assert len(spool.oldest(MANY, 3)) == 3
    assert len(spool.oldest(3000, 100)) == 2


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=60), st.integers(1, 20))
def test_a_full_spool_keeps_the_newest_and_as_many_changes_as_fit(
    tmp_path_factory: pytest.TempPathFactory, changes: list[bool], most: int
) -> None:
    directory = tmp_path_factory.mktemp('spool')
    spool = Spool(directory, MANY, most)
    for number, change in enumerate(changes):
        spool.put(report(number), change)
    kept = sequences(spool)
    assert kept == sorted(kept)
    assert kept[-1] == len(changes) - 1
    assert len(kept) == min(most, len(changes))
    wanted = [number for number, change in enumerate(changes) if change]
    assert [number for number in kept if changes[number]] == wanted[-len(kept) :][
        -sum(changes[number] for number in kept) or len(wanted) :
    ]
    # A change makes way only once nothing else is left to.
    if spool.depth.dropped_changes:
        assert all(changes[number] for number in kept[:-1])
    assert sequences(Spool(directory, MANY, most)) == kept


def test_the_size_is_bounded_too(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 20000, 1000)
    for number in range(100):
        spool.put(report(number, 1000), change=number == 3)
    assert spool.depth.size_bytes <= 20000
    assert sequences(spool)[0] == 3
    assert sequences(spool)[-1] == 99


def test_what_is_no_report_is_set_aside_and_the_rest_goes_on(tmp_path: Path) -> None:
    spool = Spool(tmp_path, MANY, 100)
    for number in range(3):
        spool.put(report(number), change=False)
    (tmp_path / '0000000000000002-r.json').write_bytes(b'\0' * 400)
    assert sequences(spool) == [0, 2]
    assert len(list(tmp_path.glob('*.corrupt-*'))) == 1


def test_what_others_put_into_the_directory_costs_no_report(tmp_path: Path) -> None:
    Spool(tmp_path, 10**6, 100).put(report(1), change=True)
    (tmp_path / '.snapshot').mkdir()
    spool = Spool(tmp_path, 10**6, 100)
    spool.put(report(2), change=True)
    assert sequences(spool) == [1, 2]


def test_a_write_that_was_cut_off_is_swept_up(tmp_path: Path) -> None:
    (tmp_path / '.0000000000000001-r.json.abc').write_bytes(b'{"sch')
    spool = Spool(tmp_path, MANY, 100)
    assert sequences(spool) == []
    assert not list(tmp_path.glob('.0*'))


def test_a_spool_that_cannot_be_listed_at_the_start_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        Spool(tmp_path, MANY, 100).put(report(number), change=True)
    said: list[str] = []
    listdir = os.listdir

    def broken(path: Path) -> list[str]:
        raise OSError(errno.EMFILE, 'Too many open files', path)

    monkeypatch.setattr(os, 'listdir', broken)
    spool = Spool(tmp_path, MANY, 100, 'model', said.append)
    for number in (3, 4):
        spool.put(report(number), change=False)
        assert spool.oldest(MANY, 100) == ()
    assert spool.depth.held == 2
    trouble = f'cannot list {tmp_path}: Too many open files; nothing is shipped from it'
    assert [one.startswith(trouble) for one in said] == [True]
    monkeypatch.setattr(os, 'listdir', listdir)
    assert sequences(spool) == list(range(5))
    spool.put(report(5), change=False)
    assert (spool.depth.held, len(said)) == (0, 2)
    assert sequences(Spool(tmp_path, MANY, 100, 'model')) == list(range(6))


_FILL = """
import signal
import sys
from pathlib import Path
from charm.agent.ship.spool import Spool
from tests.unit.charm.agent.test_spool import report
spool = Spool(Path(sys.argv[1]), 10**9, 40)
for number in range(*map(int, sys.argv[2:])):
    spool.put(report(number, 20), change=number % 10 == 0)
    print(number, flush=True)
signal.pause()
"""


@pytest.mark.slow
def test_killed_at_any_write_it_has_all_that_was_put_and_nothing_torn(tmp_path: Path) -> None:
    stops = (5, 58, 13, 40, 29, 7)
    next_number = 0
    for stop_after in stops:
        # It ends somewhere, for this process may be late to kill it.
        numbers = (str(next_number), str(next_number + stop_after + 10))
        process = subprocess.Popen(
            [sys.executable, '-c', _FILL, str(tmp_path), *numbers], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        said = -1
        for _ in range(stop_after):
            said = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split()
        said = int(rest[-1]) if rest else said
        process.wait()
        process.stdout.close()
        kept = sequences(Spool(tmp_path, MANY, 1000))
        assert kept == sorted(set(kept))
        assert kept[-1] in (said, said + 1)
        changes = range(0, said + 1, 10)
        assert set(changes) <= set(kept)
        # Room for the next report, which may be a change, was made before that was written.
        others = [number for number in range(said + 1) if number not in changes]
        assert set(others[len(changes) + 1 - 40 :]) <= set(kept)
        next_number = kept[-1] + 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Yield a file system of one mebibyte."""
    if os.geteuid() != 0:
        pytest.skip('only root can mount')
    place = tmp_path / 'disk'
    place.mkdir()
    mount = ['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', str(place)]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip('this machine lets nobody mount')
    try:
        yield place
    finally:
        subprocess.run(['umount', '-l', str(place)], check=True)


def fill(place: Path) -> Path:
    big = place / 'big'
    with big.open('wb', buffering=0) as file:
        for size in (65536, 4096):
            try:
                while file.write(b'x' * size) == size:
                    pass
            except OSError:
                continue
    assert shutil.disk_usage(place).free < 4096
    return big


def test_a_full_disk_costs_old_reports_that_changed_nothing_and_no_others(
    small_disk: Path,
) -> None:
    spool = Spool(small_disk / 'spool', MANY, 1000)
    for number in range(60):
        spool.put(report(number), change=number % 20 == 0)
    fill(small_disk)
    for number in range(60, 160):
        spool.put(report(number), change=number % 20 == 0)
    kept = sequences(spool)
    assert kept == sorted(kept)
    assert kept[-1] == 159
    assert set(range(0, 160, 20)) <= set(kept)
    # The same once more after a kill: all of it was on the disk.
    assert spool.depth.held == 0
    assert sequences(Spool(small_disk / 'spool', MANY, 1000)) == kept


def test_what_no_disk_takes_is_held_in_bounds_and_written_when_there_is_room(
    small_disk: Path,
) -> None:
    big = fill(small_disk)
    spool = Spool(small_disk / 'spool', MANY, 100000)
    for number in range(HELD_MOST + 50):
        spool.put(report(number), change=number == 3)
    assert spool.depth.held == HELD_MOST
    assert sequences(spool)[0] == 3
    big.unlink()
    spool.put(report(9999), change=False)
    assert spool.depth.held == 0
    again = Spool(small_disk / 'spool', MANY, 100000)
    assert sequences(again)[0] == 3
    assert sequences(again)[-1] == 9999


def test_what_a_unit_of_the_same_name_in_another_model_left_is_not_shipped(
    tmp_path: Path,
) -> None:
    first = Spool(tmp_path, MANY, 100, 'model-one')
    first.put(report(1), change=True)
    assert sequences(Spool(tmp_path, MANY, 100, 'model-one')) == [1]
    # Where no model is said, nothing tells the two apart, and nothing is thrown away.
    assert sequences(Spool(tmp_path, MANY, 100)) == [1]
    second = Spool(tmp_path, MANY, 100, 'model-two')
    assert sequences(second) == []
    second.put(report(2), change=False)
    assert sequences(Spool(tmp_path, MANY, 100, 'model-two')) == [2]
