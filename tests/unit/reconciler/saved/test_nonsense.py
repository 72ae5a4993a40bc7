"""Nonsense in a saved sweep is refused, and never crashes its reader."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.saved.sweep_document import decode, to_document
from reconciler.values.errors import SavedError
from tests.support.documents import broken, document
from tests.support.strategies import (
    JSON_VALUES,
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each container in the value with each of its keys."""
    keys = value if isinstance(value, dict) else range(len(value))
    for key in list(keys):
        yield value, key
        if isinstance(value[key], (dict, list)):
            yield from places(value[key])


@pytest.mark.slow
@settings(deadline=None)
@given(st.integers(0), JSON_VALUES)
def test_nonsense_anywhere_is_refused_or_read_as_what_can_be_saved_again(
    number: int, value: Any
) -> None:
    refuse_or_keep(document(), number, value)


# Finer than is kept, of another zone, empty: what is likeliest to be read as one thing and written
# as another.
ODD: tuple[object, ...] = (0.0625, 1e300, 7, True, None, '', 'x', [], {})
ODD_TIMES = ('2026-11-23T09:00:00.1234567Z', '2026-11-23T10:00:00+01:00', '0001-01-01T00:00:00Z')


@pytest.mark.slow
@pytest.mark.parametrize('value', [*ODD, *ODD_TIMES])
def test_what_is_odd_is_so_wherever_it_stands(value: object) -> None:
    text = json.dumps(document())
    for number in range(len(list(places(json.loads(text))))):
        refuse_or_keep(json.loads(text), number, value)


def refuse_or_keep(found: Any, number: int, value: object) -> None:
    """See that a document with the value in one of its places can be saved again, if read."""
    everywhere = list(places(found))
    container, key = everywhere[number % len(everywhere)]
    container[key] = value
    try:
        snapshot = decode(json.dumps(found).encode())
    except SavedError:
        return
    again = decode(json.dumps(to_document(snapshot), allow_nan=False).encode())
    assert again == snapshot, (key, value)


def test_a_report_without_a_bottom_is_refused() -> None:
    deep = 2 * sys.getrecursionlimit()
    change = broken(lambda d: d['services'][0]['units'][0]['report'].update(rollup={'a': 7}))
    bottomless = change.replace(b'{"a": 7}', b'{"a": ' * deep + b'7' + b'}' * deep)
    assert bottomless != change
    with pytest.raises(SavedError, match='recursion'):
        decode(bottomless)
