"""A program that is cut off at one of its changes to files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

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
