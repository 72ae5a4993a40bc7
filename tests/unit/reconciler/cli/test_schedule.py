"""`schedule`: what is installed is the sweep that was typed, wherever and by whom it is run."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli.commands.scheduled import FILES, ScheduledSweep, scheduled_sweep
from reconciler.cli.main import COMMANDS, command
from reconciler.cli.usage.completing import files
from reconciler.values.errors import UsageError
from tests.support.command_line import COMMAND, Done, run

# A crontab(1) of one file.
_CRONTAB = """\
#!/bin/sh
case "$1" in
-l) [ -e {place} ] || {{ echo 'no crontab for you' >&2; exit 1; }}; exec cat {place} ;;
-r) exec rm {place} ;;
-) exec cat > {place} ;;
esac
"""
Typed = Callable[..., Done]


@pytest.fixture
def typed(tmp_path: Path) -> Typed:
    """Run `schedule` with a crontab and directories of its own."""
    crontab = tmp_path / 'bin' / 'crontab'
    crontab.parent.mkdir()
    crontab.write_text(_CRONTAB.format(place=tmp_path / 'crontab'))
    crontab.chmod(0o755)

    def type_it(*words: str) -> Done:
        environment = {
            'PATH': f'{crontab.parent}:{os.environ["PATH"]}',
            'XDG_STATE_HOME': str(tmp_path / 'state'),
            'XDG_CONFIG_HOME': str(tmp_path / 'config'),
        }
        return run('schedule', *words, environment=environment)

    return type_it


def sweep_of(*words: str) -> ScheduledSweep:
    with click.Context(command) as context:
        return scheduled_sweep(words, context)


def parsed(words: Sequence[str]) -> dict[str, object]:
    one = COMMANDS['sweep']
    return one.make_context('sweep', list(words), parent=click.Context(command)).params


NAMES = st.text('abc*-', min_size=1, max_size=5).filter(lambda name: name[0] != '-')
OPTIONS = st.lists(
    st.sampled_from(
        [
            ('-q',),
            ('--no-probe',),
            ('--deadline', '1m30s'),
            ('--deadline=90',),
            ('-o', '-'),
            ('-o', '/tmp/x'),
            ('--ssh-option', 'A=b c'),
            ('--ssh-option=-x',),
            ('--ack-is-ok',),
            ('--unit', 'mysql/0'),
            ('--fail-on', 'fail'),
        ]
    ),
    max_size=6,
)


@given(options=OPTIONS, names=st.lists(NAMES, max_size=3))
def test_the_words_mean_what_was_typed(options: list[tuple[str, ...]], names: list[str]) -> None:
    words = ['-m', 'lab:prod', *(word for one in options for word in one), *names]
    found = sweep_of(*words)
    assert parsed(found.words) == parsed(words)
    assert sweep_of(*found.words).words == found.words


def test_paths_are_whole_and_other_values_are_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / 'health.yaml').write_text('')
    monkeypatch.chdir(tmp_path)
    words = sweep_of(
        *('--all-models', '-o', 'out', '--config', 'health.yaml', '--juju', './juju'),
        *('--metrics-file', 'a.prom', '--touch', 't', '--ping', 'url', '--state-dir', 's'),
    ).words
    given_paths = ('out', 'health.yaml', 'juju', 'a.prom', 't', 'url', 's')
    assert {str(tmp_path / name) for name in given_paths} <= set(words)
    assert sweep_of('--all-models', '--juju', 'juju_36').words[-1] == 'juju_36'
    url = 'https://hc-ping.com/x'
    assert url in sweep_of('--all-models', '--ping', url).words


def test_every_option_that_names_a_file_is_known_as_one() -> None:
    named = {
        one.name
        for one in COMMANDS['sweep'].params
        if one._custom_shell_complete is files or isinstance(one.type, click.Path)
    }
    assert named == set(FILES)


@pytest.mark.parametrize(
    ('words', 'asked', 'short', 'limit'),
    [
        (('-m', 'lab:prod'), 'lab:prod', 'lab:prod', 180),
        (('-m', 'prod', 'web*', '--deadline', '5m'), 'web* in prod', 'prod', 360),
        (('--all-models', '--controller', 'k1'), 'all models of k1', 'all-models-k1', 180),
        (('--reach', 'local'), 'this machine', 'this machine', 180),
        (('-m', 'x', '--wait-for', 'passed', '--within', '10m'), 'x', 'x', 780),
    ],
)
def test_what_is_swept_and_how_long_it_may_take(
    words: tuple[str, ...], asked: str, short: str, limit: int
) -> None:
    found = sweep_of(*words)
    assert (found.asked, found.short, found.limit_seconds) == (asked, short, limit)


@pytest.mark.parametrize(
    ('words', 'said'),
    [
        ((), 'cannot schedule sweeps of the current model'),
        (('--all-models', '-m', 'x'), 'cannot use --all-models with --model'),
        (('--status', '-'), 'cannot schedule --status -'),
        (('-m', 'x', '--metrics-file', '/tmp/x'), r'only names ending in \.prom'),
        (('--help',), 'cannot schedule a help'),
    ],
)
def test_what_cannot_be_scheduled_is_refused(words: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        sweep_of(*words)


def test_options_that_no_sweep_has_are_refused() -> None:
    with pytest.raises(click.NoSuchOption):
        sweep_of('-m', 'x', '--deadlin', '3')


@pytest.mark.slow
def test_a_users_crontab_has_it_shows_it_and_is_rid_of_it(typed: Typed, tmp_path: Path) -> None:
    crontab = tmp_path / 'crontab'
    crontab.write_text('MAILTO=ann\n')
    url = 'https://hc-ping.com/secret'
    words = ('install', '--user', '--with', 'cron', '-m', 'lab:prod', '--every', '10m')
    done = typed(*words, '--', '--ping', url, '--deadline', '1m')
    # There is no daemon where tests run, which is something left to do.
    assert (done.returncode, b'no cron daemon' in done.stderr) in ((0, False), (1, True))
    assert b'juju-health-lab-prod sweeps lab:prod every 10m' in done.stdout
    assert b'schedule remove juju-health-lab-prod' in done.stdout
    assert b'secret' not in done.stdout + done.stderr + crontab.read_bytes()
    ping = tmp_path / 'config/juju-health/schedules/juju-health-lab-prod.ping'
    assert (ping.read_text(), ping.stat().st_mode & 0o777) == (f'{url}\n', 0o600)
    line = next(one for one in crontab.read_text().splitlines() if 'timeout' in one)
    argv = shlex.split(line)
    assert f'XDG_STATE_HOME={tmp_path}/state' in argv
    at = argv.index(COMMAND)
    assert argv[at + 1] == 'sweep'
    told = parsed(argv[at + 2 :])
    assert (told['record'], told['quiet'], told['deadline']) == (True, True, 60.0)
    assert told['last_run'] == f'{tmp_path}/state/juju-health/schedules/juju-health-lab-prod.json'
    assert [argv[argv.index(name) + 1] for name in ('--model', '--ping', '--deadline')] == [
        'lab:prod',
        str(ping),
        '1m',
    ]
    (shown,) = json.loads(typed('show', '--format', 'json').stdout)
    assert (shown['name'], shown['every_seconds']) == ('juju-health-lab-prod', 600)
    assert (shown['last_run'], shown['by']) == (None, 'cron')
    assert typed('remove', 'other').returncode == 3
    removed = typed('remove', 'lab-prod')
    assert (removed.returncode, removed.stderr) == (0, b'')
    assert crontab.read_text() == 'MAILTO=ann\n'
    assert not ping.exists()
    assert json.loads(typed('show', '--format', 'json').stdout) == []


@pytest.mark.slow
def test_several_stand_beside_each_other_and_all_go(typed: Typed, tmp_path: Path) -> None:
    for words in (('-m', 'a'), ('-m', 'b'), ('-m', 'a', '--name', 'often')):
        assert typed('install', '--user', '--with', 'cron', *words).returncode in (0, 1)
    names = [one['name'] for one in json.loads(typed('show', '--format', 'json').stdout)]
    assert names == ['juju-health-a', 'juju-health-b', 'juju-health-often']
    assert typed('remove').returncode == 3
    assert typed('remove', '--all').returncode == 0
    assert not (tmp_path / 'crontab').exists()


@pytest.mark.slow
def test_a_dry_run_prints_the_files_and_changes_nothing(typed: Typed, tmp_path: Path) -> None:
    done = typed('install', '--user', '--with', 'cron', '-m', 'lab:prod', '--dry-run')
    assert (done.returncode, done.stderr) == (0, b'')
    assert done.stdout.startswith(b'# crontab of ')
    assert b'--record' in done.stdout
    assert {path.name for path in tmp_path.iterdir()} == {'bin'}


@pytest.mark.slow
@pytest.mark.parametrize(
    ('words', 'said'),
    [
        (('-m', 'x', '--every', '7m'), b'cannot sweep every 7m'),
        (('-m', 'x', '--as', 'nobody', '--user'), b'cannot use --as without --system'),
        (('-m', 'x', '--as', 'no-such-user', '--system'), b'cannot '),
        (('-m', 'x', '--name', 'a b'), b'as the name of a schedule'),
        (('-m', 'x\ny'), b'a character that is none of text'),
        (('-m', 'x', '--', '--workers', '0'), b"Invalid value for '--workers'"),
    ],
)
def test_what_cannot_be_installed_is_refused_and_nothing_written(
    typed: Typed, tmp_path: Path, words: tuple[str, ...], said: bytes
) -> None:
    done = typed('install', '--with', 'cron', *words)
    assert (done.returncode, done.stdout) == (3, b'')
    assert said in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {'bin'}
