"""The dead man's signal: in healthchecks.io's convention, never in the way, never told whole."""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from reconciler.schedule import ping
from reconciler.schedule.ping import Ping, beside, read_url, shown
from reconciler.values.errors import UsageError
from tests.support.patience import PATIENCE
from tests.support.servers import Server
from tests.support.tls import Certificates

SECRET = 'd5f2c1e0-secret'  # noqa: S105 - of the test


@dataclass
class Watcher:
    """What a watcher was sent, and what it answers: the statuses in turn, then 200."""

    url: str = ''
    sent: list[tuple[str, str]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)


@contextlib.contextmanager
def watching(certificates: Certificates | None = None) -> Iterator[Watcher]:
    watcher = Watcher()

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers['Content-Length'] or 0))
            watcher.sent.append((self.path, body.decode()))
            self.send_response(watcher.statuses.pop(0) if watcher.statuses else 200)
            self.send_header('Location', 'http://127.0.0.1:1/elsewhere')
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Be quiet."""

    with Server(('127.0.0.1', 0), Taking) as served:
        if certificates:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificates.certificate, certificates.key)
            served.socket = context.wrap_socket(served.socket, server_side=True)
        thread = threading.Thread(target=served.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        scheme = 'https' if certificates else 'http'
        watcher.url = f'{scheme}://127.0.0.1:{served.server_address[1]}/ping/{SECRET}'
        yield watcher
        served.shutdown()
        thread.join(PATIENCE)


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ping, '_FIRST_PAUSE_SECONDS', 0.001)


def test_it_tells_of_the_beginning_and_then_of_the_end() -> None:
    with watching() as watcher:
        signal = Ping(watcher.url)
        signal.begin()
        signal.succeed()
    assert watcher.sent == [(f'/ping/{SECRET}/start', ''), (f'/ping/{SECRET}', '')]
    assert signal.faults == []


def test_it_tells_in_short_why_a_sweep_failed() -> None:
    with watching() as watcher:
        Ping(watcher.url).fail('cannot use juju status:\n not logged in' + 'x' * 1000)
    ((path, text),) = watcher.sent
    assert path == f'/ping/{SECRET}/fail'
    assert text.startswith('cannot use juju status: not logged in')
    assert len(text) == 500


@pytest.mark.parametrize(
    ('statuses', 'requests', 'said'),
    [
        ([503, 429], 3, None),
        ([500, 500, 500], 3, 'it answered 500'),
        ([404], 1, 'it answered 404'),
        ([301], 1, 'it answered 301'),
    ],
)
def test_what_passes_by_itself_is_sent_again(
    statuses: list[int], requests: int, said: str | None
) -> None:
    with watching() as watcher:
        watcher.statuses = list(statuses)
        signal = Ping(watcher.url)
        signal.succeed()
    assert len(watcher.sent) == requests
    told = f'cannot tell {shown(watcher.url)} that a sweep ended: {said}'
    assert signal.faults == ([told] if said else [])


def test_nobody_there_is_told_without_the_secret() -> None:
    with watching() as watcher:
        url = watcher.url
    signal = Ping(url)
    signal.begin()
    signal.succeed()
    assert len(signal.faults) == 2
    assert all('refused' in fault and SECRET not in fault for fault in signal.faults)


def test_a_certificate_that_nobody_knows_is_refused(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    with watching(certificates) as watcher:
        signal = Ping(watcher.url)
        signal.succeed()
        assert 'CERTIFICATE_VERIFY_FAILED' in signal.faults[0]
        assert SECRET not in signal.faults[0]
        assert watcher.sent == []
        monkeypatch.setenv('SSL_CERT_FILE', str(certificates.ca))
        trusting = Ping(watcher.url)
        trusting.succeed()
    assert (trusting.faults, len(watcher.sent)) == ([], 1)


@pytest.mark.parametrize(
    ('url', 'word', 'told'),
    [
        ('https://hc-ping.com/abc', 'start', 'https://hc-ping.com/abc/start'),
        ('https://hc-ping.com/abc/', 'fail', 'https://hc-ping.com/abc/fail'),
        ('https://h/k/slug?create=1', 'start', 'https://h/k/slug/start?create=1'),
    ],
)
def test_the_word_stands_in_the_path(url: str, word: str, told: str) -> None:
    assert beside(url, word) == told


@pytest.mark.parametrize('url', [f'https://u:{SECRET}@h:8000/{SECRET}?k={SECRET}'])
def test_what_is_shown_is_the_host(url: str) -> None:
    assert shown(url) == 'https://h:8000/…'


def test_the_url_may_stand_in_a_file_that_nobody_else_reads(tmp_path: Path) -> None:
    path = tmp_path / 'ping'
    path.write_text('https://hc-ping.com/abc\n')
    path.chmod(0o644)
    with pytest.raises(UsageError, match='others may read it'):
        read_url(str(path))
    path.chmod(0o600)
    assert read_url(str(path)) == 'https://hc-ping.com/abc'


@pytest.mark.parametrize('url', [f'ftp://h/{SECRET}', f'https:///{SECRET}', f'https://[/{SECRET}'])
def test_what_is_no_url_is_refused_without_being_told(url: str) -> None:
    with pytest.raises(UsageError, match='wants an https://') as refused:
        read_url(url)
    assert SECRET not in str(refused.value)
