"""Where the history is, for every command that writes or reads it."""

from __future__ import annotations

import click

from .completing import files

history_option = click.option(
    '--history',
    default='',
    metavar='PATH|URL',
    shell_complete=files,
    help='Where the history is: a file of SQLite, or postgresql://USER@HOST/DATABASE.  '
    '[default: history/history.db in the state directory]',
)
