"""A unit of the built charm, for the tests of its hooks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.local_unit import LocalUnit


@pytest.fixture
def unit(tmp_path: Path) -> LocalUnit:
    return LocalUnit(tmp_path / 'root')
