"""Fixtures of the agent: one as a process, and a receiver for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.tls import Certificates

from .agents import Agent, Receiver


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    one = Agent(tmp_path / 'agent')
    yield one
    one.close()


@pytest.fixture
def receiver(tmp_path: Path, certificates: Certificates) -> Iterator[Receiver]:
    one = Receiver(tmp_path / 'inbox', certificates)
    yield one
    one.stop()
