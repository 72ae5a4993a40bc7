"""Where state is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.values.paths import state_directory


@pytest.mark.parametrize(
    ('named', 'expected'),
    [
        ('/srv/state', '/srv/state/juju-health'),
        ('', '/home/ann/.local/state/juju-health'),
        ('relative/path', '/home/ann/.local/state/juju-health'),
    ],
)
def test_state_is_kept_where_the_xdg_specification_says(
    monkeypatch: pytest.MonkeyPatch, named: str, expected: str
) -> None:
    monkeypatch.setenv('HOME', '/home/ann')
    monkeypatch.setenv('XDG_STATE_HOME', named)
    assert state_directory() == Path(expected)
