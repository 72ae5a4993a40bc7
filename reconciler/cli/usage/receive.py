"""`reconcile-health receive`: take what agents push, over TLS, into the inbox."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.values.by_name import load

from .asking import RECEIVER_PORT, inbox_option, state_dir_option
from .sections import Sectioned

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command('receive', Sectioned)
@click.option(
    '--listen',
    default=f'0.0.0.0:{RECEIVER_PORT}',
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
def receive(**given: Any) -> Any:
    """Take the reports that agents push, until told to stop.

    Each unit signs with a credential of its own, which `reconcile-health enrol` gives to it.
    Sweeps read the inbox with --ask push or --ask auto.
    """
    return load('reconciler.cli.commands.receive:receive')(**given)
