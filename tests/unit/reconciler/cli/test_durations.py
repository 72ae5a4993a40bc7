"""Durations: one form, and one refusal, in every option of time of every command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from reconciler.cli.main import command
from reconciler.cli.usage.durations import Duration, duration
from reconciler.values.freshness import MAX_AGE_SECONDS
from reconciler.values.time_budget import TimeBudget
from tests.support.command_line import run

# Each way to write one, with its seconds.
WRITTEN = {
    **{'90': 90.0, '90s': 90.0, '10m': 600.0, '1h30m': 5400.0, '1.5h': 5400.0, '2d': 172800.0},
    **{'1d12h': 129600.0, '0.5': 0.5, '1m30.5s': 90.5},
}
NONE = ('', 'soon', '10 m', '-5', '1h30', '5x', 'm', '1e3', 'nan', 'inf', '-inf', '1e999', '٣')


def options(group: click.Group, words: str = '') -> Iterator[tuple[str, click.Option]]:
    """Yield every option of every command, under the words that one types."""
    for name, one in group.commands.items():
        if isinstance(one, click.Group):
            yield from options(one, f'{words}{name} ')
        for option in one.params:
            if isinstance(option, click.Option):
                yield f'{words}{name} {option.opts[-1]}', option


EVERY = dict(options(command))
OF_TIME = {words: option for words, option in EVERY.items() if option.metavar == 'DURATION'}


@pytest.mark.parametrize('text', WRITTEN)
def test_durations_as_people_write_them(text: str) -> None:
    assert duration(text) == WRITTEN[text]


@pytest.mark.parametrize('text', NONE)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match='is no duration: write such as 90, 90s, 10m'):
        duration(text)


@pytest.mark.parametrize('value', [True, False, None, [], float('nan'), float('inf'), -1])
def test_a_value_of_yaml_that_is_no_number_is_no_duration(value: object) -> None:
    with pytest.raises(click.BadParameter, match='is no duration'):
        duration(value)


def test_numbers_of_yaml_are_seconds() -> None:
    assert (duration(300), duration(0.5)) == (300.0, 0.5)


def test_the_options_of_time_are_all_of_the_one_kind() -> None:
    names = {option.opts[-1] for option in OF_TIME.values()}
    assert names == {
        *('--deadline', '--timeout', '--connect-timeout', '--max-age'),
        '--max-status-age',
        *('--within', '--every', '--for', '--older-than'),
    }
    for words, option in EVERY.items():
        assert (option.metavar == 'DURATION') == isinstance(option.type, Duration), words
        # Whoever adds one that counts seconds by itself is caught here.
        assert 'SECOND' not in (option.metavar or ''), words


@pytest.mark.parametrize('words', OF_TIME)
def test_every_option_of_time_takes_every_form_within_its_bounds(words: str) -> None:
    kind = OF_TIME[words].type
    assert isinstance(kind, Duration)
    for text, seconds in WRITTEN.items():
        inside = kind.least <= seconds <= kind.most
        if inside and not (kind.whole and seconds % 1):
            assert kind.convert(text, None, None) == seconds
        else:
            with pytest.raises(click.BadParameter, match=r'is not between|whole seconds'):
                kind.convert(text, None, None)
    for text in NONE:
        with pytest.raises(click.BadParameter, match='is no duration'):
            kind.convert(text, None, None)


def test_defaults_are_those_of_the_time_budget() -> None:
    budget = TimeBudget()
    for name, seconds in (
        ('--deadline', budget.deadline_seconds),
        ('--timeout', budget.timeout_seconds),
        ('--connect-timeout', budget.connect_timeout_seconds),
        ('--max-age', MAX_AGE_SECONDS),
    ):
        assert duration(EVERY[f'sweep {name}'].default) == seconds


def test_an_option_of_whole_seconds_gives_an_int() -> None:
    kind = Duration(1, 60, whole=True)
    assert isinstance(kind.convert('1m', None, None), int)
    with pytest.raises(click.BadParameter, match="'61' is not between 1s and 1m"):
        kind.convert('61', None, None)


@pytest.mark.slow
def test_a_duration_that_is_none_is_wrong_usage_by_its_option() -> None:
    done = run('--deadline', 'nan')
    assert (done.returncode, done.stdout) == (3, b'')
    assert b"'--deadline': 'nan' is no duration: write such as 90" in done.stderr


@pytest.mark.slow
def test_the_configuration_takes_durations_in_either_form(tmp_path: Path) -> None:
    path = tmp_path / 'health.yaml'
    path.write_text('defaults: {deadline: 5m, timeout: 20}\n')
    assert run('config', 'check', '--config', str(path)).returncode == 0
    status = tmp_path / 'status.json'
    status.write_text(json.dumps({'model': {'name': 'prod'}, 'applications': {}}))
    done = run('--config', str(path), '--status', str(status))
    assert (done.returncode, b'no duration' in done.stderr) == (3, False)
    path.write_text('defaults: {deadline: yes}\n')
    refused = run('config', 'check', '--config', str(path))
    assert refused.returncode == 3
    assert b'line 1: defaults.deadline: True is no duration' in refused.stderr
