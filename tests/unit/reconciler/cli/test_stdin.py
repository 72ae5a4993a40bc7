"""What commands read from stdin, and what they say where there is none."""

from __future__ import annotations

import subprocess

import pytest

from tests.support.command_line import COMMAND
from tests.support.patience import PATIENCE


@pytest.mark.slow
@pytest.mark.parametrize(
    'words',
    [
        ('diff', '-', '-'),
        ('replay', '-'),
        ('explain', 'web', '--saved', '-'),
        ('--status', '-'),
    ],
)
def test_a_closed_stdin_is_named(words: tuple[str, ...]) -> None:
    closed = ['sh', '-c', 'exec "$@" <&-', 'sh', COMMAND, *words]
    done = subprocess.run(closed, capture_output=True, timeout=PATIENCE, check=False)
    assert (done.returncode, done.stdout) == (3, b'')
    assert done.stderr == b'reconcile-health: cannot read -: stdin is closed\n'
