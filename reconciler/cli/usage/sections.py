"""The help of a command: examples first, then its options, by what one wants of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from .durations import FORM

_OWN = 'Options'
_MANY = 10
# The names are those of parameters; what is in no section is the command's own, and comes first.
SECTIONS: Mapping[str, Sequence[str]] = {
    'What to ask': (
        *('model', 'all_models', 'controllers', 'units', 'patterns', 'status_file', 'saved'),
        *('reports', 'ask', 'probe', 'machines'),
    ),
    'How to get there': (
        *('reach', 'jump', 'ssh_options', 'juju', 'workers', 'attempts'),
        *('agent_token_file', 'agent_ca', 'agent_port'),
    ),
    'What to print': ('form', 'output', 'blame', 'everything', 'quiet', 'timing'),
    'When to fail': ('fail_on', 'maintenance_is_ok', 'ack_is_ok', 'wait_for'),
    'When nobody watches': ('only_one', 'record', 'metrics_file', 'ping', 'touch', 'last_run'),
    f'Time (a DURATION is such as {FORM})': (
        *('deadline', 'timeout', 'connect_timeout', 'max_age', 'max_status_age', 'within'),
        *('every', 'start', 'lasts_seconds', 'until', 'zone', 'at'),
    ),
    'Other': ('config', 'state_dir', 'inbox', 'history', 'help'),
}
EXAMPLES = (
    ('reconcile-health', 'the current model'),
    ('reconcile-health -m prod mysql', 'one service of another model'),
    ("reconcile-health 'web*' 3", 'services by glob, and machine 3 with its containers'),
    ('reconcile-health --unit mysql/0', 'every check of one unit'),
    ('reconcile-health watch -m prod', 'the table, live, until q'),
    ('reconcile-health explain mysql', 'why it is as it is, and what to do next'),
    ('reconcile-health --reach local', 'this machine; needs no Juju'),
    ('reconcile-health --all-models', 'every model of every controller'),
    ('reconcile-health --format json -o a.json', 'for programs, and for later'),
    ('reconcile-health diff a.json b.json', 'what changed between two sweeps'),
    ('reconcile-health replay crashdump/', 'what the operator saw, from an archive'),
    ('reconcile-health --wait-for passed --within 10m', 'a gate: sweeps until all is well'),
    ('reconcile-health doctor', 'why units cannot be asked, and what mends it'),
    ('reconcile-health help schedule', 'have sweeps made by the clock'),
    ('reconcile-health help explain', 'the help of one command'),
    ('reconcile-health --version', 'the version of this command'),
)
# Shown in the help of their commands alone.
MORE = (
    ('reconcile-health explain mysql/0', 'one unit of it'),
    ('reconcile-health explain mysql --saved a.json', 'as it was when that was saved'),
    ("reconcile-health watch 'web*' --every 10s", 'some services, more often'),
    ('reconcile-health run mysql/0 disk load', 'two checks of one unit, now'),
    ('reconcile-health diff --in sweeps/ 1h now', 'what changed in an hour'),
    ('reconcile-health replay a.json --format html', 'a saved sweep, in any format'),
    ('reconcile-health maintain mysql --for 2h --reason upgrade', 'planned from now on'),
    ("reconcile-health ack mysql:disk --for 1d --reason 'on order'", 'known until tomorrow'),
    ('reconcile-health forecast mysql --within 30d', 'what of it is full in a month'),
    ('reconcile-health enrol mysql --url https://HOST:8642', 'its units push from now on'),
    ('reconcile-health receive --init --name HOST', 'make what is missing, and listen'),
)
_WIDEST_EXAMPLE = 42  # One that is wider has its meaning in the next line.


class Sectioned(click.Command):
    """A command whose help has examples, and its options in sections."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write them; click calls it when it writes the help."""
        begin = f'reconcile-health {self.name} '
        own = [one for one in (*EXAMPLES, *MORE) if f'{one[0]} '.startswith(begin)]
        write_examples(own, formatter)
        write_options(self, ctx, formatter)


def write_examples(examples: Sequence[tuple[str, str]], formatter: click.HelpFormatter) -> None:
    """Write the examples, if there are any."""
    if examples:
        with formatter.section('Examples'):
            formatter.write_dl(examples, col_max=_WIDEST_EXAMPLE)


def write_options(
    command: click.Command, ctx: click.Context, formatter: click.HelpFormatter
) -> None:
    """Write the options of a command, section by section."""
    for title, options in sections(command, ctx).items():
        records = [found for one in options if (found := one.get_help_record(ctx))]
        with formatter.section(title):
            formatter.write_dl(records)


def sections(command: click.Command, ctx: click.Context) -> Mapping[str, list[click.Option]]:
    """Return the options by section; the sections that have any, the command's own first.

    A few options are one section.
    """
    options = [one for one in command.get_params(ctx) if isinstance(one, click.Option)]
    at = {name: title for title, names in SECTIONS.items() for name in names}
    found: dict[str, list[click.Option]] = {title: [] for title in (_OWN, *SECTIONS)}
    for option in options:
        name = 'help' if '--help' in option.opts else option.name or ''
        found[_OWN if len(options) < _MANY else at.get(name, _OWN)].append(option)
    return {title: own for title, own in found.items() if own}
