"""The option for the configuration file, which also gives other options their defaults."""

from __future__ import annotations

from typing import Any

import click

from reconciler.values.by_name import load

from .completing import files


def _configured(context: click.Context, parameter: click.Parameter, named: str | None) -> Any:
    return load('reconciler.cli.options.config_option:configured')(context, named)


# A command takes a `Config` as `config`.
config_option = click.option(
    '--config',
    metavar='FILE',
    shell_complete=files,
    is_eager=True,
    callback=_configured,
    help='The configuration: by default $JUJU_HEALTH_CONFIG, then juju-health/health.yaml '
    'in ~/.config, then in /etc.',
)
