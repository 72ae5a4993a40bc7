"""The command as a whole, as a process: its words, its exit codes, its manners."""

from __future__ import annotations

import json
import os
import pty
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from reconciler.cli.main import COMMANDS
from reconciler.render import RENDERERS
from reconciler.saved.sweep_document import to_document
from tests.standin.examples import model
from tests.support.command_line import COMMAND, run
from tests.support.patience import PATIENCE
from tests.support.snapshots import troubled, well


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / 'sweep.json'
    path.write_text(json.dumps(to_document(troubled())))
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    'words',
    [
        ('--nonsense',),
        ('--workers', '0'),
        ('--format', 'pdf'),
        ('--wait-for', 'fail'),
        ('--within', 'soon'),
        ('diff',),
        ('diff', '/nonexistent', '/nonexistent'),
        ('replay',),
        ('replay', '/nonexistent'),
        ('replay', '--at', 'noon', '/tmp'),
        ('--reach', 'local', 'no-such-service'),
        ('--status', '/nonexistent'),
        ('--reach', 'local', '-o', '/nonexistent/file'),
        ('completion', 'tcsh'),
    ],
)
def test_wrong_usage_is_exit_code_3_with_words_on_stderr_only(words: tuple[str, ...]) -> None:
    done = run(*words)
    assert done.returncode == 3
    assert done.stdout == b''
    assert done.stderr
    assert b'Traceback' not in done.stderr


@pytest.mark.slow
def test_help_teaches() -> None:
    done = run('--help')
    assert done.returncode == 0
    text = done.stdout.decode()
    for word in ('Examples:', 'Exit codes:', 'Look closer:', '--wait-for', *COMMANDS):
        assert word in text
    assert run('-h').stdout == done.stdout


@pytest.mark.slow
@pytest.mark.parametrize('name', COMMANDS)
def test_every_command_has_help_with_a_sentence(name: str) -> None:
    done = run(name, '--help')
    assert done.returncode == 0
    assert len(done.stdout.decode().split('\n\n')[1].split()) > 3


def test_a_crash_is_not_taken_for_a_warning() -> None:
    script = (
        'from reconciler.cli import main\n'
        'from reconciler.cli.commands import sweep\n'
        'sweep.sweep = lambda **given: 1 / 0\n'
        'main()\n'
    )
    done = subprocess.run([sys.executable, '-c', script], capture_output=True, check=False)
    assert done.returncode == 3
    assert b'ZeroDivisionError' in done.stderr


def test_the_version_is_told() -> None:
    done = run('--version')
    assert (done.returncode, done.stdout[:18]) == (0, b'reconcile-health, ')


@pytest.mark.slow
@pytest.mark.parametrize('form', RENDERERS)
def test_a_pipe_gets_no_colour_in_any_format(form: str, saved: Path) -> None:
    done = run('replay', str(saved), '--format', form)
    assert done.returncode == 2, done.stderr
    assert b'\x1b' not in done.stdout
    assert done.stdout.endswith(b'\n')


def on_a_terminal(*words: str, **environment: str) -> str:
    """Return what the command writes when its stdout is a terminal."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [COMMAND, *words],
        stdin=subprocess.DEVNULL,
        stdout=slave,
        stderr=subprocess.DEVNULL,
        env={**os.environ, 'TERM': 'xterm', **environment},
    )
    os.close(slave)
    pieces = []
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # Linux says EIO once the last writer has gone.
            break
        if not piece:
            break
        pieces.append(piece)
    process.wait(timeout=PATIENCE)
    os.close(master)
    return b''.join(pieces).decode()


@pytest.mark.slow
def test_a_terminal_gets_colour_unless_its_user_wants_none(saved: Path) -> None:
    assert '\x1b[' in on_a_terminal('replay', str(saved), NO_COLOR='')
    assert '\x1b[' not in on_a_terminal('replay', str(saved), NO_COLOR='1')


@pytest.mark.slow
def test_a_reader_that_goes_early_is_no_error(saved: Path) -> None:
    document = json.loads(saved.read_text())
    document['services'] *= 50  # More than a pipe holds.
    saved.write_text(json.dumps(document))
    words = [COMMAND, 'replay', str(saved), '--format', 'jsonl']
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b''
        assert process.wait(timeout=PATIENCE) == 2


@pytest.mark.slow
def test_a_full_disk_behind_stdout_is_said_in_words(saved: Path) -> None:
    with Path('/dev/full').open('wb') as full:
        done = subprocess.run(
            [COMMAND, 'replay', str(saved)], stdout=full, stderr=subprocess.PIPE, check=False
        )
    said = b'reconcile-health: cannot write to stdout: No space left on device\n'
    assert (done.returncode, done.stderr) == (3, said)


@pytest.mark.slow
def test_a_file_is_written_whole_and_stdout_stays_empty(saved: Path, tmp_path: Path) -> None:
    target = tmp_path / 'juju.prom'
    link = tmp_path / 'link.prom'
    link.symlink_to(target)
    done = run('replay', str(saved), '--format', 'textfile', '-o', str(link))
    assert (done.returncode, done.stdout, done.stderr) == (2, b'', b'')
    assert link.is_symlink(), 'what a link leads to is replaced, not the link'
    assert target.read_bytes() == run('replay', str(saved), '--format', 'textfile').stdout
    assert [path.name for path in tmp_path.glob('.*')] == []
    assert stat.S_IMODE(target.stat().st_mode) == 0o644, 'node exporter may read it'
    before = target.stat().st_ino
    run('replay', str(saved), '--format', 'textfile', '-o', str(target))
    assert target.stat().st_ino != before, 'it is replaced, never written into'


@pytest.mark.slow
def test_a_textfile_that_node_exporter_would_not_read_is_refused(
    saved: Path, tmp_path: Path
) -> None:
    done = run('replay', str(saved), '--format', 'textfile', '-o', str(tmp_path / 'juju.txt'))
    assert (done.returncode, done.stdout) == (3, b'')
    assert b'names ending in .prom' in done.stderr
    assert not (tmp_path / 'juju.txt').exists()


@pytest.mark.slow
def test_what_is_no_plain_file_is_written_to_and_not_replaced(saved: Path, tmp_path: Path) -> None:
    assert run('replay', str(saved), '-o', '/dev/null').returncode == 2
    assert not Path('/dev/null').is_file()
    pipe = tmp_path / 'pipe'
    os.mkfifo(pipe)
    with subprocess.Popen(['cat', str(pipe)], stdout=subprocess.PIPE) as reader:
        assert run('replay', str(saved), '-o', str(pipe)).returncode == 2
        assert reader.stdout is not None
        assert reader.stdout.read() == run('replay', str(saved)).stdout
    assert pipe.is_fifo()


@pytest.mark.slow
def test_a_file_that_cannot_be_written_stays_as_it_was(saved: Path, tmp_path: Path) -> None:
    (tmp_path / 'd').mkdir()
    for target in (tmp_path / 'd', tmp_path / 'absent' / 'x'):
        done = run('replay', str(saved), '-o', str(target))
        assert done.returncode == 3
        assert b'cannot write' in done.stderr
    assert list((tmp_path / 'd').iterdir()) == []
    assert not (tmp_path / 'absent').exists()


@pytest.mark.slow
def test_diff_tells_the_same_from_changed_and_from_worse(tmp_path: Path, saved: Path) -> None:
    good = tmp_path / 'good.json'
    good.write_text(json.dumps(to_document(well())))
    assert run('diff', str(saved), str(saved)).returncode == 0
    assert run('diff', str(good), str(saved)).returncode == 2
    done = run('diff', str(saved), '-', '--format', 'json', stdin=good.read_bytes())
    document = json.loads(done.stdout)
    assert done.returncode == 1
    assert document['worse'] is False
    assert {change['kind'] for change in document['changes']} >= {'gone', 'flip'}


@pytest.mark.slow
def test_a_broken_saved_sweep_is_refused_with_its_name_and_path(saved: Path) -> None:
    document = json.loads(saved.read_text())
    document['services'][0]['units'][0]['qos'] = 7
    saved.write_text(json.dumps(document))
    done = run('replay', str(saved))
    assert done.returncode == 3
    assert f'cannot read {saved}: services[0].units[0].qos: 7 is not between' in (
        done.stderr.decode()
    )


# What each format's own reader makes of a document.
READERS: Mapping[str, Callable[[bytes], Any]] = {
    'json': json.loads,
    'jsonl': lambda text: [json.loads(line) for line in text.splitlines()],
    'yaml': yaml.safe_load,
    'health-json': json.loads,
    'junit': ElementTree.fromstring,
}


@pytest.mark.slow
@pytest.mark.parametrize('form', READERS)
@pytest.mark.parametrize('fault', ['logged-out', 'login-expired', 'unreachable', 'no-juju'])
def test_programs_get_a_document_whatever_fails(form: str, fault: str, tmp_path: Path) -> None:
    known = '' if fault == 'no-juju' else fault
    environment = replace(model(), fault=known).write(tmp_path / 'juju')
    juju = '/nonexistent/juju' if fault == 'no-juju' else 'juju'
    done = run('--format', form, '--juju', juju, environment=environment)
    assert done.returncode == 3
    assert READERS[form](done.stdout)
    assert b'cannot' in done.stdout, 'the document says why'
    assert done.stderr.startswith(b'reconcile-health: cannot')


def test_a_model_that_cannot_be_asked_has_the_name_that_it_has_in_a_sweep() -> None:
    done = run('--format', 'json', '--juju', '/nonexistent/juju', '-m', 'lab:admin/prod')
    told = json.loads(done.stdout)['model']
    assert (told['controller'], told['name']) == ('lab', 'prod')


@pytest.mark.slow
@pytest.mark.parametrize('fault', ['logged-out', 'unreachable', 'no-juju'])
def test_all_models_that_cannot_be_listed_are_a_document_too(fault: str, tmp_path: Path) -> None:
    known = '' if fault == 'no-juju' else fault
    environment = replace(model(), fault=known).write(tmp_path / 'juju')
    juju = '/nonexistent/juju' if fault == 'no-juju' else 'juju'
    done = run('--all-models', '--format', 'json', '--juju', juju, environment=environment)
    document = json.loads(done.stdout)
    assert done.returncode == 3
    assert (document['models'], document['complete'], document['health']) == ({}, False, 'unknown')
    assert 'cannot' in document['faults'][0]


@pytest.mark.slow
def test_nagios_gets_its_line_and_prometheus_its_alarm_when_juju_is_not_there() -> None:
    done = run('--format', 'nagios', '--juju', '/nonexistent/juju', '-m', 'lab:prod')
    assert done.stdout.startswith(b'JUJU-HEALTH UNKNOWN: lab:prod: no services: cannot run')
    done = run('--format', 'textfile', '--juju', '/nonexistent/juju')
    assert b'juju_health_sweep_complete{controller="",model=""} 0.0' in done.stdout
