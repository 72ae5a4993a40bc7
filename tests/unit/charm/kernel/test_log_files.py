"""A reader of the log loses nothing: at rotations, after kill -9, on a full disk."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charm.kernel.log_files import LINK, Cursor, LogWriter, files_of, read_since
from tests.support.patience import PATIENCE

SMALL = 300


def read_all(directory: Path, cursor: Cursor | None, most: int = 128) -> tuple[list[int], Cursor]:
    numbers: list[int] = []
    while True:
        tail = read_since(directory, cursor, most)
        numbers += [json.loads(line)['n'] for line in tail.lines if b'"n"' in line]
        cursor = tail.cursor
        assert not tail.gap
        assert cursor is not None
        if not tail.more:
            return numbers, cursor


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 12), min_size=1, max_size=10), st.integers(1, 500), st.integers(0, 90)
)
def test_reading_in_any_steps_gives_every_line_once_across_rotations(
    tmp_path_factory: pytest.TempPathFactory, batches: list[int], most: int, padding: int
) -> None:
    directory = tmp_path_factory.mktemp('log')
    writer = LogWriter(directory, SMALL, 1000)
    written, found, cursor = 0, [], None
    for batch in batches:
        for _ in range(batch):
            assert writer.write({'n': written, 'text': 'x' * padding})
            written += 1
        numbers, cursor = read_all(directory, cursor, most)
        found += numbers
    writer.close()
    assert found == list(range(written))


def test_a_cursor_survives_being_written_down() -> None:
    cursor = Cursor('agent-00000012-5f3a9c1e.jsonl', 4096)
    assert Cursor.parse(str(cursor)) == cursor


@pytest.mark.parametrize('text', ['', 'x', '../etc/passwd:0', 'agent-1-5f3a9c1e.jsonl:0', 'a:-1'])
def test_nonsense_is_not_a_cursor(text: str) -> None:
    with pytest.raises(ValueError, match='is not a cursor'):
        Cursor.parse(text)


def test_lines_that_were_removed_before_they_were_read_are_a_gap(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path, SMALL, 2)
    writer.write({'n': 0})
    cursor = read_since(tmp_path, None).cursor
    for number in range(1, 200):
        writer.write({'n': number})
    writer.close()
    assert len(files_of(tmp_path)) == 2
    tail = read_since(tmp_path, cursor)
    assert tail.gap
    assert json.loads(tail.lines[-1])['n'] == 199
    assert not read_since(tmp_path, tail.cursor).gap


def test_a_log_that_was_wiped_and_begun_anew_is_a_gap_even_at_the_same_number(
    tmp_path: Path,
) -> None:
    writer = LogWriter(tmp_path, SMALL, 3)
    for number in range(5):
        writer.write({'n': number})
    writer.close()
    cursor = read_since(tmp_path, None).cursor
    for name in os.listdir(tmp_path):
        (tmp_path / name).unlink()
    anew = LogWriter(tmp_path, SMALL, 3)
    for number in range(10):
        anew.write({'n': number})
    anew.close()
    tail = read_since(tmp_path, cursor)
    assert tail.gap
    assert [json.loads(line)['n'] for line in tail.lines] == list(range(10))


def test_a_line_that_is_not_finished_is_left_for_later(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path, 10000, 3)
    writer.write({'n': 1})
    path = tmp_path / files_of(tmp_path)[0]
    with path.open('ab') as file:
        file.write(b'{"n":')
    tail = read_since(tmp_path, None)
    assert len(tail.lines) == 1
    with path.open('ab') as file:
        file.write(b'2}\n')
    assert read_since(tmp_path, tail.cursor).lines == (b'{"n":2}',)


def test_a_writer_that_was_killed_in_a_line_leaves_the_next_lines_readable(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path, 10000, 3)
    writer.write({'n': 1})
    writer.close()
    path = tmp_path / files_of(tmp_path)[0]
    with path.open('ab') as file:
        file.write(b'{"n":2,"half')
    again = LogWriter(tmp_path, 10000, 3)
    again.write({'n': 3})
    again.close()
    lines = read_since(tmp_path, None).lines
    assert (lines[0], lines[-1]) == (b'{"n":1}', b'{"n":3}')


def test_the_link_for_people_leads_to_the_newest_file(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path, SMALL, 3)
    for number in range(50):
        writer.write({'n': number})
    writer.close()
    assert os.readlink(tmp_path / LINK) == files_of(tmp_path)[-1]
    assert json.loads((tmp_path / LINK).read_bytes().splitlines()[-1])['n'] == 49


def test_no_log_is_no_lines(tmp_path: Path) -> None:
    tail = read_since(tmp_path / 'none', None)
    assert (tail.lines, tail.cursor, tail.gap) == ((), None, False)


# The limit on a file's size refuses a write in its middle, as a full disk does.
_FULL = """
import json, resource, sys
from pathlib import Path
from charm.kernel.log_files import LogWriter
writer = LogWriter(Path(sys.argv[1]), 10_000_000, 3)
assert writer.write({'n': 0})
resource.setrlimit(resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY))
refused = [writer.write({'n': number, 'text': 'x' * 150}) for number in range(1, 4)]
assert refused == [False] * 3 and writer.lost == 3, (refused, writer.lost)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert writer.write({'n': 4})
"""


def test_lines_that_a_full_disk_refuses_are_counted_and_leave_no_half(tmp_path: Path) -> None:
    subprocess.run([sys.executable, '-c', _FULL, str(tmp_path)], check=True, timeout=PATIENCE)
    lines = [json.loads(line) for line in read_since(tmp_path, None).lines]
    assert lines == [{'n': 0}, {'kind': 'lost', 'lines': 3}, {'n': 4}]


_WRITE = """
import sys
from pathlib import Path
from charm.kernel.log_files import LogWriter
writer = LogWriter(Path(sys.argv[1]), 4096, 100000)
number = int(sys.argv[2])
while True:
    writer.write({'n': number, 'text': 'x' * (number % 700)})
    print(number, flush=True)
    number += 1
"""


def test_a_reader_beside_a_writer_that_is_killed_again_and_again_sees_every_line(
    tmp_path: Path,
) -> None:
    found: list[int] = []
    cursor: Cursor | None = None
    next_number = 0
    for _round in range(6):
        process = subprocess.Popen(
            [sys.executable, '-c', _WRITE, str(tmp_path), str(next_number)], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        last = -1
        for said, line in enumerate(process.stdout, 1):
            last = int(line)
            if said % 20 == 0:
                numbers, cursor = read_all(tmp_path, cursor, 200_000)
                found += numbers
            if said == 150:
                process.send_signal(signal.SIGKILL)
                break
        rest = process.stdout.read().split()
        process.wait()
        process.stdout.close()
        last = int(rest[-1]) if rest else last
        # The line after the last that was said may have been written, too: it is written again.
        numbers, cursor = read_all(tmp_path, cursor, 200_000)
        found += numbers
        next_number = max(last + 1, found[-1] + 1)
    assert found == list(range(next_number))
