"""`reconcile-health receive`: take what agents push, over TLS, into the inbox."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

import click

from charm.kernel.errors import FileError
from reconciler.inbox.certificates import make_missing
from reconciler.inbox.denied import DenyList
from reconciler.inbox.keys import files_in, make_master_key, master_key_path, read_master_key
from reconciler.values.by_name import load
from reconciler.values.errors import UsageError

from ..options.modes import AskOptions
from ..usage.asking import RECEIVER_PORT

if TYPE_CHECKING:
    from .server import Server


def receive(
    listen: str,
    cert: Path | None,
    key: Path | None,
    master_key_file: Path | None,
    init: bool,
    names: tuple[str, ...],
    deny: Path | None,
    inbox: str,
    state_dir: str,
) -> int:
    """Take reports until told to stop, and return 0."""
    server_kind = _server_kind()
    options = AskOptions(inbox=inbox, state_dir=state_dir)
    files = files_in(options.state)
    master = master_key_file or master_key_path(options.state)
    host, port = _address(listen)
    admit = DenyList(deny).admit if deny else lambda _model, _unit: True
    try:
        if init:
            made = [*make_missing(files, names or (socket.getfqdn(),)), *make_master_key(master)]
            for path in made:
                click.echo(f'made {path}', err=True)
        server = server_kind(cert or files.certificate, key or files.key, read_master_key(master))
        return server.run(options.inbox_path, admit, host, port)
    except FileError as error:
        raise UsageError(str(error)) from error


def _server_kind() -> type[Server]:
    """Return what serves; say what to install before anything is made that would be of no use."""
    try:
        kind: type[Server] = load('reconciler.cli.commands.server:Server')
    except ImportError as error:
        reason = f"cannot receive: {error}: pip install 'juju-health[receive]'"
        raise UsageError(reason) from error
    return kind


def _address(text: str) -> tuple[str, int]:
    """Return the host and the port in `HOST:PORT`."""
    host, _, port = text.rpartition(':')
    if not port.isdecimal() or int(port) > 65535:
        raise UsageError(
            f'cannot listen at {text!r}: HOST:PORT belongs here, such as :{RECEIVER_PORT}'
        )
    return host.strip('[]') or '0.0.0.0', int(port)  # noqa: S104 - as above
