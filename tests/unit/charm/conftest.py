"""Fixtures of the charm's hooks: one built charm, and a unit of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.charmed.archive import discard

from .local import LocalUnit


@pytest.fixture(scope='session', autouse=True)
def _archive() -> Iterator[None]:
    yield
    discard()


@pytest.fixture
def unit(tmp_path: Path) -> LocalUnit:
    return LocalUnit(tmp_path / 'root')
