"""What a command is given to read: all of it, then the end, and nowhere to be seen."""

from __future__ import annotations

import os

import pytest

from charm.kernel.command import run
from charm.kernel.deadline import Deadline
from charm.kernel.errors import CommandError
from tests.support.patience import PATIENCE


def test_a_command_reads_what_it_is_given_and_then_the_end() -> None:
    content = bytes(range(256)) * 12_000
    done = run(['cat'], Deadline.after(PATIENCE), cap_bytes=4_000_000, stdin=content)
    assert (done.exit_code, done.stdout) == (0, content)


def test_one_that_reads_nothing_does_not_hold_us() -> None:
    done = run(['true'], Deadline.after(PATIENCE), stdin=b'x' * 3_000_000)
    assert done.exit_code == 0


def test_without_anything_to_read_it_is_at_the_end() -> None:
    done = run(['sh', '-c', 'cat; readlink /proc/self/fd/0'], Deadline.after(PATIENCE))
    assert done.stdout == b'/dev/null\n'


def test_what_is_read_has_no_name_that_anybody_could_open() -> None:
    done = run(['readlink', '/proc/self/fd/0'], Deadline.after(PATIENCE), stdin=b'secret')
    assert done.stdout == b'/memfd:stdin (deleted)\n'


def test_no_descriptor_is_left_behind() -> None:
    before = set(os.listdir('/proc/self/fd'))
    run(['cat'], Deadline.after(PATIENCE), stdin=b'x')
    with pytest.raises(CommandError):
        run(['/no/such/command'], Deadline.after(PATIENCE), stdin=b'x')
    # Those of tests before this one may go meanwhile.
    assert set(os.listdir('/proc/self/fd')) <= before
