"""Fixtures: a receiver that serves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.tls import Certificates

from .served import Running, serving


@pytest.fixture
def receiver(tmp_path: Path, certificates: Certificates) -> Iterator[Running]:
    with serving(tmp_path, certificates) as running:
        yield running
