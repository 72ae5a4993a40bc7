"""The `reconcile-health` command: a sweep, unless the first word names another command."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Iterable, Mapping
from types import FrameType

import click
from click.shell_completion import CompletionItem, add_completion_class

from charm import __version__
from charm.kernel.exit_codes import USAGE_EXIT
from reconciler.values.advice import Advice
from reconciler.values.by_name import ByName, load
from reconciler.values.errors import ReconcilerError, UsageError

from .environment import complete
from .misspelt import command_meant
from .usage.bash import Bash
from .usage.sections import EXAMPLES, write_examples, write_options

# In groups, as the help shows them: where each command is declared, and what is said of it.
GROUPS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    'Ask now': {
        'sweep': (
            'reconciler.cli.usage.sweep:sweep',
            'Sweep the model, as without a command.',
        ),
        'watch': (
            'reconciler.cli.usage.watch:watch',
            'Keep sweeping, and show the table live.',
        ),
        'run': (
            'reconciler.cli.usage.run:run',
            'Run checks of one unit now, and print their results.',
        ),
    },
    'Look closer': {
        'explain': (
            'reconciler.cli.usage.explain:explain',
            'Say why it is as it is, and what to do next.',
        ),
        'doctor': (
            'reconciler.cli.usage.doctor:doctor',
            'Find out why units cannot be asked, and what mends it.',
        ),
    },
    'Keep and compare': {
        'replay': (
            'reconciler.cli.usage.replay:replay',
            'Show a saved sweep, or a support archive.',
        ),
        'diff': (
            'reconciler.cli.usage.diff:diff',
            'Say what changed between two saved sweeps.',
        ),
    },
    'Look back': {
        'timeline': (
            'reconciler.cli.usage.timeline:timeline',
            'Say what happened, and what changed before it.',
        ),
        'availability': (
            'reconciler.cli.usage.availability:availability',
            'Say for how long services were up.',
        ),
        'forecast': (
            'reconciler.cli.usage.forecast:forecast',
            'Say when disks are full, and certificates expire.',
        ),
        'history': (
            'reconciler.cli.usage.history:history',
            'Check, prune, export or upgrade the history.',
        ),
    },
    'Operate': {
        'maintain': (
            'reconciler.cli.usage.maintain:maintain',
            'Announce planned maintenance.',
        ),
        'ack': (
            'reconciler.cli.usage.maintain:ack',
            'Acknowledge a trouble that is known.',
        ),
        'suppressions': (
            'reconciler.cli.usage.suppressions:suppressions',
            'List what was said by `maintain` and `ack`, or clear it.',
        ),
    },
    'Set up': {
        'schedule': (
            'reconciler.cli.usage.schedule:schedule',
            'Have sweeps made by systemd or cron, see and end them.',
        ),
        'enrol': (
            'reconciler.cli.usage.enrol:enrol',
            'Have units push their reports to `receive`.',
        ),
        'receive': (
            'reconciler.cli.usage.receive:receive',
            'Take the reports that agents push, until told to stop.',
        ),
        'alerts': (
            'reconciler.cli.usage.alerts:alerts',
            'See who was told of what, or why nobody is; try it.',
        ),
        'config': (
            'reconciler.cli.usage.config:config',
            'Check the configuration, or show what is in effect.',
        ),
        'completion': (
            'reconciler.cli.usage.completion:completion',
            'Print the completion script for a shell.',
        ),
        'help': (
            'reconciler.cli.usage.help:help_command',
            'Show the help of a command.',
        ),
    },
}
# An application of the same name as a command is asked with `reconcile-health sweep NAME`.
COMMANDS = ByName[click.Command](
    {name: where for group in GROUPS.values() for name, (where, _) in group.items()}
)
_DEFAULT = 'sweep'
# Values of a sweep have no cycles, and to look for some among them after each 700 new ones takes
# a quarter of what a large model does; bench/scale.py.
COLLECT_AFTER = (50_000, 20, 20)
_EXIT_CODES = '0 passed   1 warn   2 fail   3 unknown, an incomplete sweep, or wrong usage'


class _Commands(click.Group):
    """The commands; the help is that of a sweep, with the others listed."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # Without a first word, completion offers the commands.
        known = bool(args) and (args[0] in self.commands or args[0] in ('-h', '--help'))
        if not known and not ctx.resilient_parsing:
            _refuse_misspelt(args, self.commands)
        if not known and args[:1] != ['--version'] and not (ctx.resilient_parsing and not args):
            args = [_DEFAULT, *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        offered = [
            CompletionItem(name, help=told)
            for group in GROUPS.values()
            for name, (_, told) in group.items()
            if name.startswith(incomplete)
        ]
        default = self.commands[_DEFAULT]
        inner = click.Context(default, ctx, _DEFAULT)
        offered += click.Command.shell_complete(self, ctx, incomplete)
        offered += default.shell_complete(inner, incomplete)
        # Names cost a call of juju, so of them something has to be typed.
        if incomplete and not incomplete.startswith('-'):
            names = next(one for one in default.params if isinstance(one, click.Argument))
            offered += names.shell_complete(inner, incomplete)
        return offered

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        pieces = self.commands[_DEFAULT].collect_usage_pieces(ctx)
        formatter.write_usage(ctx.command_path, ' '.join(pieces))
        formatter.write_usage(ctx.command_path, 'COMMAND [ARGUMENT]...', prefix='       ')

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.commands[_DEFAULT].format_help_text(ctx, formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_examples(EXAMPLES, formatter)
        # One column for all groups.
        widest = max(map(len, self.commands))
        for title, group in GROUPS.items():
            with formatter.section(title):
                rows = [(name.ljust(widest), told) for name, (_, told) in group.items()]
                formatter.write_dl(rows)
        formatter.write_paragraph()
        formatter.write_text('Options of a sweep; `reconcile-health help COMMAND` has the others:')
        write_options(self.commands[_DEFAULT], ctx, formatter)
        with formatter.section('Exit codes'):
            formatter.write_text(_EXIT_CODES)


def _refuse_misspelt(args: list[str], commands: Iterable[str]) -> None:
    """Refuse a first word that was meant as a command, before anything is asked.

    Raises:
        UsageError: it was.
    """
    meant = command_meant(args[0], commands) if args else ''
    if meant:
        error = UsageError(f'cannot run {args[0]!r}: did you mean {meant}?')
        words = ('reconcile-health', _DEFAULT, *args)
        error.advice = Advice('if an application has that name', words)
        raise error


command = _Commands(
    'reconcile-health',
    commands=COMMANDS,  # type: ignore[arg-type]  # click only looks them up
    context_settings={'help_option_names': ['-h', '--help'], 'max_content_width': 100},
)
command = click.version_option(__version__, prog_name='reconcile-health')(command)


add_completion_class(Bash, 'bash')


def _end(number: int, frame: FrameType | None) -> None:
    """Take what cron and systemd end us with as the Ctrl-C of a person."""
    raise KeyboardInterrupt


def main() -> None:
    """Run the command and exit by `docs/exit-codes.md`; usage errors are 3, not click's 2."""
    signal.signal(signal.SIGTERM, _end)
    complete(os.environ, sys.argv[0])
    gc.set_threshold(*COLLECT_AFTER)
    try:
        code = command.main(prog_name='reconcile-health', standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = USAGE_EXIT
    except (click.Abort, KeyboardInterrupt):
        click.echo('reconcile-health: interrupted', err=True)
        code = USAGE_EXIT
    except ReconcilerError as error:
        click.echo('reconcile-health: ' + '\n  '.join(error.lines), err=True)
        code = USAGE_EXIT
    except Exception as error:  # noqa: BLE001 - the outermost boundary: a crash must not read as a warning
        sys.excepthook(type(error), error, error.__traceback__)
        code = USAGE_EXIT
    # Threads that still wait for a machine must not hold us, nor start another juju behind our
    # back; everything is flushed by now. What was not loaded has started none.
    if 'charm.kernel.command' in sys.modules:
        load('charm.kernel.running:end_all')()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0)
