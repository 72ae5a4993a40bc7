"""Progress: on a terminal while it works, from the first call of juju on, and nowhere else."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.command_line import COMMAND, run
from tests.support.patience import PATIENCE
from tests.support.tree import TESTS

STATUS = TESTS / 'data' / 'juju-status' / 'machines-3.6.json'


def on_a_terminal(*words: str, environment: Mapping[str, str] | None = None) -> tuple[str, bytes]:
    """Return what the command writes to stderr where that is a terminal, and its stdout."""
    terminal, other = pty.openpty()
    with subprocess.Popen(
        [COMMAND, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=other,
        env={**os.environ, 'TERM': 'xterm', 'NO_COLOR': '1', **(environment or {})},
    ) as process:
        os.close(other)
        shown = drained(terminal)
        assert process.stdout is not None
        printed = process.stdout.read()
        process.wait(timeout=PATIENCE)
    return shown.decode(), printed


def drained(terminal: int) -> bytes:
    """Return all that is written to a terminal, until the last writer has gone, and close it."""
    pieces = []
    # Linux says EIO then.
    with contextlib.suppress(OSError):
        while piece := os.read(terminal, 65536):
            pieces.append(piece)
    os.close(terminal)
    return b''.join(pieces)


@pytest.mark.slow
def test_this_machine_is_asked_with_a_bar_that_goes() -> None:
    shown, printed = on_a_terminal('--reach', 'local')
    assert '0/1 units' in shown
    assert shown.rstrip().endswith('\x1b[2K'), 'the line is cleared when the sweep ends'
    assert b'asking' not in printed
    assert '\\u2501' not in on_a_terminal('--reach', 'local', environment={'LC_ALL': 'C'})[0]


@pytest.mark.slow
@pytest.mark.parametrize('words', [(), ('explain', 'mysql')])
def test_the_bar_is_there_before_juju_has_answered(words: tuple[str, ...], tmp_path: Path) -> None:
    seen, juju = tmp_path / 'seen', tmp_path / 'juju'
    os.mkfifo(seen)
    # It answers no sooner than somebody has read the bar.
    juju.write_text(f'#!/bin/sh\n[ "$1" != status ] || cat {seen} {STATUS}\n')
    juju.chmod(0o755)
    terminal, other = pty.openpty()
    command = [COMMAND, *words, '--juju', str(juju), '--attempts', '1']
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=other
    ) as process:
        os.close(other)
        shown = b''
        while b'units' not in shown:
            shown += os.read(terminal, 65536)
        seen.write_text('')
        drained(terminal)
        assert process.wait(timeout=PATIENCE) == 2


@pytest.mark.slow
def test_without_a_terminal_or_with_quiet_there_is_no_progress() -> None:
    assert run('--reach', 'local').stderr == b''
    assert on_a_terminal('--reach', 'local', '-q')[0] == ''
