"""What the unit's programs load to start: no more than they need, counted in modules."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from charm.cli.health_arguments import plain
from charm.cli.health_usage import read
from tests.support.authors import PYTHONS, python_of
from tests.support.patience import PATIENCE
from tests.support.tree import ROOT

# Runs a program as its own interpreter would, and then says which modules it has loaded.
_TELLING = """
import sys
before = set(sys.modules)
_, root, __file__ = sys.argv[:3]
sys.argv = sys.argv[2:]
if __file__.endswith('/health'):
    # It is as on a machine without NRPE, whatever this one has; the hook loads this in any case.
    sys.path.insert(0, root)
    from charm.sources import found
    found.NRPE_CONFIG = found.NRPE_DIRECTORY = found.Path('/nonexistent')
try:
    exec(compile(open(__file__).read(), __file__, 'exec'))
except SystemExit as ended:
    code = ended.code
sys.stdout.flush()
sys.stderr.write(' '.join([str(code), *sorted(set(sys.modules) - before)]))
"""
# Each takes milliseconds of a start.
HEAVY = {'argparse', 'asyncio', 'concurrent.futures', 'dataclasses', 'email', 'http.client'}
HEAVY |= {'inspect', 'logging', 'multiprocessing', 'ssl', 'tempfile', 'unittest'}
HEAVY |= {'gettext', 'shutil', 'site', 'typing', 'weakref'}
# What a client has no use for, beside these.
FULL = {'datetime', 'json', 'pathlib', 're', 'subprocess', 'threading', 'urllib.parse'}
ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nJuju-Health-Age: 1.500\r\n\r\n{}\n'


def loaded(python: Path, program: str, *words: str) -> tuple[bytes, set[str]]:
    """Return what the program prints, and what it loads beyond an interpreter."""
    path = ROOT / 'hooks' / program
    _python, flags = path.read_text().splitlines()[0].split()
    done = subprocess.run(
        [str(python), flags, '-c', _TELLING, str(ROOT), str(path), *words],
        env={'PATH': os.environ['PATH'], 'PYTHONDONTWRITEBYTECODE': '1'},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        check=True,
    )
    code, *modules = done.stderr.decode().split()
    assert code == '0', done.stderr
    return done.stdout, {*modules}


def of_ours(modules: Sequence[str] | set[str]) -> set[str]:
    return {name for name in modules if name.split('.')[0] == 'charm'}


@pytest.mark.parametrize('version', PYTHONS)
def test_a_hook_loads_what_its_checks_are_made_of(version: str, tmp_path: Path) -> None:
    nothing = ('--definitions', str(tmp_path), '--callbacks', str(tmp_path))
    printed, modules = loaded(python_of(version), 'health', *nothing)
    assert printed.startswith(b'{"schema":1,')
    assert modules.isdisjoint(HEAVY)
    kinds = {name for name in modules if name.startswith('charm.checks.kinds.')}
    assert kinds.isdisjoint({f'charm.checks.kinds.{kind}' for kind in ('http_url', 'tls_expiry')})
    assert len(kinds) <= 14
    assert len(of_ours(modules)) <= 88


@pytest.mark.parametrize('version', PYTHONS)
def test_what_only_some_units_have_is_not_loaded_by_the_others(
    version: str, tmp_path: Path
) -> None:
    nothing = ('--definitions', str(tmp_path), '--callbacks', str(tmp_path))
    asked = ('--check', 'load', '--deadline', '20', '--unit', 'web/0')
    printed, modules = loaded(python_of(version), 'health', *nothing, *asked)
    assert printed.startswith(b'{"schema":1,"service":"web",')
    assert modules.isdisjoint(HEAVY | {'ctypes', 'subprocess'})
    for room in ('apart', 'monitors', 'nrpe', 'plain_yaml'):
        assert not [name for name in modules if name.startswith(f'charm.sources.{room}.')]
    assert modules.isdisjoint({'charm.kernel.command', 'charm.sources.pebble'})


def test_a_hook_s_command_line_is_read_alike_in_both_ways() -> None:
    many = (
        ('--unit', 'web/0', '--check', 'load', '--check', 'disk', '--deadline', '9'),
        ('--definitions', '/a b', '--callbacks', 'c', '--list', '--pretty', '--unit', 'a/1'),
        ('--unit', 'a/1', '--unit', 'b/2', '--deadline', '007'),
        (),
    )
    for words in many:
        assert plain(words) in (None, read(words)), words
    assert [words for words in many if plain(words) is None] == [many[2]]


@pytest.mark.parametrize(
    'words',
    [
        ('--check', 'load', 'disk'),
        ('--check',),
        ('--unit=web/0',),
        ('--unit', ''),
        ('--unit', '-h'),
        ('--deadline', '0'),
        ('--deadline', '1e3'),
        ('--deadline', '٣'),
        ('--lis',),
        ('--validate',),
        ('--help',),
        ('--',),
        ('load',),
    ],
)
def test_what_is_not_plain_is_left_to_who_reads_all(words: tuple[str, ...]) -> None:
    assert plain(words) is None


@pytest.mark.parametrize('version', PYTHONS)
def test_a_client_loads_no_more_than_a_socket(version: str, tmp_path: Path) -> None:
    place = str(tmp_path / 'agent.sock')
    (tmp_path / 'agent.yaml').write_text(f'# Plain.\ninterval: 60\nsocket: {place}\n')
    (tmp_path / 'agent.yaml').chmod(0o600)
    heard: list[bytes] = []

    def answer(listener: socket.socket) -> None:
        connection, _peer = listener.accept()
        with connection:
            heard.append(connection.recv(4096))
            connection.sendall(ANSWER)

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(place)
        listener.listen()
        thread = threading.Thread(target=answer, args=(listener,))
        thread.start()
        asked = ('report', '--unit', 'web/0', '--config', str(tmp_path / 'agent.yaml'))
        printed, modules = loaded(python_of(version), 'health-agent', *asked)
        thread.join(PATIENCE)
    assert printed == b'{}\n'
    assert heard[0].startswith(b'GET /v1/report?unit=web/0 HTTP/1.1\r\n')
    assert modules.isdisjoint(HEAVY | FULL)
    assert len(of_ours(modules)) <= 18


def test_what_is_more_than_a_plain_question_is_read_in_full() -> None:
    for words in (('report', '--help'), ('--version',), ('report', '--conf', '/nowhere')):
        done = subprocess.run(
            [sys.executable, '-I', str(ROOT / 'hooks' / 'health-agent'), *words],
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        assert (b'usage: health-agent' in done.stdout) == ('--help' in words)
        assert done.returncode == (78 if '--conf' in words else 0), done.stderr
