"""Of the sweeps in a directory, the last counts that began by the time that is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.cli.options.saved import read_at
from reconciler.render import RENDERERS, RenderOptions
from reconciler.values.errors import UsageError
from tests.support.snapshots import NOW, troubled


@pytest.fixture
def sweeps(tmp_path: Path) -> Path:
    """Three sweeps, an hour apart, under names that do not sort by time; and what is none."""
    for name, hours in (('b', 3), ('c', 2), ('a', 1)):
        began = replace(troubled(), started_at=NOW - timedelta(hours=hours))
        text = RENDERERS['json'](began, RenderOptions(now=NOW))
        (tmp_path / f'{name}.json').write_text(text)
    (tmp_path / 'half.json').write_text('{"started_at": ')
    (tmp_path / 'other.json').write_text('[1]')
    return tmp_path


@pytest.mark.parametrize(
    ('time', 'hours'),
    [('now', 1), ('1h', 1), ('61m', 2), ('2h30m', 3), (f'{NOW - timedelta(hours=2)}', 2)],
)
def test_the_last_that_began_by_then_is_taken(sweeps: Path, time: str, hours: int) -> None:
    assert read_at(sweeps, time, NOW).started_at == NOW - timedelta(hours=hours)


def test_before_the_first_there_is_none_and_the_first_is_named(sweeps: Path) -> None:
    with pytest.raises(UsageError, match=f'the first began at {NOW - timedelta(hours=3):%Y-%m}'):
        read_at(sweeps, '4h', NOW)


def test_a_directory_without_sweeps_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match='it holds none'):
        read_at(tmp_path, 'now', NOW)


def test_what_is_no_time_is_told_with_an_example(sweeps: Path) -> None:
    with pytest.raises(UsageError, match='1h for an hour ago'):
        read_at(sweeps, 'yesterday', NOW)
