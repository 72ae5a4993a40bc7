"""How a run goes on: it grows with flips, and no single look makes one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.kernel.report import Health
from reconciler.history.looks import Look
from reconciler.history.settle import OpenRun, begin, follow

HEALTHS = st.sampled_from(Health)
LOOKS = st.builds(Look, HEALTHS, state=st.sampled_from(['', 'up', 'blocked']))


def walked(looks: list[Look], wanted: int = 2) -> list[OpenRun]:
    """Return the run after each look, at 0, 1, 2 and so on; a new one gets an id of its own."""
    found: list[OpenRun] = []
    for at, look in enumerate(looks):
        after = follow(found[-1], look, at, wanted) if found else begin(look, at, wanted)
        found.append(after if after.id else replace(after, id=at + 1))
    return found


def test_ten_thousand_looks_that_are_all_well_are_one_run() -> None:
    found = walked([Look(Health.PASSED)] * 10_000)
    assert len({run.id for run in found}) == 1
    assert found[-1] == found[0]


@pytest.mark.parametrize('bad', [Health.WARN, Health.UNKNOWN, Health.FAIL])
def test_one_bad_look_settles_nothing_and_two_do(bad: Health) -> None:
    well, one = Look(Health.PASSED), Look(bad)
    assert {run.settled for run in walked([well, one, well, one, well])} == {Health.PASSED}
    last = walked([well, well, one, one])[-1]
    assert last.settled is bad


def test_a_flip_is_dated_back_to_the_first_look_that_differed() -> None:
    well, warn, fail = Look(Health.PASSED), Look(Health.WARN), Look(Health.FAIL)
    before = walked([well, well, warn])[-1]
    assert (before.settled, before.doubted) == (Health.PASSED, 2)
    # The second need not be the same: it is not well any more.
    assert walked([well, well, warn, fail])[-1].settled is Health.FAIL


@pytest.mark.parametrize('health', list(Health))
def test_what_is_bad_at_the_first_look_is_not_settled(health: Health) -> None:
    first = begin(Look(health), 0, 2)
    good = health in (Health.PASSED, Health.UNKNOWN)
    assert first.settled is (health if good else Health.UNKNOWN)
    assert begin(Look(health), 0, 1).settled is health


@given(st.lists(LOOKS, min_size=1, max_size=40), st.integers(1, 4))
def test_runs_begin_where_a_look_differs_and_nowhere_else(looks: list[Look], wanted: int) -> None:
    found = walked(looks, wanted)
    for (one, after), (before, now) in zip(
        zip(found, found[1:], strict=False), zip(looks, looks[1:], strict=False), strict=True
    ):
        assert (one.id == after.id) == (before == now)


@given(st.lists(LOOKS, min_size=1, max_size=40), st.integers(1, 4))
def test_what_settles_was_seen_so_often_in_a_row(looks: list[Look], wanted: int) -> None:
    found = walked(looks, wanted)
    for at in range(1, len(looks)):
        before, after = found[at - 1].settled, found[at].settled
        if before is not after:
            assert after is looks[at].health
            assert all(
                look.health is not before for look in looks[max(at - wanted + 1, 0) : at + 1]
            )
            assert at - wanted + 1 >= 0 or before is Health.UNKNOWN


@given(st.lists(HEALTHS, min_size=1, max_size=20), st.integers(1, 4), HEALTHS)
def test_what_stays_so_settles(healths: list[Health], wanted: int, last: Health) -> None:
    found = walked([*map(Look, healths), *[Look(last)] * wanted], wanted)
    assert found[-1].settled is last
    assert (found[-1].looks, found[-1].doubted) == (0, None)
