"""Whatever a principal publishes is checks or faults, and never a crash."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charm.sources.monitors.kinds import KINDS
from charm.sources.monitors.requested import find

from .test_monitors import put

TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 70000) | st.text(max_size=8),
    lambda inner: st.dictionaries(
        st.sampled_from([*'abc', *(word.partition('.')[2] for word in KINDS), 'port', 'min']),
        inner,
        max_size=3,
    ),
)


@pytest.mark.slow
@settings(deadline=None, max_examples=100)
@given(st.dictionaries(st.sampled_from(['local', 'remote', 'x']), TREES, max_size=3))
def test_any_monitors_are_checks_or_faults(
    tmp_path_factory: pytest.TempPathFactory, monitors: Any
) -> None:
    directory = tmp_path_factory.mktemp('monitors.d')
    put(directory, json.dumps({'monitors': monitors}))
    found = find('web/0', (), directory)
    for spec in found.specs:
        assert spec.name.startswith('monitors-')
    for fault in found.faults:
        assert fault.reason


LITERALS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.floats()
    | st.text(max_size=4)
    | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.tuples(inner)
        | st.dictionaries(st.integers() | st.none() | st.sampled_from(['tcp', 'port']), inner)
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=100)
@given(st.dictionaries(st.sampled_from(['local', 'remote', 7, None]), LITERALS, max_size=3))
def test_whatever_python_prints_is_checks_or_faults(
    tmp_path_factory: pytest.TempPathFactory, monitors: Any
) -> None:
    directory = tmp_path_factory.mktemp('monitors.d')
    put(directory, repr({'monitors': monitors}))
    found = find('web/0', (), directory)
    assert all(fault.reason for fault in found.faults)
