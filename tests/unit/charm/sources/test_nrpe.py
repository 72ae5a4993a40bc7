"""NRPE's commands are run as NRPE runs them, and tell no secrets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from charm.kernel.errors import CheckError
from charm.kernel.report import Health
from charm.sources.account import Account
from charm.sources.nrpe.commands import NrpeCommand, find
from charm.sources.nrpe.secrets import MOST
from tests.support.checking import program, run

root_only = pytest.mark.skipif(os.geteuid() != 0, reason='only root can become another user')


@pytest.fixture
def nagios(tmp_path: Path) -> Path:
    (tmp_path / 'nrpe.d').mkdir()
    return tmp_path


def test_each_command_becomes_a_check_of_its_name(nagios: Path) -> None:
    (nagios / 'nrpe.cfg').write_text('command_timeout=40\ncommand_prefix=/usr/bin/nice -n 5\n')
    (nagios / 'nrpe.d' / 'a.cfg').write_text(
        'command[check_JIMM]=/bin/true\ncommand[check swap!]=/bin/false\n'
    )
    found = find(nagios / 'nrpe.cfg', nagios / 'nrpe.d', 'no-such-user')
    assert [(spec.name, spec.timeout_seconds) for spec in found.specs] == [
        ('nrpe-check-swap', 40.0),
        ('nrpe-check_jimm', 40.0),
    ]
    assert found.specs[0].source == str(nagios / 'nrpe.d' / 'a.cfg')
    check = found.specs[1].check
    assert isinstance(check, NrpeCommand)
    assert check.line == '/usr/bin/nice -n 5 /bin/true'


@pytest.mark.parametrize(
    ('exit_code', 'health'),
    [
        (0, Health.PASSED),
        (1, Health.WARN),
        (2, Health.FAIL),
        (3, Health.UNKNOWN),
        (7, Health.UNKNOWN),
    ],
)
def test_the_plugin_s_word_is_taken(tmp_path: Path, exit_code: int, health: Health) -> None:
    plugin = program(tmp_path, f'echo "SO IT IS | a=1"; exit {exit_code}')
    verdict = run(NrpeCommand(f'{plugin} -w 1'))
    assert verdict.health is health
    assert verdict.message.startswith('SO IT IS')
    assert verdict.data['perfdata'] == {'a': {'value': 1.0, 'unit': ''}}
    assert verdict.data['command'] == f'{plugin} -w 1'


def test_a_line_for_a_shell_gets_one_and_another_does_not(tmp_path: Path) -> None:
    words = program(tmp_path, 'for word; do printf "[%s]" "$word"; done; echo')
    assert run(NrpeCommand(f"{words} 'a b' c")).message == '[a b][c]'
    assert run(NrpeCommand(f'{words} x | tr x y')).message == '[y]'
    assert run(NrpeCommand(f'A=1; {words} $A')).message == '[1]'


def test_a_secret_shows_nowhere(tmp_path: Path) -> None:
    plugin = program(tmp_path, 'echo "cannot log in with $2 | \'$2\'=1"; exit 2', 'check_mysql')
    verdict = run(NrpeCommand(f"{plugin} -p 's3 cret'"))
    assert verdict.health is Health.FAIL
    assert 's3 cret' not in repr(verdict)
    assert verdict.message == 'cannot log in with ***'
    assert verdict.data['command'] == f'{plugin} -p ***'


def test_a_secret_of_what_cannot_be_run_shows_nowhere_either() -> None:
    with pytest.raises(CheckError) as caught:
        run(NrpeCommand('/nonexistent/s3cret --password s3cret'))
    assert 's3cret' not in str(caught.value)
    with pytest.raises(CheckError) as caught:
        run(NrpeCommand('check_mysql -p s3cret -H $ARG1$'))
    assert 's3cret' not in str(caught.value)
    assert 'waits for arguments of a Nagios server' in str(caught.value)


def test_a_plugin_that_overruns_is_unknown(tmp_path: Path) -> None:
    plugin = program(tmp_path, 'exec sleep 60')
    with pytest.raises(CheckError, match=f'{plugin} did not end in time'):
        run(NrpeCommand(plugin), seconds=0.3)


@root_only
def test_a_command_runs_as_whom_nrpe_would_use(tmp_path: Path) -> None:
    nobody = Account.usable('nobody')
    assert nobody is not None
    verdict = run(NrpeCommand('/bin/sh -c "id -un; echo $USER $HOME; pwd"', nobody))
    assert verdict.message == 'nobody'
    assert verdict.data['run_as'] == 'nobody'
    assert run(NrpeCommand('id -G', nobody)).message == str(nobody.gid)


@root_only
def test_a_missing_plugin_is_named_and_not_who_changes_the_user() -> None:
    nobody = Account.usable('nobody')
    verdict = run(NrpeCommand('/nonexistent/check_x', nobody))
    assert verdict.health is Health.UNKNOWN
    assert '/nonexistent/check_x' in verdict.message
    with pytest.raises(CheckError) as caught:
        run(NrpeCommand('/nonexistent/check_x', nobody, setpriv='/nonexistent/setpriv'))
    assert 'setpriv' not in str(caught.value)


def test_more_secrets_than_anyone_has_are_not_looked_for() -> None:
    line = '/bin/true ' + ' '.join(f'--password {number}' for number in range(MOST + 1))
    with pytest.raises(CheckError, match='cannot hide 101 secrets, the limit is 100'):
        run(NrpeCommand(line))
