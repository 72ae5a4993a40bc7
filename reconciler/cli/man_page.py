"""The manual page, made of the commands' own help: `python -m reconciler.cli.man_page`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import click

from charm import __version__

from .main import COMMANDS, GROUPS
from .usage.sections import EXAMPLES, sections

# Of the page's last version that was written by hand: its frame.
_DATE = '2026-11-25'
_FILES = (
    ('NO_COLOR', 'If it is set and not empty, no colours are used on a terminal either.'),
    ('COLUMNS', 'The width to print for, where stdout is no terminal.'),
    ('JUJU_DATA, JUJU_MODEL, JUJU_CONTROLLER', 'As juju itself takes them.'),
)
_CODES = (
    ('0', 'Every service passed, or what did not is below the line of --fail-on.'),
    ('1', 'The worst is a warning.'),
    ('2', 'The worst is a failure.'),
    ('3', 'The worst is unknown, the sweep is incomplete, or the usage is wrong.'),
)


def escape(text: str) -> str:
    """Return text as roff shows it: dashes stay dashes, and no line is a request."""
    plain = text.replace('\\', '\\(rs').replace('-', '\\-').replace('~', '\\(ti')
    plain = plain.replace("'", '\\(aq').replace('`', '\\(ga').replace('^', '\\(ha')
    return re.sub(r'^\.', r'\\&.', plain, flags=re.MULTILINE)


def page() -> str:
    """Return the page in man(7)'s macros."""
    return '\n'.join(_lines()) + '\n'


def _lines() -> Iterator[str]:
    sweep = COMMANDS['sweep']
    yield f'.TH RECONCILE\\-HEALTH 1 "{_DATE}" "juju\\-health {__version__}" "User Commands"'
    yield '.SH NAME'
    yield 'reconcile\\-health \\- say how every service of a Juju model is, and why'
    yield '.SH SYNOPSIS'
    yield f'.B reconcile\\-health\n{_usage(sweep)}'
    yield '.br\n.B reconcile\\-health\n.I COMMAND\n[ARGUMENT]...'
    yield '.SH DESCRIPTION'
    yield from _paragraphs(sweep)
    yield '.SH OPTIONS'
    for title, options in sections(sweep, click.Context(sweep)).items():
        yield f'.SS {escape(title)}'
        yield from _options(options)
    yield '.SH COMMANDS'
    yield from _groups()
    for name, command in COMMANDS.items():
        if command is not sweep:
            yield from _command(name, command)
    yield '.SH EXIT STATUS'
    yield from (line for code, told in _CODES for line in _item(code, told))
    yield 'Commands of other kinds say theirs above.'
    yield '.SH EXAMPLES'
    yield from (line for words, told in EXAMPLES for line in _item(words, told))
    yield '.SH ENVIRONMENT'
    yield from (line for name, told in _FILES for line in _item(name, told))
    yield '.SH SEE ALSO'
    yield '.BR juju (1)'


def _groups() -> Iterator[str]:
    for title, group in GROUPS.items():
        yield from _item(title, ', '.join(group))


def _command(name: str, command: click.Command) -> Iterator[str]:
    if isinstance(command, click.Group):
        for inner in command.list_commands(click.Context(command)):
            found = command.get_command(click.Context(command), inner)
            if found is not None:
                yield from _command(f'{name} {inner}', found)
        return
    yield f'.SS {escape(name)}'
    yield f'.B reconcile\\-health {escape(name)}\n{_usage(command)}'
    yield '.PP'
    yield from _paragraphs(command)
    shared = {option.name for option in COMMANDS['sweep'].params}
    own = [one for one in command.params if one.name not in shared - {'form', 'output', 'every'}]
    yield from _options(own)
    if any(option.name in shared for option in command.params):
        yield '.PP\nOptions of the same name do as above.'


def _usage(command: click.Command) -> str:
    context = click.Context(command, info_name='')
    return escape(' '.join(command.collect_usage_pieces(context)))


def _paragraphs(command: click.Command) -> Iterator[str]:
    for number, paragraph in enumerate((command.help or '').strip().split('\n\n')):
        if number:
            yield '.PP'
        yield escape(' '.join(paragraph.replace('\b', '').split()))


def _options(options: Iterable[click.Parameter]) -> Iterator[str]:
    context = click.Context(COMMANDS['sweep'])
    for option in options:
        record = option.get_help_record(context)
        if record is not None and isinstance(option, click.Option):
            yield from _item(*record)


def _item(term: str, told: str) -> Iterator[str]:
    yield f'.TP\n.B {escape(term)}'
    yield escape(' '.join(told.split()))


if __name__ == '__main__':
    print(page(), end='')
