"""`reconcile-health receive`: take what agents push, over TLS, into the inbox."""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

import click

from charm.kernel.errors import FileError
from reconciler.inbox.certificates import make_missing
from reconciler.inbox.denied import Admit, DenyList
from reconciler.inbox.keys import files_in, make_master_key, master_key_path, read_master_key
from reconciler.inbox.store import Inbox
from reconciler.values.errors import UsageError

from ..options.modes import AskOptions, inbox_option, state_dir_option
from ..options.sections import Sectioned

PORT = 8642
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command('receive', Sectioned)
@click.option(
    '--listen',
    default=f'0.0.0.0:{PORT}',
    show_default=True,
    metavar='HOST:PORT',
    help='Where to listen; [::]:PORT for IPv6 as well.',
)
@click.option('--cert', type=_FILE, help='Our certificate, as PEM.  [default: made by --init]')
@click.option('--key', type=_FILE, help='Its key, as PEM.  [default: made by --init]')
@click.option(
    '--master-key-file',
    type=_FILE,
    help='What the credentials of units are derived from: 64 hexadecimal digits or more.  '
    '[default: made by --init]',
)
@click.option(
    '--init', is_flag=True, help='First make the keys and certificates that are missing.'
)
@click.option(
    '--name',
    'names',
    multiple=True,
    metavar='HOST',
    help='With --init: a host name or address by which units reach us; may be repeated.',
)
@click.option(
    '--deny',
    type=_FILE,
    help='A list of units that may not report any more, one a line; read again when it changes.',
)
@inbox_option
@state_dir_option
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
    """Take the reports that agents push, until told to stop.

    Each unit signs with a credential of its own, which `reconcile-health enrol` gives to it.
    Sweeps read the inbox with --ask push or --ask auto.
    """
    _refuse_without_extra()
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
        serve = _Server(cert or files.certificate, key or files.key, read_master_key(master))
        return serve.run(options.inbox_path, admit, host, port)
    except FileError as error:
        raise UsageError(str(error)) from error


def _refuse_without_extra() -> None:
    """Say what to install before anything is made that would be of no use yet."""
    try:
        # By its name, so that no other command needs the extra.
        import_module('reconciler.inbox.receive')
    except ImportError as error:
        reason = f"cannot receive: {error}: pip install 'juju-health[receive]'"
        raise UsageError(reason) from error


def _address(text: str) -> tuple[str, int]:
    """Return the host and the port in `HOST:PORT`."""
    host, _, port = text.rpartition(':')
    if not port.isdecimal() or int(port) > 65535:
        raise UsageError(f'cannot listen at {text!r}: HOST:PORT belongs here, such as :{PORT}')
    return host.strip('[]') or '0.0.0.0', int(port)  # noqa: S104 - as above


@dataclass(frozen=True)
class _Server:
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
        # Here, so that no other command needs the extra.
        import uvicorn

        from reconciler.inbox.receive import application, server_config

        logging.basicConfig(format='%(asctime)s %(message)s', level=logging.INFO)
        app = application(self.master_key, Inbox(place), admit)
        config = server_config(app, host, port, self.certificate, self.key)
        config.log_config = None
        try:
            config.load()
        except (OSError, ssl.SSLError) as error:
            raise UsageError(f'cannot use {self.certificate} with {self.key}: {error}') from error

        class Server(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                bound = listener.getsockname()[1]
                click.echo(f'receiving at {host} port {bound}, inbox {place}', err=True)

        # On a signal it ends in good order, and then raises the signal again.
        with _listening(host, port) as listener, contextlib.suppress(KeyboardInterrupt):
            Server(config).run(sockets=[listener])
        click.echo('reconcile-health: stopped', err=True)
        return 0


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    try:
        return socket.create_server(
            (host, port), family=family, backlog=512, dualstack_ipv6=host == '::'
        )
    except OSError as error:
        raise UsageError(
            f'cannot listen at {host} port {port}: {error.strerror or error}'
        ) from error
