"""The help of every command: whole sentences, none cut off, and hints at commands misplaced."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from reconciler.cli.main import COMMANDS, GROUPS, command
from reconciler.cli.usage.sections import EXAMPLES, MORE, SECTIONS, sections
from reconciler.values.errors import UsageError

STATUS = """{"model": {"name": "prod", "type": "iaas"}, "machines": {}, "applications": {}}"""


def commands(group: click.Group, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the words of every command, groups too."""
    for name, one in group.commands.items():
        yield (*words, name)
        if isinstance(one, click.Group):
            yield from commands(one, (*words, name))


def found(words: tuple[str, ...]) -> click.Command:
    """Return the command of these words."""
    one: click.Command = command
    for word in words:
        assert isinstance(one, click.Group)
        one = one.commands[word]
    return one


EVERY = list(commands(command))


def test_every_command_of_the_table_is_looked_at() -> None:
    assert {words[0] for words in EVERY} == set(COMMANDS)


@pytest.mark.parametrize('words', EVERY, ids=' '.join)
def test_a_command_says_in_one_whole_sentence_what_it_does(words: tuple[str, ...]) -> None:
    told = {name: short for group in GROUPS.values() for name, (_, short) in group.items()}
    own = found(words).get_short_help_str(limit=62)
    short = told[words[0]] if len(words) == 1 else own
    assert len(short) <= 62
    assert short[0].isupper()
    assert short.endswith('.')
    assert not short.endswith('...')


@pytest.mark.parametrize('words', EVERY, ids=' '.join)
def test_every_option_has_help_that_is_a_sentence(words: tuple[str, ...]) -> None:
    for option in found(words).params:
        if isinstance(option, click.Option):
            text = (option.help or '').partition('  [default: ')[0]
            assert text[:1].isupper() or text.startswith('-'), option.name
            assert text.endswith('.'), option.name


def test_every_option_of_a_sweep_is_in_a_section_and_every_section_has_some() -> None:
    sweep = COMMANDS['sweep']
    found = sections(sweep, click.Context(sweep))
    assert list(found) == list(SECTIONS)
    known = {option.name for name in COMMANDS for option in COMMANDS[name].params} | {'help'}
    for title, names in SECTIONS.items():
        assert set(names) <= known, title


def test_every_example_is_of_a_command_and_its_options() -> None:
    for line, _told in (*EXAMPLES, *MORE):
        _, *rest = shlex.split(line)
        one = COMMANDS[rest.pop(0)] if rest and rest[0] in COMMANDS else COMMANDS['sweep']
        options = {name for option in one.params for name in option.opts} | {'--version'}
        assert {word for word in rest if word.startswith('-')} <= options, line


@pytest.mark.parametrize('words', [(), *EVERY], ids=' '.join)
def test_help_fits_a_terminal_and_is_said_by_the_command_help_too(words: tuple[str, ...]) -> None:
    shown = invoked(*words, '--help')
    assert max(map(len, shown.splitlines())) <= 80
    assert invoked('help', *words) == shown
    assert shown.isascii()


def test_the_help_has_examples_first_then_the_commands_in_groups() -> None:
    titles = re.findall(r'^(\S.*):$', invoked('help'), re.MULTILINE)
    assert titles[: 1 + len(GROUPS)] == ['Examples', *GROUPS]
    assert titles[-1 - len(SECTIONS) :] == [*SECTIONS, 'Exit codes']


@pytest.mark.parametrize(
    ('words', 'said'),
    [
        (['explian'], "cannot help with 'explian': no such command; did you mean 'explain'?"),
        (['config', 'chek'], "cannot help with 'config chek': no such command; did you mean"),
        (['diff', 'x'], "cannot help with 'diff x': no such command; it has no others in it"),
    ],
)
def test_there_is_no_help_with_what_is_no_command(words: list[str], said: str) -> None:
    error = CliRunner().invoke(command, ['help', *words]).exception
    assert isinstance(error, UsageError)
    assert str(error).startswith(said)


def invoked(*words: str) -> str:
    """Return what the command prints on a terminal of 80 columns."""
    done = CliRunner().invoke(command, words, prog_name='reconcile-health', terminal_width=80)
    assert done.exit_code == 0
    return done.output


@pytest.mark.parametrize(
    ('words', 'hint'),
    [
        (['--attempts', '1', 'explain', 'mysql'], 'it comes first: reconcile-health explain'),
        (['docter'], 'it comes first: reconcile-health doctor'),
        (['mysql'], ''),
    ],
)
def test_a_command_that_is_misplaced_or_misspelt_is_named(
    words: list[str], hint: str, tmp_path: Path
) -> None:
    status = tmp_path / 'status.json'
    status.write_text(STATUS)
    done = CliRunner().invoke(command, ['--status', str(status), *words])
    error = done.exception
    assert error is not None
    assert str(error).startswith('cannot select')
    assert isinstance(error, UsageError)
    assert hint in str(error.advice)
    assert bool(hint) == bool(error.advice)
