"""NRPE's configuration is read as NRPE reads it, if those who may write it may run it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from charm.sources.account import Account
from charm.sources.nrpe.files import Configuration, read

root_only = pytest.mark.skipif(os.geteuid() != 0, reason='only root can give files away')


@pytest.fixture
def nagios(tmp_path: Path) -> Path:
    (tmp_path / 'nrpe.d').mkdir()
    return tmp_path


def configuration(nagios: Path, account: Account | None = None) -> Configuration:
    return read(nagios / 'nrpe.cfg', nagios / 'nrpe.d', account)


def lines(found: Configuration) -> dict[str, str]:
    return {name: line for name, (line, _source) in found.commands.items()}


def test_where_nothing_is_there_is_nothing(tmp_path: Path) -> None:
    found = read(tmp_path / 'none', tmp_path / 'none.d', None)
    assert (found.commands, found.faults) == ({}, [])


def test_a_charm_s_file_is_read_though_nothing_includes_it(nagios: Path) -> None:
    # As charmhelpers writes it.
    (nagios / 'nrpe.d' / 'check_vault.cfg').write_text(
        '# check vault\n'
        '# The following header was added automatically by juju\n'
        '# Modifying it will affect nagios monitoring and alerting\n'
        '# servicegroups: juju\n'
        'command[check_vault]=/usr/local/lib/nagios/plugins/check_systemd.py vault\n'
    )
    (nagios / 'nrpe.d' / 'check_vault.cfg.dpkg-old').write_text('command[old]=/bin/false\n')
    found = configuration(nagios)
    assert found.faults == []
    assert lines(found) == {'check_vault': '/usr/local/lib/nagios/plugins/check_systemd.py vault'}


def test_includes_are_followed_and_a_later_line_wins(nagios: Path) -> None:
    (nagios / 'nrpe.cfg').write_text(
        'server_port=5666\nallowed_hosts=10.0.0.1\ncommand_timeout=30\n'
        'command_prefix=/usr/bin/nice\nnrpe_user=nagios\ndont_blame_nrpe=0\n'
        'command[a]=/bin/a old\n'
        f'include={nagios}/more.cfg\ninclude_dir={nagios}/deep\n'
    )
    (nagios / 'more.cfg').write_text('command[b]=/bin/b\ncommand[ c ] = /bin/c  \n')
    (nagios / 'deep' / 'er').mkdir(parents=True)
    (nagios / 'deep' / 'er' / 'd.cfg').write_text('command[d]=/bin/d\n')
    (nagios / 'nrpe.d' / 'a.cfg').write_text('command[a]=/bin/a new\n')
    found = configuration(nagios)
    assert lines(found) == {'a': '/bin/a new', 'b': '/bin/b', 'c': '/bin/c', 'd': '/bin/d'}
    assert (found.prefix, found.user, found.timeout_seconds) == ('/usr/bin/nice', 'nagios', 30.0)


def test_the_examples_of_nrpe_s_own_file_are_left_out_until_somebody_changes_them(
    nagios: Path,
) -> None:
    # Debian 12, nagios-nrpe-server 4.1.0-1.
    plugins = '/usr/lib/nagios/plugins'
    examples = (
        f'command[check_users]={plugins}/check_users -w 5 -c 10\n'
        f'command[check_load]={plugins}/check_load -r -w .15,.10,.05 -c .30,.25,.20\n'
        f'command[check_hda1]={plugins}/check_disk -w 20% -c 10% -p /dev/hda1\n'
        f'command[check_zombie_procs]={plugins}/check_procs -w 5 -c 10 -s Z\n'
        f'command[check_total_procs]={plugins}/check_procs -w 150 -c 200\n'
    )
    (nagios / 'nrpe.cfg').write_text(examples)
    assert configuration(nagios).commands == {}
    (nagios / 'nrpe.cfg').write_text(examples.replace('-w 150', '-w 300'))
    assert set(configuration(nagios).commands) == {'check_total_procs'}


def test_files_that_include_each_other_are_read_once(nagios: Path) -> None:
    (nagios / 'nrpe.cfg').write_text(f'include={nagios}/nrpe.cfg\ncommand[a]=/bin/a\n')
    (nagios / 'nrpe.d' / 'loop').symlink_to(nagios / 'nrpe.d')
    (nagios / 'nrpe.d' / 'b.cfg').write_text(f'include_dir={nagios}\ncommand[b]=/bin/b\n')
    assert lines(configuration(nagios)) == {'a': '/bin/a', 'b': '/bin/b'}


@pytest.mark.parametrize(
    ('line', 'said'),
    [
        # What charmhelpers writes where the plugin was missing as the charm was installed.
        ('command[check_x]=', 'check_x: no command'),
        ('command[]=/bin/x', 'a command without a name'),
        ('command[x=/bin/x', 'is not like command[name]'),
        ("command[x]=/bin/x 'y", 'x: no closing quotation'),
        ('command_timeout=soon', "'soon' is not a number of seconds"),
        ('command_timeout=0', "'0' is not a number"),
    ],
)
def test_a_bad_line_is_named_and_costs_no_other(nagios: Path, line: str, said: str) -> None:
    (nagios / 'nrpe.d' / 'a.cfg').write_text(f'command[a]=/bin/a\n{line}\ncommand[b]=/bin/b\n')
    found = configuration(nagios)
    assert set(found.commands) == {'a', 'b'}
    (fault,) = found.faults
    assert (fault.source, fault.key) == (str(nagios / 'nrpe.d' / 'a.cfg'), 'line 2')
    assert said in fault.reason


def test_what_everybody_may_write_is_refused(nagios: Path) -> None:
    path = nagios / 'nrpe.d' / 'a.cfg'
    path.write_text('command[a]=/bin/a\n')
    path.chmod(0o666)
    found = configuration(nagios)
    assert found.commands == {}
    assert 'chmod go-w' in found.faults[0].reason


@root_only
def test_whom_a_command_runs_as_may_write_it_and_nobody_else(nagios: Path) -> None:
    account = Account('nagios', 12345, 12346)
    path = nagios / 'nrpe.d' / 'a.cfg'
    path.write_text('command[a]=/bin/a\n')
    os.chown(path, 12345, 12346)
    path.chmod(0o664)
    assert lines(configuration(nagios, account)) == {'a': '/bin/a'}
    assert configuration(nagios).commands == {}
    os.chown(path, 54321, 12346)
    assert 'owned by user 54321' in configuration(nagios, account).faults[0].reason


@root_only
def test_only_root_says_whom_commands_run_as(nagios: Path) -> None:
    account = Account('nagios', 12345, 12346)
    path = nagios / 'nrpe.d' / 'a.cfg'
    path.write_text('nrpe_user=root\ncommand[a]=/bin/a\n')
    os.chown(path, 12345, 12346)
    assert configuration(nagios, account).user == ''


def test_a_pipe_or_a_huge_file_holds_nobody(nagios: Path) -> None:
    os.mkfifo(nagios / 'nrpe.d' / 'a.cfg', 0o600)
    (nagios / 'nrpe.d' / 'b.cfg').write_text('#' * 1_100_000)
    (nagios / 'nrpe.d' / 'c.cfg').write_text('command[c]=/bin/c\n')
    found = configuration(nagios)
    assert set(found.commands) == {'c'}
    assert [fault.reason for fault in found.faults] == [
        'it is not a regular file',
        'larger than 1048576 bytes',
    ]


def test_too_many_commands_are_cut_and_that_is_said(nagios: Path) -> None:
    (nagios / 'nrpe.d' / 'a.cfg').write_text(
        ''.join(f'command[c{number:04}]=/bin/true\n' for number in range(600))
    )
    found = configuration(nagios)
    assert len(found.commands) == 500
    assert '600 commands' in found.faults[0].reason


def test_we_become_nobody_that_is_root_or_not_there() -> None:
    assert Account.usable('no-such-user') is None
    assert Account.usable('root') is None
    nobody = Account.usable('nobody')
    assert (nobody is not None) is (os.geteuid() == 0)


@pytest.mark.parametrize(
    ('line', 'said'),
    [
        ('comand[x]=/bin/x', "'comand[x]' is no key of NRPE"),
        ('include_dirs=/etc', "is no key of NRPE; did you mean 'include_dir'?"),
        ('/usr/lib/nagios/plugins/check_x', 'is no key of NRPE'),
        ('define command {', 'is no key of NRPE'),
        ('Command[x]=/bin/x', 'is no key of NRPE'),
    ],
)
def test_no_line_is_dropped_without_a_word(nagios: Path, line: str, said: str) -> None:
    (nagios / 'nrpe.d' / 'a.cfg').write_text(f'command[a]=/bin/a\n{line}\n')
    found = configuration(nagios)
    assert set(found.commands) == {'a'}
    (fault,) = found.faults
    assert fault.key == 'line 2'
    assert said in fault.reason


# What NRPE 4.1 ships as its own file, and what more its source reads.
NRPE_S_OWN = """
log_facility=daemon
log_file=/var/log/nrpe.log
debug=0
pid_file=/run/nagios/nrpe.pid
server_port=5666
server_address=127.0.0.1
listen_queue_size=5
nrpe_user=nagios
nrpe_group=nagios
allowed_hosts=127.0.0.1,::1
dont_blame_nrpe=0
allow_bash_command_substitution=0
command_prefix=/usr/bin/sudo
command_timeout=60
connection_timeout=300
allow_weak_random_seed=1
ssl_version=TLSv1+
ssl_use_adh=1
ssl_cipher_list=ALL:!MD5:@STRENGTH
ssl_cacert_file=/etc/ssl/servercerts/ca-cert.pem
ssl_cert_file=/etc/ssl/servercerts/nagios-cert.pem
ssl_privatekey_file=/etc/ssl/servercerts/nagios-key.pem
ssl_client_certs=0
ssl_logging=0x00
ssl_shutdown_timeout=5
nasty_metachars=|`&><'\\\\[]{};\\r\\n
keep_env_vars=HOME
max_commands=100
disable_syslog=1
include=/nonexistent/other.cfg
include_dir=/nonexistent/nrpe.d/
"""


def test_every_key_of_nrpe_s_own_is_known(nagios: Path) -> None:
    (nagios / 'nrpe.cfg').write_text(NRPE_S_OWN)
    assert configuration(nagios).faults == []


def test_a_byte_order_mark_and_windows_line_ends_cost_nothing(nagios: Path) -> None:
    text = '\ufeffcommand[a]=/bin/a x\r\ncommand[b]=/bin/b\r\n'
    (nagios / 'nrpe.d' / 'a.cfg').write_bytes(text.encode())
    (nagios / 'nrpe.d' / 'b.cfg').write_bytes('\ufeff# a comment\r\n'.encode())
    found = configuration(nagios)
    assert (lines(found), found.faults) == ({'a': '/bin/a x', 'b': '/bin/b'}, [])
