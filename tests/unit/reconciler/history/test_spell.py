"""When a pause is a gap."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.history.spell import Spell, follow

MINUTE = 60_000


def spells(*pauses: int, longest: int | None = None) -> list[Spell]:
    """Return the spells of sweeps with these pauses between them, in minutes."""
    at, found = 0, [follow(None, 0, longest)]
    for pause in pauses:
        at += pause * MINUTE
        after = follow(found[-1], at, longest)
        if after.since == found[-1].since:
            found.pop()
        found.append(after)
    return found


@pytest.mark.parametrize(
    ('pauses', 'count'),
    [
        ([5] * 10, 1),
        ([5, 5, 15], 1),  # Two in a row were lost.
        ([5, 5, 16], 2),
        ([60], 1),
        ([61], 2),
        ([60, 60, 61], 2),  # Nobody knows what was within a longer hour.
        ([1, 1, 3, 1], 1),
        ([1, 1, 4], 2),
        ([30, 0, 1, 0, 30], 1),  # By hand, beside a timer.
    ],
)
def test_three_usual_pauses_are_no_gap(pauses: list[int], count: int) -> None:
    assert len(spells(*pauses)) == count


def test_the_operator_may_say_what_is_one() -> None:
    assert len(spells(5, 5, 90, longest=90 * MINUTE)) == 1
    assert len(spells(5, 5, 6, longest=5 * MINUTE)) == 2


@given(st.lists(st.integers(0, 200), max_size=30))
def test_every_sweep_is_in_one_spell_and_they_follow_each_other(pauses: list[int]) -> None:
    found = spells(*pauses)
    assert sum(one.sweeps for one in found) == len(pauses) + 1
    assert found[-1].until == sum(pauses) * MINUTE
    for one, after in zip(found, found[1:], strict=False):
        assert one.since <= one.until < after.since
