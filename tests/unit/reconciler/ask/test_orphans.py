"""What removed units left is found by a real shell, and never where that cannot be told."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from charm.kernel.paths import Place
from reconciler.ask import orphans

NONCE = '0123456789abcdef'
SHELLS = [shell for shell in ('dash', 'bash', 'busybox') if shutil.which(shell)]


def ask(root: Path, *login: str) -> tuple[str, ...]:
    code, agents = (shlex.quote(str(root / name)) for name in ('code', 'agents'))
    script = f'N={NONCE}\n{orphans.look(code, agents)}\n'
    done = subprocess.run([*(login or ('sh',)), '-c', script], capture_output=True)
    assert done.stderr == b''
    return orphans.read(done.stdout, NONCE)


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    for name in ('unit-juju-health-0', 'unit-a-b-12', 'else'):
        (tmp_path / 'code' / name).mkdir(parents=True)
    for name in ('machine-3', 'unit-juju-health-0'):
        (tmp_path / 'agents' / name).mkdir(parents=True)
    return tmp_path


@pytest.mark.parametrize('shell', SHELLS)
def test_a_unit_without_a_directory_of_its_agent_is_one(machine: Path, shell: str) -> None:
    login = ['busybox', 'sh'] if shell == 'busybox' else [shell]
    assert ask(machine, *login) == ('a-b/12',)


def test_where_juju_never_was_or_cannot_be_looked_at_there_is_none(machine: Path) -> None:
    (machine / 'agents').rename(machine / 'away')
    assert ask(machine) == ()
    shutil.rmtree(machine / 'code')
    (machine / 'away').rename(machine / 'agents')
    assert ask(machine) == ()


def test_an_empty_directory_where_a_disk_belongs_is_no_removal(machine: Path) -> None:
    (machine / 'agents').rename(machine / 'away')
    (machine / 'agents').mkdir()
    assert ask(machine) == ()


def test_names_that_are_none_and_what_was_cut_off_are_left_out() -> None:
    said = (
        f'{NONCE} - g unit-x-0; reboot\n{NONCE} - g unit-\xff-0\nmotd {NONCE} - g unit-ok-1\n'
        f'{NONCE} - g unit-ok-1\n{NONCE} - g unit-half-1'
    )
    assert orphans.read(said.encode(), NONCE) == ('ok/1',)


def test_it_looks_where_the_charm_puts_things() -> None:
    assert (Path(orphans.CODE), Path(orphans.AGENTS)) == (Place().code, Place().agents)
