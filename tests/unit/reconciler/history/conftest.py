"""Fixtures: a history that is empty yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.history.database import Database
from tests.support.recorded import Sweeps


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(f'sqlite:///{tmp_path}/history/history.db')


@pytest.fixture
def sweeps(database: Database) -> Sweeps:
    return Sweeps(database)
