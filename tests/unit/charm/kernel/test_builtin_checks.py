"""The table of built-in checks: each row is a kind without options that one can look at."""

from __future__ import annotations

import re
import shlex

import pytest

from charm.checks.kinds import BUILT_IN, CHECKS
from charm.kernel.builtin_checks import BUILT_IN_CHECKS
from reconciler.causes.troubles import LOCAL_CHECKS, MACHINE_CHECKS


@pytest.mark.parametrize('name', BUILT_IN_CHECKS)
def test_every_row_is_of_a_kind_that_needs_no_options(name: str) -> None:
    assert type(CHECKS[name]()) is CHECKS[name]


@pytest.mark.parametrize('name', BUILT_IN)
def test_every_built_in_has_a_row_with_one_command_that_any_shell_takes(name: str) -> None:
    command = BUILT_IN_CHECKS[name].look_with
    assert shlex.join(shlex.split(command)) == command
    assert re.match('[a-z]', command)


def test_who_explains_troubles_knows_every_built_in() -> None:
    assert set(BUILT_IN) == MACHINE_CHECKS
    assert {'failed-units', 'update-status'} == MACHINE_CHECKS - LOCAL_CHECKS
