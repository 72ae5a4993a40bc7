"""The `reconcile-health` command: a sweep, unless the first word names another command."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Iterable, Mapping
from types import FrameType

import click
from click.shell_completion import CompletionItem

from charm import __version__
from charm.kernel.command import end_all
from charm.kernel.exit_codes import USAGE_EXIT
from reconciler.values.advice import Advice
from reconciler.values.errors import ReconcilerError, UsageError

from .commands.completion import completion
from .commands.config import config_group
from .commands.diff import diff
from .commands.doctor import doctor
from .commands.enrol import enrol
from .commands.explain import explain
from .commands.help import help_command
from .commands.maintain import ack, maintain, suppressions
from .commands.receive import receive
from .commands.replay import replay
from .commands.run import run
from .commands.sweep import sweep
from .commands.watch import watch
from .misspelt import command_meant
from .options.sections import EXAMPLES, write_examples, write_options

# In groups, as the help shows them.
GROUPS: Mapping[str, Mapping[str, click.Command]] = {
    'Ask now': {'sweep': sweep, 'watch': watch, 'run': run},
    'Look closer': {'explain': explain, 'doctor': doctor},
    'Keep and compare': {'replay': replay, 'diff': diff},
    'Operate': {'maintain': maintain, 'ack': ack, 'suppressions': suppressions},
    'Set up': {
        'enrol': enrol,
        'receive': receive,
        'config': config_group(lambda: COMMANDS),
        'completion': completion,
        'help': help_command,
    },
}
# An application of the same name as a command is asked with `reconcile-health sweep NAME`.
COMMANDS: Mapping[str, click.Command] = {
    name: one for group in GROUPS.values() for name, one in group.items()
}
_DEFAULT = 'sweep'
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
        default = self.commands[_DEFAULT]
        inner = click.Context(default, ctx, _DEFAULT)
        offered = [
            *super().shell_complete(ctx, incomplete),
            *default.shell_complete(inner, incomplete),
        ]
        # Names cost a call of juju, so of them something has to be typed.
        if incomplete and not incomplete.startswith('-'):
            names = next(one for one in default.params if isinstance(one, click.Argument))
            offered += names.shell_complete(inner, incomplete)
        return offered

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        pieces = self.commands[_DEFAULT].collect_usage_pieces(ctx)
        formatter.write_usage(ctx.command_path, ' '.join(pieces))
        formatter.write_usage(ctx.command_path, 'COMMAND [ARGUMENT]...', prefix='       ')

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_examples(EXAMPLES, formatter)
        # One column for all groups.
        widest = max(map(len, self.commands))
        for title, group in GROUPS.items():
            with formatter.section(title):
                rows = [
                    (name.ljust(widest), one.get_short_help_str(62)) for name, one in group.items()
                ]
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
    commands=dict(COMMANDS),
    help=sweep.help,
    context_settings={'help_option_names': ['-h', '--help'], 'max_content_width': 100},
)
command = click.version_option(__version__, prog_name='reconcile-health')(command)


def _end(number: int, frame: FrameType | None) -> None:
    """Take what cron and systemd end us with as the Ctrl-C of a person."""
    raise KeyboardInterrupt


def main() -> None:
    """Run the command and exit by `docs/exit-codes.md`; usage errors are 3, not click's 2."""
    signal.signal(signal.SIGTERM, _end)
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
    except Exception:  # noqa: BLE001 - the outermost boundary: a crash must not read as a warning
        traceback.print_exc()
        code = USAGE_EXIT
    # Threads that still wait for a machine must not hold us, nor start another juju behind our
    # back; everything is flushed by now.
    end_all()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0)
