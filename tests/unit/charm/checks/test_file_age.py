"""Files of any age, and what stands in their place."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from charm.checks.kinds.file_age import FileAge
from charm.checks.options import OptionError
from charm.kernel.errors import CheckError
from charm.kernel.report import Health
from tests.support.checking import run

NOW = 1_800_000_000.0


def aged(path: Path, seconds: float, content: str = 'x') -> Path:
    path.write_text(content)
    os.utime(path, (NOW - seconds, NOW - seconds))
    return path


def age(path: Path | str, **options: Any) -> FileAge:
    return FileAge(path=str(path), now=lambda: NOW, **options)


@pytest.mark.parametrize(
    ('seconds', 'health'),
    [(0, Health.PASSED), (60, Health.PASSED), (61, Health.WARN), (601, Health.FAIL)],
)
def test_an_older_file_is_worse(tmp_path: Path, seconds: float, health: Health) -> None:
    path = aged(tmp_path / 'stamp', seconds)
    verdict = run(age(path, warn_seconds=60.0, fail_seconds=600.0))
    assert verdict.health is health
    assert verdict.data == {'path': str(path), 'age_seconds': seconds, 'size_bytes': 1}


def test_a_file_that_is_not_there_fails(tmp_path: Path) -> None:
    for path in (tmp_path / 'none', tmp_path / 'none' / 'none', tmp_path / '*.dump'):
        verdict = run(age(path))
        assert verdict.health is Health.FAIL
        assert verdict.message == f'{path} does not exist'


def test_of_several_files_the_newest_counts(tmp_path: Path) -> None:
    for number, seconds in enumerate((900, 30, 5000)):
        aged(tmp_path / f'{number}.dump', seconds)
    verdict = run(age(tmp_path / '*.dump', fail_seconds=60.0))
    assert verdict.health is Health.PASSED
    assert verdict.data['path'] == str(tmp_path / '1.dump')


def test_a_file_that_is_too_small_fails_however_new_it_is(tmp_path: Path) -> None:
    verdict = run(age(aged(tmp_path / 'dump', 0, ''), minimum_bytes=2048))
    assert verdict.health is Health.FAIL
    assert 'has 0 B of 2.0 KiB' in verdict.message


def test_a_file_of_the_future_warns_unless_it_is_a_rounding(tmp_path: Path) -> None:
    assert run(age(aged(tmp_path / 'a', -4))).health is Health.PASSED
    verdict = run(age(aged(tmp_path / 'b', -3600)))
    assert verdict.health is Health.WARN
    assert 'in the future: it or our clock is wrong' in verdict.message


def test_a_link_that_leads_in_circles_is_unknown(tmp_path: Path) -> None:
    (tmp_path / 'loop').symlink_to(tmp_path / 'loop')
    with pytest.raises(CheckError, match='cannot look at'):
        run(age(tmp_path / 'loop'))


def test_wrong_options_are_refused() -> None:
    with pytest.raises(OptionError, match='not an absolute path'):
        FileAge(path='stamp')
    with pytest.raises(OptionError, match='is above fail_seconds'):
        FileAge(path='/x', warn_seconds=2.0, fail_seconds=1.0)
