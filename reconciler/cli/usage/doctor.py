"""`reconcile-health doctor`: why can I not collect, and what mends it."""

from __future__ import annotations

from typing import Any

import click

from reconciler.values.by_name import load

from .asking import asking_options
from .declare import number_option
from .printing import format_option, output_option
from .sections import Sectioned


@click.command('doctor', Sectioned)
@number_option(
    '--machines',
    12,
    10000,
    'COUNT',
    'How many machines to ask at the most, from all over the model.',
)
@format_option(('table', 'json'))
@output_option
@asking_options
def doctor(**given: Any) -> Any:
    """Find out why units cannot be asked, and print what mends it.

    Looks at the juju command, controller, login, model, ssh, sudo and the health charm, in this
    order. Exit codes: 0 all is well, 1 some could be better, 2 something keeps from asking, 3
    wrong usage.
    """
    return load('reconciler.cli.commands.doctor:doctor')(**given)
