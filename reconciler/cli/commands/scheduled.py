"""The words of a sweep as one types them, made such that they mean the same anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from click.exceptions import Exit

from reconciler.values.errors import UsageError

from ..options.config_option import commands_of
from ..options.sweeping import SweepOptions
from ..options.told import told_by
from ..options.unattended import UnattendedOptions
from ..options.waiting import GateOptions
from .all_models import FleetOptions

# The parameters that name files and directories; some values of the last three are none.
FILES = (
    *('status_file', 'config', 'agent_token_file', 'agent_ca', 'state_dir', 'inbox', 'output'),
    *('metrics_file', 'touch', 'last_run', 'juju', 'ping', 'history'),
)
# Beside `--deadline`: until it has printed, and told whoever is told.
_MARGIN_SECONDS = 60


@dataclass(frozen=True)
class ScheduledSweep:
    """A sweep as it is to be scheduled.

    Attributes:
        words: what follows `sweep` on its command line.
        asked: what is swept, in words for people.
        short: the same in a word or two, for a name.
        limit_seconds: how long it may take at the most.
        state: the directory of what outlives one run; `None` for the usual one.
        by_juju: juju is run for it.
    """

    words: tuple[str, ...]
    asked: str
    short: str
    limit_seconds: int
    state: Path | None
    by_juju: bool


def scheduled_sweep(typed: Sequence[str], context: click.Context) -> ScheduledSweep:
    """Return the sweep that the words tell, which are parsed as by the command itself.

    Raises:
        UsageError: it is none to be scheduled.
        click.UsageError: the words are wrong usage.
        ConfigError: the configuration cannot be used.
    """
    root = context.find_root()
    command = commands_of(context)['sweep']
    try:
        given = command.make_context('sweep', list(typed), parent=root).params
    except Exit as error:
        raise UsageError('cannot schedule a help') from error
    asking, many = told_by(SweepOptions, given), told_by(FleetOptions, given)
    waiting, unattended = told_by(GateOptions, given), told_by(UnattendedOptions, given)
    many.check(asking)
    _refuse(asking, many, unattended)
    words = tuple(_words(command, typed, root))
    asked, short = _asked(asking, many, given['names'])
    limit = asking.deadline + (waiting.within if waiting.goal else 0) + _MARGIN_SECONDS
    state = asking.state if asking.state_dir else None
    by_juju = not (asking.is_local or asking.status_file)
    return ScheduledSweep(words, asked, short, int(limit), state, by_juju)


def _refuse(asking: SweepOptions, many: FleetOptions, unattended: UnattendedOptions) -> None:
    if asking.status_file == '-':
        raise UsageError('cannot schedule --status -: nobody types then')
    if not (many or asking.model or asking.is_local or asking.status_file):
        reason = '`juju switch` changes which that is: name one with -m, or say --all-models'
        raise UsageError(f'cannot schedule sweeps of the current model: {reason}')
    unattended.check_files()


def _asked(asking: SweepOptions, many: FleetOptions, names: Sequence[str]) -> tuple[str, str]:
    if many:
        whose = f' of {", ".join(many.controllers)}' if many.controllers else ''
        what, short = f'all models{whose}', '-'.join(['all-models', *many.controllers])
    elif asking.is_local:
        what = short = 'this machine'
    elif asking.status_file:
        what, short = f'the status {asking.status_file}', Path(asking.status_file).stem
    else:
        what = short = asking.model
    return (f'{" ".join(names)} in {what}' if names else what), short


def _words(command: click.Command, typed: Sequence[str], root: click.Context) -> Iterator[str]:
    """Yield the words in the order of the help: long options, whole paths, and then the names."""
    own = click.Context(command, root, 'sweep')
    found, _rest, _order = command.make_parser(own).parse_args(list(typed))
    names: Sequence[str] = ()
    for one in command.params:
        value = found.get(one.name or '')
        if isinstance(one, click.Argument):
            names = value if isinstance(value, tuple | list) else ()
        elif isinstance(one, click.Option) and one.name in found:
            yield from _option(one, value)
    if names:
        yield from ('--', *names)


def _option(option: click.Option, value: Any) -> Iterator[str]:
    long = option.opts[-1]
    if option.is_flag:
        yield long if value else option.secondary_opts[0]
        return
    for one in value if option.multiple else (value,):
        text = _whole(option.name or '', str(one))
        # A word that begins with a dash would be another option.
        yield from [f'{long}={text}'] if text.startswith('-') else [long, text]


def _whole(name: str, text: str) -> str:
    """Return a path as seen from anywhere; other values as they are."""
    is_path = name in FILES and text not in ('', '-')
    if name == 'juju':
        is_path = '/' in text
    elif name in ('ping', 'history'):
        is_path = '://' not in text
    return str(Path(text).absolute()) if is_path else text
