"""Machines with a Python and without: both frame the same, in ways of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.far_machine import Machine


@pytest.fixture(params=['framer', 'shell'])
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Machine:
    return Machine(tmp_path, python=request.param == 'framer')
