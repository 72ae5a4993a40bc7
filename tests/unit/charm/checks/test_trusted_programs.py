"""Root runs no program that somebody else may have written, or put where it is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from charm.checks.conversion import Command
from charm.checks.kinds.nagios_plugin import NagiosPlugin
from charm.checks.kinds.script import Script
from charm.checks.trusted_programs import refuse_untrusted
from charm.kernel.errors import CheckError
from charm.sources.account import Account
from charm.sources.nrpe.commands import NrpeCommand
from tests.support.checking import program, run

root_only = pytest.mark.skipif(os.geteuid() != 0, reason='only root refuses others')
GOOD = 'echo \'{"health": "passed", "message": "well"}\''


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Three directories deep, all of them ours."""
    inner = tmp_path / 'opt' / 'checks'
    inner.mkdir(parents=True)
    return inner


@pytest.mark.parametrize('mode', [0o755, 0o700, 0o511])
def test_what_only_we_may_write_is_run(place: Path, mode: int) -> None:
    path = Path(program(place, GOOD))
    path.chmod(mode)
    refuse_untrusted(path)
    refuse_untrusted(Path('/bin/sh'))


@pytest.mark.parametrize(
    ('above', 'mode', 'said'),
    [
        ('opt/checks/program', 0o775, r'others may write it \(mode 0775\); run chmod go-w on it'),
        ('opt/checks', 0o777, r'others may write .*/opt/checks \(mode 0777\); run chmod go-w'),
        ('opt', 0o770, r'others may write .*/opt \(mode 0770\)'),
        ('opt', 0o1777, r'others may write .*/opt \(mode 1777\); keep the program where only'),
    ],
)
def test_who_may_write_it_or_a_directory_above_it_may_choose_what_runs(
    place: Path, above: str, mode: int, said: str
) -> None:
    path = Path(program(place, GOOD))
    (place.parents[1] / above).chmod(mode)
    with pytest.raises(CheckError, match=said):
        refuse_untrusted(path)


def test_a_link_is_as_safe_as_every_directory_that_it_leads_through(place: Path) -> None:
    path = Path(program(place, GOOD))
    loose = place.parents[1] / 'loose'
    loose.mkdir()
    (loose / 'hop').symlink_to(place)
    ours = place.parent / 'link'
    ours.symlink_to('../loose/hop/program')
    refuse_untrusted(ours)
    loose.chmod(0o777)
    with pytest.raises(CheckError, match=r'others may write .*/loose '):
        refuse_untrusted(ours)
    refuse_untrusted(path)


def test_what_is_not_a_program_is_said(place: Path) -> None:
    (place / 'loop').symlink_to('loop')
    with pytest.raises(CheckError, match='not an executable file'):
        refuse_untrusted(place)
    with pytest.raises(CheckError, match='No such file'):
        refuse_untrusted(place / 'none')
    with pytest.raises(CheckError, match='symbolic links'):
        refuse_untrusted(place / 'loop')


@root_only
def test_another_user_s_directory_is_no_place_for_root_s_programs(place: Path) -> None:
    path = Path(program(place, GOOD))
    os.chown(place, 65534, -1)
    with pytest.raises(CheckError, match=r'user 65534 owns .*/opt/checks; root has to'):
        refuse_untrusted(path)


@root_only
@pytest.mark.parametrize(
    'kind',
    [
        lambda path: Script(Command((path,))),
        lambda path: NagiosPlugin(Command((path, '-w', '1'))),
        lambda path: NagiosPlugin(Command(('program',)), directories=(Path(path).parent,)),
        lambda path: NrpeCommand(f'{path} -w 1'),
        lambda path: NrpeCommand(f'{path} -w 1 | cat'),
        lambda path: Script(Command((path[1:],))),
    ],
)
def test_as_root_no_kind_of_check_runs_what_others_may_write(place: Path, kind: Any) -> None:
    path = Path(program(place, f'touch {place}/ran; {GOOD}'))
    path.chmod(0o777)
    with pytest.raises(CheckError, match='others may write it'):
        run(kind(str(path)))
    assert not (place / 'ran').exists()
    path.chmod(0o755)
    run(kind(str(path)))
    assert (place / 'ran').exists()


@root_only
def test_who_only_another_user_runs_is_left_to_nrpe_s_own_rules(tmp_path: Path) -> None:
    account = Account('nobody', 65534, 65534)
    # It cannot be reached by that user, which shows that it was tried.
    path = program(tmp_path, GOOD)
    Path(path).chmod(0o777)
    assert 'others may write' not in run(NrpeCommand(path, account)).message
