"""A command loads what it uses, and nothing else: no help waits for what does the work."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path

import click
import pytest

from reconciler.ask.modes import MODES, PUSH
from reconciler.cli.main import COMMANDS, GROUPS
from reconciler.render.people.changes import CHANGES
from reconciler.render.people.doctor import FINDINGS
from reconciler.values.by_name import load
from tests.support.command_line import loaded
from tests.support.tree import TESTS

SAVED = str(TESTS / 'data' / 'saved' / 'troubled.json')
# What a few runs need: of each the package, or the module of the standard library.
NETWORK = {
    'asyncio',
    'asyncssh',
    'cryptography',
    'http',
    'httpx',
    'paramiko',
    'ssl',
    'starlette',
    'uvicorn',
}
SELDOM = {
    *NETWORK,
    'alembic',
    'importlib.metadata',
    'jinja2',
    'prometheus_client',
    'sqlalchemy',
    'sqlite3',
    'tenacity',
    'yaml',
}
DRAWN = {'rich'}
DOCUMENT = {'msgspec'}
WORK = {'reconciler.cli.commands', 'reconciler.cli.live', 'subprocess'}
BEFORE_WORK = {*SELDOM, *DRAWN, *DOCUMENT, *WORK}
# Of ours for what comes before any work; there are about 270.
FEW = 40


def assert_loaded(modules: set[str], never: set[str], most: int | None = None) -> None:
    """See that none of these is among the modules, and that no more of them are ours."""
    assert sorted(name for name in modules if {name, *_above(name)} & never) == []
    ours = {name for name in modules if name.split('.')[0] in ('charm', 'reconciler')}
    assert 'reconciler.cli.main' in ours
    assert most is None or len(ours) <= most, sorted(ours)


def _above(name: str) -> Sequence[str]:
    parts = name.split('.')
    return ['.'.join(parts[:end]) for end in range(1, len(parts))]


@pytest.mark.parametrize(
    'words',
    [
        ('--help',),
        ('--version',),
        ('explain', '--help'),
        ('config', 'check', '--help'),
        ('suppressions', '--help'),
        # Wrong usage, in each way that can be told before there is anything to ask.
        ('explian', 'mysql'),
        ('--no-such-option',),
        ('--workers', '0'),
        ('diff', 'a.json'),
        ('completion', 'tcsh'),
    ],
    ids=' '.join,
)
def test_nothing_that_works_is_loaded_to_help_or_to_refuse(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    nowhere = {'JUJU_HEALTH_CONFIG': '', 'XDG_CONFIG_HOME': str(tmp_path)}
    assert_loaded(loaded(tmp_path, *words, environment=nowhere), BEFORE_WORK, FEW)


@pytest.mark.parametrize('typed', ['', 'expl', '--', '--fo', '--format ', 'explain --', 'help '])
def test_nor_to_complete_a_word_of_ours(typed: str, tmp_path: Path) -> None:
    words = f'reconcile-health {typed}'
    asked = {
        '_RECONCILE_HEALTH_COMPLETE': 'bash_complete',
        'COMP_WORDS': words,
        'COMP_CWORD': str(words.count(' ')),
    }
    # A word that may be an application's is looked up, and so is not of ours alone.
    never = BEFORE_WORK - {'subprocess'} if typed == 'expl' else BEFORE_WORK
    modules = loaded(tmp_path, environment=asked)
    assert_loaded(modules, never, None if typed == 'expl' else FEW)


@pytest.mark.parametrize(
    ('form', 'used'),
    [
        ('table', DRAWN),
        ('tree', DRAWN),
        ('summary', set()),
        ('nagios', set()),
        ('json', set()),
        ('yaml', {'yaml'}),
        ('html', {'jinja2'}),
        ('openmetrics', {'prometheus_client'}),
    ],
)
def test_a_replay_loads_what_its_format_takes(form: str, used: set[str], tmp_path: Path) -> None:
    modules = loaded(tmp_path, 'replay', SAVED, '--format', form)
    # The library of metrics serves them as well, by which it loads others.
    never = SELDOM - NETWORK if form == 'openmetrics' else SELDOM
    assert_loaded(modules, {*never, *DRAWN} - used)
    assert used <= modules


@pytest.mark.slow
def test_a_sweep_of_this_machine_loads_neither_ssh_nor_what_it_does_not_print(
    tmp_path: Path,
) -> None:
    nowhere = {'XDG_CONFIG_HOME': str(tmp_path), 'XDG_STATE_HOME': str(tmp_path)}
    modules = loaded(tmp_path, '--reach', 'local', '--timeout', '10', environment=nowhere)
    assert_loaded(modules, {*SELDOM, *DOCUMENT, 'reconciler.cli.live', 'reconciler.reach.ssh'})
    assert 'rich' in modules


def test_what_operators_said_waits_for_a_database_only_where_it_is_kept_there(
    tmp_path: Path,
) -> None:
    config = tmp_path / 'health.yaml'
    told = {'JUJU_HEALTH_CONFIG': str(config), 'XDG_STATE_HOME': str(tmp_path)}
    config.write_text('history: {looks: 3}\n')
    assert_loaded(loaded(tmp_path, 'suppressions', environment=told), {*SELDOM} - {'yaml'})
    config.write_text(f'history: {{database: {tmp_path}/history.db}}\n')
    modules = loaded(tmp_path, 'suppressions', environment=told)
    assert 'sqlalchemy' in modules
    # Nobody reads by what makes the tables.
    assert_loaded(modules, {'alembic'})


@pytest.mark.parametrize('name', COMMANDS)
def test_what_is_declared_of_a_command_is_what_its_work_takes(name: str) -> None:
    declared = COMMANDS[name]
    if isinstance(declared, click.Group):
        return
    assert declared.callback is not None
    module = declared.callback.__module__.replace('.usage.', '.commands.')
    work = load(f'{module}:{declared.callback.__name__}')
    given: dict[str, None] = {one.name: None for one in declared.params if one.name}
    inspect.signature(work).bind(**given)


def test_every_choice_that_is_declared_is_one_of_those_that_there_are() -> None:
    assert _choices('sweep', 'ask') == [*MODES, PUSH]
    assert _choices('diff', 'form') == [*CHANGES]
    assert _choices('doctor', 'form') == [*FINDINGS]


def _choices(command: str, option: str) -> list[str]:
    (found,) = [one.type for one in COMMANDS[command].params if one.name == option]
    assert isinstance(found, click.Choice)
    return list(found.choices)


def test_each_command_is_declared_by_the_name_in_the_table() -> None:
    for group in GROUPS.values():
        assert {name: COMMANDS[name].name for name in group} == {name: name for name in group}
