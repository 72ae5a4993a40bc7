"""`receive` as a command: its keys, its certificates, and what it says when something is wrong."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import pytest

from charm.agent.ship.post import pinned, post
from charm.agent.ship.push import headers_for
from charm.agent.units import Push
from charm.kernel.deadline import Deadline
from charm.kernel.push_contract import PATH, derive
from charm.kernel.report_json import encode
from reconciler.cli.commands.server import _listening
from reconciler.inbox.certificate_files import CertificateFiles
from reconciler.inbox.certificates import make_missing
from reconciler.inbox.denied import DenyList
from reconciler.inbox.store import Inbox, PushedReports
from reconciler.values.errors import UsageError
from tests.support.asked import report
from tests.support.patience import PATIENCE
from tests.support.tree import ROOT

COMMAND = Path(sys.executable).parent / 'reconcile-health'
Done = subprocess.CompletedProcess[str]


@dataclass
class Running:
    """A receiver that serves."""

    process: subprocess.Popen[str]
    port: int
    said: str


@contextmanager
def serving(*words: str) -> Iterator[Running]:
    process = subprocess.Popen(
        [str(COMMAND), 'receive', '--listen', '127.0.0.1:0', *words],
        stderr=subprocess.PIPE,
        text=True,
    )
    said = ''
    try:
        assert process.stderr is not None
        for line in process.stderr:
            said += line
            found = re.search(r'port (\d+), inbox', line)
            if found:
                yield Running(process, int(found[1]), said)
                return
        raise AssertionError(f'it does not serve: {said}')
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def refused(*words: str) -> str:
    done = subprocess.run(
        [str(COMMAND), *words], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert (done.returncode, done.stdout) == (3, ''), done
    assert done.stderr.startswith('reconcile-health: cannot'), done.stderr
    return done.stderr


@pytest.mark.slow
def test_from_nothing_to_a_report_in_the_inbox(tmp_path: Path) -> None:
    state = ('--state-dir', str(tmp_path))
    with serving('--init', '--name', 'localhost', *state) as running:
        made = re.findall(r'made .*/(\S+)', running.said)
        assert made == ['ca.key', 'ca.pem', 'key.pem', 'cert.pem', 'master.key']
        files = CertificateFiles(tmp_path / 'receive')
        for secret in (files.ca_key, files.key, tmp_path / 'receive/master.key'):
            assert secret.stat().st_mode & 0o777 == 0o600
        master = bytes.fromhex((tmp_path / 'receive/master.key').read_text())
        ca = files.ca.read_text()
        push = Push(f'https://localhost:{running.port}', ca, derive(master, 'web/0', 'm1'), 'm1')
        body = encode(report('web/0')).encode() + b'\n'
        headers = headers_for('web/0', push, body, datetime.now(timezone.utc))
        answer = post(push.url + PATH, pinned(ca), headers, body, Deadline.after(PATIENCE))
        assert answer.status == 200
    found = PushedReports(Inbox(tmp_path / 'inbox'), 'm1').report('web/0')
    assert found is not None
    assert found.report == report('web/0')
    assert PushedReports(Inbox(tmp_path / 'inbox'), 'm2').report('web/0') is None


def test_who_is_denied_is_refused_from_then_on(tmp_path: Path) -> None:
    path = tmp_path / 'denied'
    path.write_text('# gone\nweb/0\nm1:db/0  # broken into\n\n')
    denied = DenyList(path)
    asked = [('', 'web/0'), ('m2', 'web/0'), ('m1', 'db/0'), ('m2', 'db/0'), ('m1', 'web/1')]
    assert [denied.admit(*one) for one in asked] == [False, False, False, True, True]
    path.write_text('web/1\n')
    assert [denied.admit(*one) for one in asked] == [True, True, True, True, False]
    for broken in (b'not a unit\n', b'\xff\n'):
        path.write_bytes(broken)
        assert not denied.admit('m1', 'web/1')
    path.unlink()
    assert not denied.admit('m1', 'web/1')
    path.write_text('')
    assert denied.admit('m1', 'web/1')


def test_an_answer_does_not_wait_for_what_acknowledges_its_first_half() -> None:
    with _listening('127.0.0.1', 0) as listener:
        with socket.create_connection(listener.getsockname(), PATIENCE):
            accepted, _address = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.slow
def test_a_list_that_makes_no_sense_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / 'denied'
    path.write_text('web/0\nweb\n')
    said = refused('receive', '--deny', str(path), '--state-dir', str(tmp_path))
    assert f'{path} (--deny), line 2' in said
    assert 'denied2' in refused('receive', '--deny', f'{path}2')


@pytest.mark.slow
def test_what_is_there_stays_as_it_is_when_it_is_started_again(tmp_path: Path) -> None:
    words = ('--init', '--name', 'localhost', '--state-dir', str(tmp_path))
    with serving(*words):
        before = {one.name: one.read_bytes() for one in (tmp_path / 'receive').iterdir()}
    with serving(*words) as running:
        assert 'made' not in running.said
    assert {one.name: one.read_bytes() for one in (tmp_path / 'receive').iterdir()} == before


@pytest.mark.slow
@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_told_to(tmp_path: Path, number: signal.Signals) -> None:
    with serving('--init', '--name', 'localhost', '--state-dir', str(tmp_path)) as running:
        running.process.send_signal(number)
        assert running.process.wait(PATIENCE) in (0, -number)


@pytest.mark.slow
def test_each_thing_that_is_missing_or_wrong_is_named(tmp_path: Path) -> None:
    state = ('--state-dir', str(tmp_path))
    assert 'receive --init makes one' in refused('receive', *state)
    assert "'nowhere'" in refused('receive', '--listen', 'nowhere')
    make_missing(CertificateFiles(tmp_path / 'receive'), ['localhost'])
    key = tmp_path / 'receive' / 'master.key'
    key.write_text('0' * 64)
    key.chmod(0o644)
    assert f'chmod 600 {key}' in refused('receive', *state)
    key.chmod(0o600)
    for text, said in (('', 'empty'), ('0' * 62, 'hexadecimal'), ('secret', 'hexadecimal')):
        key.write_text(text)
        assert said in refused('receive', *state)
    key.write_text('0' * 64)
    with socket.create_server(('127.0.0.1', 0)) as taken:
        port = taken.getsockname()[1]
        assert 'in use' in refused('receive', '--listen', f'127.0.0.1:{port}', *state)
    other = CertificateFiles(tmp_path / 'other')
    make_missing(other, ['localhost'])
    assert str(other.key) in refused('receive', '--key', str(other.key), *state)
    assert 'no-cert.pem (--cert)' in refused('receive', '--cert', 'no-cert.pem', *state)


@pytest.mark.slow
@pytest.mark.parametrize('library', ['uvicorn', 'starlette'])
@pytest.mark.parametrize('words', [(), ('--init', '--name', 'localhost')])
def test_without_the_extra_it_says_what_to_install_and_makes_nothing(
    words: tuple[str, ...], library: str, tmp_path: Path
) -> None:
    missing, state = tmp_path / 'missing', tmp_path / 'state'
    missing.mkdir()
    (missing / f'{library}.py').write_text(f'raise ModuleNotFoundError("No module {library}")')
    done = subprocess.run(
        [str(COMMAND), 'receive', *words, '--state-dir', str(state)],
        env={**os.environ, 'PYTHONPATH': f'{missing}{os.pathsep}{ROOT}'},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stdout) == (3, '')
    install = "pip install 'juju-health[receive]'"
    assert done.stderr == f'reconcile-health: cannot receive: No module {library}: {install}\n'
    assert not state.exists()


def test_half_of_a_pair_is_not_made_anew(tmp_path: Path) -> None:
    files = CertificateFiles(tmp_path)
    make_missing(files, ['localhost'])
    files.ca_key.unlink()
    with pytest.raises(UsageError, match=r'cannot use .*ca\.pem without .*ca\.key'):
        make_missing(files, ['localhost'])
    with pytest.raises(UsageError, match='without a name'):
        make_missing(CertificateFiles(tmp_path / 'other'), [])


def test_openssl_agrees_with_what_was_made(tmp_path: Path) -> None:
    files = CertificateFiles(tmp_path)
    make_missing(files, ['health.example', '10.0.0.5', '2001:db8::5'])
    for purpose, name in (('-verify_hostname', 'health.example'), ('-verify_ip', '10.0.0.5')):
        done = subprocess.run(
            [
                *('openssl', 'verify', '-x509_strict', '-purpose', 'sslserver'),
                *('-CAfile', str(files.ca), purpose, name, str(files.certificate)),
            ],
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    wrong = ['openssl', 'verify', '-CAfile', str(files.ca), '-verify_hostname', 'other.example']
    done = subprocess.run(
        [*wrong, str(files.certificate)], capture_output=True, timeout=PATIENCE, check=False
    )
    assert done.returncode != 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ('words', 'said'),
    [
        (('--url', 'http://10.0.0.5:8642'), 'https:// URL only'),
        (('--url', 'https://h', '--reach', 'local'), 'name a model'),
        (('--url', 'https://h'), 'receive --init makes one'),
    ],
)
def test_enrolling_says_what_is_missing(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    assert said in refused('enrol', *words, '--state-dir', str(tmp_path))
