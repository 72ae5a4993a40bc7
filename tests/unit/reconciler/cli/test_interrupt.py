"""Ctrl-C, and the SIGTERM of cron and systemd: what arrived is printed, nothing is left behind."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.standin.examples import model
from tests.support.command_line import COMMAND
from tests.support.patience import PATIENCE

# A juju of two models whose ssh never ends; it names itself in a pipe when it has begun.
_SLOW = """\
#!/bin/sh
case "$1" in
controllers) echo '{"controllers": {"lab": {}}}' ;;
models) echo '{"models": [{"name": "admin/one"}, {"name": "admin/two"}]}' ;;
status) cat "$STATUS" ;;
*) echo $$ >> "$PIDS"; exec sleep 60 ;;
esac
"""
SIGNALS = pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])


def interrupted(
    directory: Path, number: signal.Signals, words: Sequence[str], ways: int
) -> tuple[int, Any]:
    """Interrupt a sweep once so many ssh have begun; return its exit code and document."""
    juju, pids, status = (directory / name for name in ('juju', 'pids', 'status'))
    juju.write_text(_SLOW)
    juju.chmod(0o755)
    status.write_text(json.dumps(model().status()))
    os.mkfifo(pids)
    process = subprocess.Popen(
        [COMMAND, '--juju', str(juju), '--format', 'json', *words],
        env={**os.environ, 'STATUS': str(status), 'PIDS': str(pids)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    # Held open for writing too, so that the end of one writer is not the end of the file.
    with os.fdopen(os.open(pids, os.O_RDWR)) as file:
        begun = [os.pidfd_open(int(file.readline())) for _ in range(ways)]
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=PATIENCE)
    for one in begun:
        ended, _, _ = select.select([one], [], [], PATIENCE)
        os.close(one)
        assert ended, 'juju ssh is left behind'
    assert b'Traceback' not in stderr
    return process.returncode, json.loads(stdout)


@pytest.mark.slow
@SIGNALS
def test_an_interrupt_prints_what_arrived(number: signal.Signals, tmp_path: Path) -> None:
    code, document = interrupted(tmp_path, number, ('--workers', '1'), 1)
    units = {unit['unit']: unit for one in document['services'] for unit in one['units']}
    assert code == 2, 'a failure that was seen is still one'
    assert document['complete'] is False
    assert units['mysql/0']['outcome'] == 'deadline'
    assert units['mysql/0']['message'] == 'interrupted before it answered'
    assert units['wordpress/0']['health'] == 'fail', 'what juju status said is still told'


@SIGNALS
def test_an_interrupt_ends_a_wait(number: signal.Signals, tmp_path: Path) -> None:
    words = ('--workers', '1', '--wait-for', 'passed', '--within', '50s')
    code, document = interrupted(tmp_path, number, words, 1)
    assert code == 2
    assert document['complete'] is False


@pytest.mark.slow
@SIGNALS
def test_an_interrupt_of_all_models_prints_every_model(
    number: signal.Signals, tmp_path: Path
) -> None:
    code, document = interrupted(tmp_path, number, ('--all-models', '--workers', '2'), 2)
    assert code == 2
    assert list(document['models']) == ['lab:admin/one', 'lab:admin/two']
    for found in document['models'].values():
        assert found['complete'] is False
        units = [unit for one in found['services'] for unit in one['units']]
        assert {unit['outcome'] for unit in units} == {'deadline'}
        assert any('interrupted' in unit['message'] for unit in units)
