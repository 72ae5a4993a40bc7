"""Words for people are short."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.values.words import duration_text, fold_units, natural_order


@pytest.mark.parametrize(
    ('seconds', 'text'),
    [
        (None, '-'),
        (0, '0s'),
        (0.4, '0s'),
        (59.6, '1m'),
        (90, '1m30s'),
        (3600, '1h'),
        (3725, '1h2m'),
        (100_000, '1d3h'),
        (86400 * 400, '400d'),
        (86400 * 99_999 - 1, '99998d23h'),
        (86400 * 99_999, 'over 99999d'),
        (1e308, 'over 99999d'),
        (float('inf'), 'over 99999d'),
        (float('nan'), 'over 99999d'),
        (-1e308, '0s'),
        (float('-inf'), '0s'),
    ],
)
def test_durations_have_two_parts_at_most(seconds: float | None, text: str) -> None:
    assert duration_text(seconds) == text


def test_unit_names_fold() -> None:
    names = ['web/0', 'web/1', 'web/2', 'web/7', 'db-x/1', 'odd', 'web/²', 'web/' + '9' * 5000]
    assert fold_units(names) == f'web/0-2,7 db-x/1 odd web/² web/{"9" * 5000}'
    assert fold_units([]) == ''


def test_names_are_ordered_as_people_count() -> None:
    names = ['web-10', 'web', 'machine 10', 'machine 9/lxd/1', 'web-9', 'machine 9', 'web-09']
    assert sorted(names, key=natural_order) == [
        *('machine 9', 'machine 9/lxd/1', 'machine 10', 'web', 'web-09', 'web-9', 'web-10'),
    ]


@given(st.text('0129a/ ', max_size=6), st.text('0129a/ ', max_size=6))
def test_no_two_names_are_equal_in_order(one: str, other: str) -> None:
    assert (natural_order(one) == natural_order(other)) == (one == other)


def test_a_number_of_any_length_can_be_ordered() -> None:
    assert natural_order('x' + '9' * 10_000) > natural_order('x10')
