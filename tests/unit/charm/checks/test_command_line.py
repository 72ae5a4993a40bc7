"""Command lines are split as a shell would, in one place, if they are not too long for that."""

from __future__ import annotations

import pytest

from charm.checks.command_line import LONGEST, split
from tests.support.tree import ROOT


def test_a_line_is_split_as_by_a_shell() -> None:
    assert split("check_x -a 'b c' d\\ e") == ['check_x', '-a', 'b c', 'd e']


def test_the_longest_line_is_split_and_a_longer_one_refused() -> None:
    assert split('a' * LONGEST) == ['a' * LONGEST]
    with pytest.raises(ValueError, match=f'{LONGEST + 1} characters, the limit is {LONGEST}'):
        split('a' * (LONGEST + 1))


def test_no_other_module_of_the_unit_side_splits_by_itself() -> None:
    using = [path.name for path in (ROOT / 'charm').rglob('*.py') if 'shlex.s' in path.read_text()]
    assert using == ['command_line.py']
