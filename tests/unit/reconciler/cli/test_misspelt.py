"""A first word that was meant as a command: refused before anything is asked, and only then."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli.main import COMMANDS
from reconciler.cli.misspelt import command_meant
from tests.support.command_line import run

LONG = [name for name in COMMANDS if len(name) > 4]


@pytest.mark.parametrize(
    ('word', 'meant'),
    [
        *[('explian', 'explain'), ('explan', 'explain'), ('exxplain', 'explain')],
        *[('docter', 'doctor'), ('maintian', 'maintain'), ('suppression', 'suppressions')],
        *[('xplain', 'explain'), ('sweepp', ''), ('receiver', ''), ('configs', '')],
        *[('mysql', ''), ('rum', ''), ('web', ''), ('e*plain', ''), ('expl4in', ''), ('', '')],
    ],
)
def test_one_slip_is_seen_and_no_name_is_taken_for_one(word: str, meant: str) -> None:
    assert command_meant(word, COMMANDS) == meant


@given(st.sampled_from(LONG), st.data())
def test_any_one_slip_in_a_command_is_seen(name: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(name) - 2))
    letter = data.draw(st.sampled_from(string.ascii_lowercase))
    slips = (
        name[:at] + name[at + 1] + name[at] + name[at + 2 :],
        name[:at] + letter + name[at + 1 :],
        name[:at] + letter + name[at:],
        name[:at] + name[at + 1 :],
    )
    for word in slips:
        assert command_meant(word, COMMANDS) == ('' if word.startswith(name) else name)


@pytest.mark.slow
def test_nothing_is_asked_where_a_command_was_meant(tmp_path: Path) -> None:
    juju = tmp_path / 'juju'
    juju.write_text(f'#!/bin/sh\necho "$*" >> {tmp_path}/asked\nexit 1\n')
    juju.chmod(0o755)
    path = {'PATH': f'{tmp_path}:/usr/bin:/bin'}
    done = run('explian', 'web', environment=path)
    assert (done.returncode, done.stdout) == (3, b'')
    assert done.stderr.decode().splitlines() == [
        "reconcile-health: cannot run 'explian': did you mean explain?",
        '  if an application has that name: reconcile-health sweep explian web',
    ]
    assert not (tmp_path / 'asked').exists()
    run('sweep', 'explian', environment=path)
    assert (tmp_path / 'asked').read_text().startswith('status ')
