"""Our globs are those of `fnmatch`, without its endless cases."""

from __future__ import annotations

import fnmatch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from charm.kernel.globs import matches

TEXTS = st.text(alphabet='ab-]\n', max_size=8)
GLOBS = st.lists(
    st.sampled_from(['a', 'b', '-', '*', '?', '[ab]', '[!a]', '[]a]', '[!]]', '[a-b]', '[', ']']),
    max_size=8,
).map(''.join)


@given(TEXTS, GLOBS)
@example('', '*')
@example('a', '[')
@example('aab', '*ab')
@example('ab', 'a*[!b]')
@example('a[b', 'a[[]b')
def test_they_match_what_fnmatch_matches(text: str, glob: str) -> None:
    assert matches(text, glob) is fnmatch.fnmatchcase(text, glob)


@pytest.mark.parametrize('glob', ['*-' * 30 + 'x', '*a' * 30 + '*-?x', '*[!x]' * 30 + 'x'])
def test_a_hostile_text_is_answered_at_once(glob: str) -> None:
    assert not matches('-' * 2000, glob)
    assert not matches('a-' * 1000, glob)
