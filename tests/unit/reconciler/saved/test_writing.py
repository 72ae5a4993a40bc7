"""A saved sweep as text: whatever units said, it is printable ASCII, and means the same."""

from __future__ import annotations

import json
import string
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.saved.writing import Opened, json_pieces

PRINTABLE = set(string.printable) - set('\t\r\x0b\x0c')
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    # Half of a surrogate pair is something that a unit can say too.
    | st.text(st.characters(exclude_categories=()), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), VALUES, max_size=4))
@example({'\x7f': '\x7f\x1b\n'})
@example({'half': '\ud800', 'large': 2**70, 'small': 1e-7})
def test_a_document_is_printable_and_means_the_same(document: dict[str, Any]) -> None:
    text = ''.join(json_pieces(document))
    assert set(text) <= PRINTABLE
    assert json.loads(text) == document


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=3), st.booleans())
def test_in_pieces_it_is_the_same(items: dict[str, Any], named: bool) -> None:
    one = {name: {'told': value} for name, value in items.items()}

    def opened() -> Opened:
        return Opened({'head': 1}, 'units', iter(one.items()), named)

    assert json.loads(''.join(json_pieces(opened()))) == opened().whole()
