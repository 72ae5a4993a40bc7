"""The help of every command: whole sentences, none cut off, and hints at commands misplaced."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from reconciler.cli.main import COMMANDS, command
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
    short = found(words).get_short_help_str(limit=62)
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
