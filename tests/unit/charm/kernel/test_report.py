"""Health is ordered, and the worst of nothing is unknown."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.kernel.report import Health, worst
from tests.support.strategies import HEALTHS


def test_the_order_is_passed_warn_unknown_fail() -> None:
    assert sorted(Health, key=lambda health: health.rank) == [
        Health.PASSED,
        Health.WARN,
        Health.UNKNOWN,
        Health.FAIL,
    ]


def test_the_worst_of_nothing_is_unknown() -> None:
    assert worst([]) is Health.UNKNOWN


@given(st.lists(HEALTHS, min_size=1), st.randoms())
def test_the_worst_does_not_depend_on_the_order(healths: list[Health], random: Random) -> None:
    shuffled = list(healths)
    random.shuffle(shuffled)
    assert worst(shuffled) is worst(healths)


@given(st.lists(HEALTHS, min_size=1), st.lists(HEALTHS, min_size=1))
def test_the_worst_of_parts_is_the_worst_of_all(left: list[Health], right: list[Health]) -> None:
    assert worst([worst(left), worst(right)]) is worst(left + right)


@given(st.lists(HEALTHS, min_size=1))
def test_adding_a_pass_never_worsens(healths: list[Health]) -> None:
    assert worst([*healths, Health.PASSED]) is worst(healths)


def test_pass_reads_as_passed() -> None:
    assert Health.parse('pass') is Health.PASSED


def test_another_word_is_not_a_health() -> None:
    with pytest.raises(ValueError, match='grean'):
        Health.parse('grean')
