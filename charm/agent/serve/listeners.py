"""The sockets that the agent listens on."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
from pathlib import Path

from ...kernel.names import host_bytes
from .access import admit


def listen_unix(path: Path, group: str = '') -> socket.socket:
    """Return a unix socket that listens at the path, for its owner and the group only.

    What an agent that was killed has left there is replaced: the caller holds the lock that says
    that no other agent runs.

    Raises:
        OSError: it cannot be made.
        LookupError: there is no such group.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'.{path.name}.{os.getpid()}')
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(temporary))
        admit(temporary, group)
        listener.listen(16)
        # Renamed when it is ready, so that whoever finds it is answered.
        os.replace(temporary, path)
    except BaseException:
        listener.close()
        raise
    return listener


def listen_tcp(host: str, port: int) -> socket.socket:
    """Return a TCP socket that listens there.

    Raises:
        OSError: it cannot be made.
    """
    name, kind = host_bytes(host), socket.SOCK_STREAM
    found = socket.getaddrinfo(name, port, type=kind, flags=socket.AI_PASSIVE)
    family, _kind, _protocol, _name, address = found[0]
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(16)
    except BaseException:
        listener.close()
        raise
    return listener


def tls_server(certificate: Path, key: Path) -> ssl.SSLContext:
    """Return a TLS server context, 1.2 or newer.

    Raises:
        OSError: the files cannot be used.
    """
    for path in (certificate, key):
        # ssl's own error does not say which.
        path.open('rb').close()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context
