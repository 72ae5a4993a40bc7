"""Text from elsewhere moves no cursor, forges no line and reorders nothing, on either side."""

from __future__ import annotations

from unicodedata import bidirectional, category

from hypothesis import given
from hypothesis import strategies as st

from charm.kernel.safe_text import clean

HOSTILE = st.text(
    st.characters() | st.sampled_from('\x1b\x7f\x85\u061c\u200f\u2028\u202e\u2066\ud800')
)
REORDERING = {'LRE', 'RLE', 'LRO', 'RLO', 'PDF', 'LRI', 'RLI', 'FSI', 'PDI'}


@given(HOSTILE)
def test_what_is_clean_is_one_line_that_stays_so(text: str) -> None:
    line = clean(text)
    assert {category(character) for character in line}.isdisjoint({'Cc', 'Cs', 'Zl', 'Zp'})
    assert {bidirectional(character) for character in line}.isdisjoint(REORDERING)
    assert len(line.splitlines()) <= 1
    assert clean(line) == line


@given(HOSTILE, st.integers(1, 20))
def test_no_more_than_the_limit_is_kept_and_a_cut_is_shown(text: str, limit: int) -> None:
    line = clean(text, limit)
    assert len(line) <= limit
    assert line == clean(text) or (line[-1] == '…' and clean(text).startswith(line[:-1]))


def test_half_a_pair_can_be_written() -> None:
    assert clean('half \ud800 a pair').encode() == b'half a pair'
