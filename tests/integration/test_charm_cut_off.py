"""A hook cut off at any change to the machine's files, and the next one that makes it good."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.local_unit import LocalUnit

CHECKS = 'checks:\n  web: {kind: tcp, port: 80}\n'
pytestmark = pytest.mark.timeout(600)
# What makes a change take effect; a write before it is to a file that nobody reads yet.
STEPS = ('replace', 'rename', 'symlink', 'unlink')


class Killed(BaseException):
    """The process is gone: nothing that would clean up after it is run."""


class Cut:
    """Counts the changes below a directory, and lets the one of that number not happen.

    Args:
        root: the directory.
        number: which, from 1; 0 for none.
        how: what is raised in its place.
    """

    def __init__(self, root: Path, number: int, how: BaseException) -> None:
        self.count = 0
        self._root = str(root)
        self._number = number
        self._how = how
        self._patch = pytest.MonkeyPatch()

    def __enter__(self) -> Cut:
        for name in STEPS:
            self._patch.setattr(
                os, name, self._guard(getattr(os, name), 0 if name != 'symlink' else 1)
            )
        self._patch.setattr(shutil, 'rmtree', self._guard(shutil.rmtree, 0))
        return self

    def __exit__(self, *_error: object) -> None:
        self._patch.undo()

    def _guard(self, real: Callable[..., object], place: int) -> Callable[..., object]:
        def guarded(*words: object, **options: object) -> object:
            # Files below an open directory are those of one rmtree, which counts once.
            if 'dir_fd' not in options and str(words[place]).startswith(self._root):
                self.count += 1
                if self.count == self._number:
                    raise self._how
            return real(*words, **options)

        return guarded


def after(
    event: str, root: Path, number: int, how: BaseException
) -> tuple[dict[str, str], int, LocalUnit]:
    """Return what is there after a hook was cut off there, and then was not."""
    unit = LocalUnit(root)
    unit.configure(checks=CHECKS)
    unit.relate('local-monitors:1', 'mysql', {'mysql/0': {'monitors': 'monitors: {}'}})
    if event != 'install':
        unit.hook('install')
        unit.configure(checks='', log_files=7)
        (unit.charm / 'charm' / '__init__.py').write_text("__version__ = '9'\n")
    with Cut(root, number, how) as cut, suppress(Killed):
        unit.hook(event)
    unit.leave(well=False)
    assert unit.hook(event) == 0
    return unit.tree(), cut.count, unit


@pytest.mark.parametrize('event', ['install', 'upgrade-charm', 'remove'])
@pytest.mark.parametrize('how', [Killed(), OSError(errno.ENOSPC, 'No space left on device')])
def test_a_hook_cut_off_at_any_change_is_made_good_by_the_next(
    event: str, how: BaseException, tmp_path: Path
) -> None:
    wanted, changes, whole = after(event, tmp_path / 'whole', 0, how)
    assert changes > 4
    assert whole.systemd.active is (event != 'remove')
    for number in range(1, changes + 1):
        got, _changes, unit = after(event, tmp_path / f'cut-{number}', number, how)
        left = {path for path in got if '/.' in path}
        if event == 'remove':
            assert left == set(), number
        assert {path: got[path] for path in got if path not in left} == wanted, number
        assert unit.systemd.active is whole.systemd.active, number
        # The agent runs what is there now.
        assert 'start' in unit.systemd.done, number
        assert unit.hook('remove') == 0
        assert unit.tree() == {}, number
        shutil.rmtree(tmp_path / f'cut-{number}')
