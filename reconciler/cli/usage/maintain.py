"""`reconcile-health maintain` and `ack`: say what is planned, and what is known."""

from __future__ import annotations

from typing import Any

import click

from reconciler.values.by_name import load

from .asking import juju_option, model_option
from .completing import targets
from .configured import config_option
from .declare import adding
from .durations import Duration
from .sections import Sectioned

_saying_options = adding(
    click.option(
        '--for',
        'lasts_seconds',
        type=Duration(),
        metavar='DURATION',
        help='How long it holds, such as 2h.',
    ),
    click.option(
        '--until',
        metavar='TIME',
        help='When it ends, such as "2026-11-25 18:00", or with an offset.',
    ),
    click.option(
        '--timezone',
        'zone',
        metavar='NAME',
        help='The time zone of TIME; by default, that of this machine.',
    ),
    click.option(
        '--reason', required=True, metavar='TEXT', help='Why, for those who will wonder.'
    ),
    click.option('--by', default='', metavar='NAME', help='Who says so; by default, you.'),
    model_option('The model where it holds; by default, the current one.'),
    click.option('--any-model', is_flag=True, help='It holds in every model.'),
    juju_option,
    config_option,
)


@click.command('maintain', Sectioned)
@click.argument(
    'targets',
    nargs=-1,
    required=True,
    metavar='APP|UNIT|MACHINE[:CHECK]...',
    shell_complete=targets,
)
@click.option('--from', 'start', metavar='TIME', help='When it begins; by default, now.')
@_saying_options
def maintain(**given: Any) -> Any:
    """Announce planned maintenance: what is wrong with the target until it ends is expected.

    It is shown and stays as it is; `--maintenance-is-ok` leaves it out of exit codes.
    """
    return load('reconciler.cli.commands.maintain:maintain')(**given)


@click.command('ack', Sectioned)
@click.argument(
    'targets', nargs=-1, required=True, metavar='APP|UNIT|MACHINE:CHECK...', shell_complete=targets
)
@_saying_options
def ack(**given: Any) -> Any:
    """Acknowledge a trouble that is known; any other stays unacknowledged.

    CHECK is the name or a glob of the checks that fail, or no-report where a unit is silent,
    and juju-status as well where juju says that it failed.
    """
    return load('reconciler.cli.commands.maintain:ack')(**given)
