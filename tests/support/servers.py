"""Web servers and certificates for tests: real sockets, real TLS, certificates made by openssl."""

from __future__ import annotations

import contextlib
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.support.patience import PATIENCE


class Pages(BaseHTTPRequestHandler):
    """Answers by the path: `/status/404`, `/body/words`, `/to` leads to `/body/there`."""

    def do_GET(self) -> None:
        _empty, kind, *rest = self.path.split('?')[0].split('/')
        value = rest[0] if rest else ''
        self.send_response(int(value) if kind == 'status' else 302 if kind == 'to' else 200)
        if kind == 'to':
            self.send_header('Location', '/body/there')
        body = b'x' * int(value) if kind == 'size' else value.encode()
        if kind == 'headers':
            body = str(self.headers).encode()
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        if self.command != 'HEAD':
            with contextlib.suppress(OSError):
                self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *_arguments: object) -> None:
        """Be quiet."""


class Server(ThreadingHTTPServer):
    """A server that says nothing of clients that went away: some are here to do that."""

    daemon_threads = True

    def handle_error(self, *_arguments: object) -> None:
        """Be quiet."""


@contextlib.contextmanager
def web(certificate: Path | None = None) -> Iterator[str]:
    """Serve `Pages` on the loopback, and yield the URL without a path."""
    with Server(('127.0.0.1', 0), Pages) as served:
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            served.socket = context.wrap_socket(
                served.socket, server_side=True, do_handshake_on_connect=False
            )
        thread = threading.Thread(target=served.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        scheme = 'http' if certificate is None else 'https'
        yield f'{scheme}://127.0.0.1:{served.server_address[1]}'
        served.shutdown()
        thread.join(PATIENCE)


@dataclass(frozen=True)
class Authority:
    """A certificate authority made by openssl, and what it signs."""

    directory: Path

    def __post_init__(self) -> None:
        self._openssl(
            *('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=test authority'),
            *('-keyout', 'ca.key', '-out', 'ca.pem', '-days', '400'),
            *('-addext', 'keyUsage=critical,keyCertSign,cRLSign'),
        )

    @property
    def ca(self) -> Path:
        """Return the authority's own certificate."""
        return self.directory / 'ca.pem'

    def sign(self, name: str, days: int = 90, start: str = '', address: str = '') -> Path:
        """Return a PEM file of key and certificate for `name`, good for so many days from now.

        `start` is `YYYYMMDDHHMMSSZ` for a certificate that begins then. With `days` below zero it
        has expired so long ago.
        """
        made = self.directory / f'{name}.pem'
        alternative = f'IP:{address}' if address else f'DNS:{name}'
        (self.directory / 'extensions').write_text(f'subjectAltName={alternative}\n')
        self._openssl(
            *('req', '-newkey', 'rsa:2048', '-nodes', '-subj', f'/CN={name}'),
            *('-keyout', f'{name}.key', '-out', f'{name}.csr'),
        )
        (self.directory / 'index.txt').write_text('')
        (self.directory / 'serial').write_text('01\n')
        (self.directory / 'ca.conf').write_text(
            '[ca]\ndefault_ca=c\n[c]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\n'
            'default_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n'
        )
        until = ('-days', str(days))
        if days < 0:
            start = '20200101000000Z'
            # A day is cut, never rounded: so many whole days and a bit ago.
            until = ('-enddate', _ago(-days))
        self._openssl(
            *('ca', '-batch', '-config', 'ca.conf', '-cert', 'ca.pem', '-keyfile', 'ca.key'),
            *('-in', f'{name}.csr', '-out', f'{name}.crt', '-extfile', 'extensions', '-notext'),
            *(('-startdate', start) if start else ()),
            *until,
        )
        made.write_bytes(
            (self.directory / f'{name}.key').read_bytes()
            + (self.directory / f'{name}.crt').read_bytes()
        )
        return made

    def _openssl(self, *words: str) -> None:
        subprocess.run(
            ['openssl', *words],
            cwd=self.directory,
            check=True,
            capture_output=True,
            timeout=PATIENCE,
        )


def _ago(days: int) -> str:
    done = subprocess.run(
        ['date', '-u', '-d', f'{days} days ago', '+%Y%m%d%H%M%SZ'],
        check=True,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    return done.stdout.strip()
