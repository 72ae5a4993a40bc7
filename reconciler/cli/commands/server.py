"""The receiver of `reconcile-health receive`, which needs what the extra `receive` installs."""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
from dataclasses import dataclass, field
from pathlib import Path

import click
import uvicorn

from reconciler.inbox.denied import Admit
from reconciler.inbox.receive import application, server_config
from reconciler.inbox.store import Inbox
from reconciler.values.errors import UsageError


@dataclass(frozen=True)
class Server:
    """The receiver on a socket of its own."""

    certificate: Path
    key: Path
    master_key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        for path, option in ((self.certificate, '--cert'), (self.key, '--key')):
            if not path.exists():
                raise UsageError(
                    f'cannot read {path} ({option}): there is no such file; '
                    'receive --init --name HOST makes one'
                )

    def run(self, place: Path, admit: Admit, host: str, port: int) -> int:
        """Serve until SIGTERM or SIGINT."""
        logging.basicConfig(format='%(asctime)s %(message)s', level=logging.INFO)
        app = application(self.master_key, Inbox(place), admit)
        config = server_config(app, host, port, self.certificate, self.key)
        config.log_config = None
        try:
            config.load()
        except (OSError, ssl.SSLError) as error:
            raise UsageError(f'cannot use {self.certificate} with {self.key}: {error}') from error

        class Announcing(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                bound = listener.getsockname()[1]
                click.echo(f'receiving at {host} port {bound}, inbox {place}', err=True)

        # On a signal it ends in good order, and then raises the signal again.
        with _listening(host, port) as listener, contextlib.suppress(KeyboardInterrupt):
            Announcing(config).run(sockets=[listener])
        click.echo('reconcile-health: stopped', err=True)
        return 0


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    try:
        listener = socket.create_server(
            (host, port), family=family, backlog=512, dualstack_ipv6=host == '::'
        )
    except OSError as error:
        raise UsageError(
            f'cannot listen at {host} port {port}: {error.strerror or error}'
        ) from error
    # Who is accepted has it too; asyncio sets it for sockets of its own only. Without, the second
    # half of an answer waits until the first is acknowledged, which takes 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
