"""How a document is printed, for every command that prints one: format, file, and exit code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from reconciler.render import RENDERERS

from .completing import files
from .declare import Option, adding


def format_option(names: Iterable[str]) -> Option[Any]:
    """Return the option for the format; the command takes it as `form`."""
    known = list(names)
    return click.option(
        '--format',
        'form',
        type=click.Choice(known),
        metavar='FORMAT',
        default='table',
        show_default=True,
        help=f'How to print it: {", ".join(known)}.',
    )


output_option = click.option(
    '-o',
    '--output',
    default='',
    metavar='FILE',
    shell_complete=files,
    help='Write to a file instead of stdout, whole or not at all.',
)
# They make a `PrintOptions` without a format and a file.
table_options = adding(
    click.option(
        '--blame',
        is_flag=True,
        help='In a table or tree: causes first, each before the services that it explains.',
    ),
    click.option(
        '--all',
        'everything',
        is_flag=True,
        help='Fold nothing: a line for each service and unit, however alike they are.',
    ),
    click.option(
        '--fail-on',
        type=click.Choice(['warn', 'unknown', 'fail']),
        default='warn',
        show_default=True,
        help='The least that is not exit code 0.',
    ),
    click.option(
        '--maintenance-is-ok',
        is_flag=True,
        help='For the exit code and --wait-for alone, leave out services all of whose troubles '
        'are planned.',
    ),
    click.option(
        '--ack-is-ok',
        is_flag=True,
        help='The same for those all of whose troubles are acknowledged.',
    ),
)
# They make a `PrintOptions`.
printing_options = adding(format_option(RENDERERS), output_option, table_options)
