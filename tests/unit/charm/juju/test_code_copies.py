"""The agent's copy of the code: whole at every moment, and replaced at one stroke."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from charm.juju import code_copies
from charm.kernel.errors import FileError
from charm.kernel.paths import Place


@pytest.fixture
def charm(tmp_path: Path) -> Path:
    place = tmp_path / 'charm'
    for name in ('charm/a.py', 'hooks/health-agent', 'docs/x.md', 'charm/__pycache__/a.pyc'):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(f'{name} 1')
    (place / 'hooks/health-agent').chmod(0o755)
    return place


def test_a_copy_is_made_once_for_each_content(tmp_path: Path, charm: Path) -> None:
    place = Place(tmp_path / 'root')
    assert code_copies.install(place, 'a-b/3', charm)
    launcher = code_copies.launcher_of(place, 'a-b/3')
    assert launcher.read_text() == 'hooks/health-agent 1'
    assert launcher.stat().st_mode & 0o777 == 0o755
    assert not list(place.code.rglob('*.pyc'))
    assert not code_copies.install(place, 'a-b/3', charm)
    (charm / 'charm' / 'a.py').write_text('2')
    before = launcher.resolve().parents[1]
    assert code_copies.install(place, 'a-b/3', charm)
    assert launcher.resolve().parents[1] != before
    # One is kept: the last.
    assert len(list((place.code / 'unit-a-b-3').iterdir())) == 2
    assert code_copies.installed_units(place) == ['unit-a-b-3']
    code_copies.remove(place, 'a-b/3')
    assert not place.code.exists()


def test_a_copy_that_somebody_changed_is_made_anew(tmp_path: Path, charm: Path) -> None:
    place = Place(tmp_path / 'root')
    code_copies.install(place, 'a/0', charm)
    launcher = code_copies.launcher_of(place, 'a/0')
    launcher.write_text('broken')
    assert code_copies.install(place, 'a/0', charm)
    assert launcher.read_text() == 'hooks/health-agent 1'


def test_a_copy_that_fails_half_way_leaves_the_old_one_current(
    tmp_path: Path, charm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path / 'root')
    code_copies.install(place, 'a/0', charm)
    launcher = code_copies.launcher_of(place, 'a/0')
    (charm / 'hooks' / 'health-agent').write_text('2')

    def full(_source: str, destination: str, **_rest: object) -> None:
        (Path(destination) / 'half').parent.mkdir(parents=True, exist_ok=True)
        raise OSError(28, 'No space left on device')

    with monkeypatch.context() as patched:
        patched.setattr(shutil, 'copytree', full)
        with pytest.raises(FileError, match=r'cannot copy the code of .*No space left'):
            code_copies.install(place, 'a/0', charm)
    assert launcher.read_text() == 'hooks/health-agent 1'
    assert code_copies.install(place, 'a/0', charm)
    assert launcher.read_text() == '2'
    assert [one.name for one in launcher.parents[2].iterdir() if one.name.startswith('.')] == []
