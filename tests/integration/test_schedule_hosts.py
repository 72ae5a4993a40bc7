"""Schedules on a machine with a real systemd and a real cron: they run, survive boots, and go."""

from __future__ import annotations

import shlex

import pytest

from tests.conftest import Hosts
from tests.hosts.host import Host

from .scheduled_host import COMMAND, install_reconcile_health, reboot, schedules, wait_for_run

# What systemd, cron and the shell each read as something else.
ODD = '/srv/odd %n %% "q" \'p\' $HOME \\ \\\\ \\% ; # é'
NAME = 'juju-health-this-machine'
LOCAL = ('--', '--reach', 'local')
FILES = 'find /etc /home /root /var/lib/systemd /var/spool/cron -name "*juju-health-this*"'


@pytest.fixture
def host(hosts: Hosts) -> Host:
    (one,) = hosts(1)
    install_reconcile_health(one)
    # Written by those who run the sweeps.
    one.must(['install', '-d', '-o', 'ubuntu', ODD])
    return one


@pytest.mark.slow
@pytest.mark.parametrize('kind', ['systemd', 'cron'])
def test_the_system_sweeps_as_a_user_through_a_boot_and_is_rid_of_it(
    host: Host, kind: str
) -> None:
    words = ['--with', kind, '--as', 'ubuntu', '--every', '1m', *LOCAL, '--state-dir', ODD]
    said = host.must([COMMAND, 'schedule', 'install', *words])
    assert f'{NAME} sweeps this machine every 1m, as ubuntu' in said
    first = wait_for_run(host, NAME)
    assert first['said'] == ''
    owner = host.must(f'stat -c %U {shlex.quote(ODD)}/schedules/{NAME}.json')
    assert owner == 'ubuntu\n'
    if kind == 'systemd':
        assert 'Finished juju-health-this-machine.service' in host.must(
            ['journalctl', '--no-pager', '-u', NAME]
        )
        assert host.must(['systemctl', 'show', '--value', '-p', 'User', NAME]) == 'ubuntu\n'
    reboot(host, clean=kind == 'cron')
    shown = schedules(host)[NAME]
    assert (shown['by'], shown['trouble'], shown['user']) == (kind, '', 'ubuntu')
    again = wait_for_run(host, NAME, after=first['ended'])
    assert again['exit_code'] == first['exit_code']
    assert NAME in schedules(host, 'ubuntu'), 'whoever may not change it sees it all the same'
    assert b'run it with sudo' in host.ssh([COMMAND, 'schedule', 'remove', NAME]).stderr
    host.must([COMMAND, 'schedule', 'remove', NAME])
    assert schedules(host) == {}
    assert host.must(FILES) == ''
    assert NAME not in host.must('systemctl list-units --all; systemctl list-timers --all')


@pytest.mark.slow
def test_a_users_own_timer_runs_without_a_login(host: Host) -> None:
    install = [COMMAND, 'schedule', 'install', '--every', '1m', *LOCAL]
    refused = host.ssh(install)
    # There is no polkit on the machine, so that only root may let a user linger.
    assert refused.returncode == 1, refused.stderr
    assert b'loginctl enable-linger ubuntu' in refused.stderr
    host.must(['loginctl', 'enable-linger', 'ubuntu'])
    done = host.ssh(install)
    assert (done.returncode, done.stderr) == (0, b'')
    assert b'journalctl --user -u' in done.stdout
    first = wait_for_run(host, NAME, 'ubuntu')
    reboot(host, clean=False)
    again = wait_for_run(host, NAME, 'ubuntu', after=first['ended'])
    assert again['said'] == ''
    assert schedules(host) == {}, "it is not the system's"
    gone = host.ssh([COMMAND, 'schedule', 'remove', '--all'])
    assert (gone.returncode, gone.stderr) == (0, b'')
    assert host.must(FILES) == ''
    assert host.run('ls /var/lib/systemd/linger').stdout == b'ubuntu\n', 'that was not ours'


@pytest.mark.slow
def test_lingering_goes_with_the_last_schedule_if_it_came_with_one(host: Host) -> None:
    for name in ('one', 'two'):
        words = ['--user', '--name', name, '--every', '1h', *LOCAL]
        host.must([COMMAND, 'schedule', 'install', *words])
    assert host.must('ls /var/lib/systemd/linger') == 'root\n'
    host.must([COMMAND, 'schedule', 'remove', 'one'])
    assert host.must('ls /var/lib/systemd/linger') == 'root\n'
    assert 'no longer run without' in host.must([COMMAND, 'schedule', 'remove', 'two'])
    assert host.must('ls /var/lib/systemd/linger') == ''


@pytest.mark.slow
def test_a_users_crontab_runs_it_and_is_afterwards_what_it_was(host: Host) -> None:
    before = '# mine\n17 3 * * 0 true 100\\% # weekly\n'
    assert host.ssh('crontab -', stdin=before.encode()).returncode == 0
    words = ['--with', 'cron', '--every', '1m', *LOCAL, '--state-dir', ODD]
    done = host.ssh([COMMAND, 'schedule', 'install', *words])
    assert (done.returncode, done.stderr) == (0, b'')
    assert wait_for_run(host, NAME, 'ubuntu')['said'] == ''
    assert host.ssh([COMMAND, 'schedule', 'remove', NAME]).returncode == 0
    assert host.ssh('crontab -l').stdout.decode() == before


@pytest.mark.slow
def test_who_cannot_run_the_command_is_told_so_before_it_is_installed(host: Host) -> None:
    host.must(['chmod', '700', '/opt/juju-health'])
    words = ['--as', 'ubuntu', '--every', '1m', *LOCAL]
    done = host.run([COMMAND, 'schedule', 'install', *words])
    assert done.returncode == 3
    assert b'cannot run the command as ubuntu' in done.stderr
    assert host.must(FILES) == ''
