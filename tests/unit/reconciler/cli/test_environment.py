"""What cron, systemd and `env -i` leave out is made whole; what is set stays."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli.environment import complete
from tests.support.command_line import COMMAND
from tests.support.patience import PATIENCE
from tests.support.tree import ROOT

PLACES = ['/snap/bin', '/usr/local/bin', '/usr/bin', '/bin']
PATHS = st.lists(st.sampled_from([*PLACES, '/opt/bin', '/sbin', '.']), unique=True)
HOME = pwd.getpwuid(os.getuid()).pw_dir


@given(named=PATHS)
def test_directories_are_added_at_the_end_and_once(named: list[str]) -> None:
    environment = {'PATH': ':'.join(named), 'HOME': '/elsewhere'}
    complete(environment, '/opt/jh/bin/reconcile-health')
    found = environment['PATH'].split(':')
    assert found[: len(named)] == named
    assert set(found) == {*named, *PLACES, '/opt/jh/bin'}
    assert len(found) == len(set(found))
    assert environment['HOME'] == '/elsewhere'
    before = dict(environment)
    complete(environment, '/opt/jh/bin/reconcile-health')
    assert environment == before


def test_of_a_bare_one_there_is_a_home_and_a_path() -> None:
    environment: dict[str, str] = {}
    complete(environment, 'reconcile-health')
    assert environment == {'HOME': HOME, 'PATH': ':'.join(PLACES)}


@pytest.mark.slow
def test_with_env_i_a_sweep_finds_what_it_needs_and_writes_utf_8(tmp_path: Path) -> None:
    told = tmp_path / 'told'
    juju = tmp_path / 'bin' / 'juju'
    juju.parent.mkdir()
    juju.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$HOME" "$PATH" > {told}\n'
        'echo \'{"model": {"name": "prod"}, "machines": {}, "applications": '
        '{"m\\u00fc": {"units": {}}}}\'\n'
    )
    juju.chmod(0o755)
    # Only so that it is this code which runs.
    done = subprocess.run(
        [
            *('/usr/bin/env', '-i', f'PYTHONPATH={ROOT}', f'XDG_STATE_HOME={tmp_path}'),
            *(COMMAND, 'sweep', '--juju', str(juju), '--only-one', '--format', 'markdown'),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert b'Traceback' not in done.stderr
    home, path = told.read_text().splitlines()
    assert home == HOME
    assert path.split(':') == [*PLACES, str(Path(COMMAND).parent)]
    assert done.stdout.decode('utf-8')
    locks = [one.name for one in (tmp_path / 'juju-health/sweeps').iterdir()]
    assert locks == ['model%3A.lock']


@pytest.mark.slow
def test_with_env_i_the_state_is_in_the_home_of_the_password_database() -> None:
    code = (
        'from reconciler.values.paths import state_directory; import os\n'
        'from reconciler.cli.environment import complete\n'
        'complete(os.environ, "x"); print(state_directory(), "\\u2514")'
    )
    done = subprocess.run(
        ['/usr/bin/env', '-i', sys.executable, '-c', code],
        cwd=ROOT,
        capture_output=True,
        timeout=PATIENCE,
        check=True,
    )
    assert done.stdout.decode('utf-8') == f'{HOME}/.local/state/juju-health └\n'
