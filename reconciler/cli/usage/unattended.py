"""The options of a sweep that nobody watches: what others see of it, and that it runs once."""

from __future__ import annotations

import click

from .asking import history_option
from .completing import files
from .declare import adding

# They make an `UnattendedOptions`.
unattended_options = adding(
    click.option(
        '--only-one',
        is_flag=True,
        help='Do not sweep where another sweep of the same still runs.',
    ),
    click.option(
        '--metrics-file',
        default='',
        metavar='FILE.prom',
        shell_complete=files,
        help="Write metrics for node exporter's textfile collector too, whole or not at all.",
    ),
    click.option(
        '--ping',
        default='',
        metavar='URL|FILE',
        shell_complete=files,
        help='Tell a watcher such as healthchecks.io that the sweep begins and ends: its URL, '
        'or a file of mode 600 that holds it.',
    ),
    click.option(
        '--touch',
        default='',
        metavar='FILE',
        shell_complete=files,
        help='Set the time of a file when the sweep has ended with a result.',
    ),
    click.option(
        '--last-run',
        default='',
        metavar='FILE',
        shell_complete=files,
        help='Write when the sweep began and ended, and its exit code, for `schedule show`.',
    ),
    click.option(
        '--record',
        is_flag=True,
        help='Keep what was found in the history; with --quiet print only what is new in it. '
        'Implies --only-one.',
    ),
    history_option,
)
