"""The options of a gate."""

from __future__ import annotations

import click

from .declare import adding
from .durations import Duration, duration_option

# They make a `GateOptions`.
waiting_options = adding(
    click.option(
        '--wait-for',
        type=click.Choice(['passed', 'warn']),
        help='Sweep again until the health is this or better.',
    ),
    duration_option('--within', Duration(), 600, 'With --wait-for: how long to try.'),
    duration_option(
        '--every',
        Duration(),
        15,
        'With --wait-for: from the start of one sweep to the start of the next.',
    ),
)
