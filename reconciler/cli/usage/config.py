"""`reconcile-health config`: see that the configuration is right, and what is in effect."""

from __future__ import annotations

from typing import Any

import click

from reconciler.values.by_name import load

from .completing import files

_file_option = click.option(
    '--config',
    'named',
    default='',
    metavar='FILE',
    shell_complete=files,
    help='The file; by default the one that a sweep takes.',
)
_status_option = click.option(
    '--status',
    'status_file',
    metavar='FILE',
    shell_complete=files,
    help='See also that every name in it is one of this saved juju status, JSON or YAML; '
    '- is stdin.',
)


@click.group('config')
def config() -> None:
    """Check the configuration, or show what is in effect."""


@config.command('check', short_help='Say whether the configuration is right.')
@_file_option
@_status_option
def check(**given: Any) -> Any:
    """Say whether the configuration is right, and name every mistake in it.

    Exit codes: 0 it is right, 1 a name in it is not in the model, 3 it cannot be used.
    """
    return load('reconciler.cli.commands.config:check')(**given)


@config.command('show', short_help='Print the configuration in effect.')
@_file_option
def show(**given: Any) -> Any:
    """Print the configuration in effect, as YAML that says in which line each part stands."""
    return load('reconciler.cli.commands.config:show')(**given)
