"""Certificates for tests, made by openssl: an authority's, and that of localhost, signed by it.

And a server that shows any.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.checking import server
from tests.support.patience import PATIENCE


@dataclass(frozen=True)
class Certificates:
    """The PEM files of an authority's certificate, of a server's, and of the server's key."""

    ca: Path
    certificate: Path
    key: Path


def make_certificates(directory: Path) -> Certificates:
    """Make an authority, and a certificate that it signs for localhost and `orchestrator`."""
    directory.mkdir(parents=True, exist_ok=True)

    def openssl(*words: str) -> None:
        subprocess.run(
            ['openssl', *words], cwd=directory, check=True, capture_output=True, timeout=PATIENCE
        )

    curve = ('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes')
    openssl(
        *('req', '-x509', *curve, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2'),
        *('-subj', '/CN=test authority', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'),
    )
    openssl('req', *curve, '-keyout', 'key.pem', '-out', 'request.pem', '-subj', '/CN=localhost')
    (directory / 'extensions').write_text(
        'subjectAltName=DNS:localhost,DNS:orchestrator,IP:127.0.0.1\n'
    )
    openssl(
        *('x509', '-req', '-in', 'request.pem', '-CA', 'ca.pem', '-CAkey', 'ca.key'),
        *('-CAcreateserial', '-days', '2', '-extfile', 'extensions', '-out', 'cert.pem'),
    )
    return Certificates(directory / 'ca.pem', directory / 'cert.pem', directory / 'key.pem')


@contextlib.contextmanager
def shown(pem: Path, context: ssl.SSLContext | None = None, answer: bytes = b'') -> Iterator[int]:
    """Show key and certificates of the file to whoever connects, and answer what is asked.

    The port is yielded.
    """
    context = context or ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(65536)
            secured.sendall(answer)

    with server(serve) as port:
        yield port
