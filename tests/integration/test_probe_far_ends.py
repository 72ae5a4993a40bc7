"""Machines of every kind, looked at with nothing deployed: answered, or named with the reason."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Hosts
from tests.hosts.box import AUTHORIZED
from tests.hosts.host import Host
from tests.support.authors import VERSIONS, pretended, python_of

from .probing import Operator, run_agents, untouched

# What makes a machine another kind of machine.
Change = Callable[[Host], object]


def no_sudo(host: Host) -> None:
    (host.root / 'etc/sudoers.d/90-ubuntu').unlink()


def full_and_noexec(host: Host) -> None:
    for place in ('/tmp', '/var/tmp', '/dev/shm', '/home/ubuntu'):
        inside = f'{place}/.ssh' if place == '/home/ubuntu' else ''
        if inside:
            host.must(['cp', '-a', inside, '/srv/ssh'])
        host.must(['mount', '-t', 'tmpfs', '-o', 'size=64k,noexec,mode=1777', 'none', place])
        if inside:
            host.must(['chmod', '0755', place])
            host.must(['chown', 'ubuntu', place])
            host.must(['cp', '-a', '/srv/ssh', inside])
        host.run(['sh', '-c', f'cat /dev/zero > {place}/full'])
    assert host.run(['sh', '-c', 'echo x > /tmp/more']).returncode != 0


def shell(text: str) -> Change:
    """Return what gives the ssh user a login shell that is this script."""

    def change(host: Host) -> None:
        path = host.root / 'usr/local/bin/odd-shell'
        path.write_text(text)
        path.chmod(0o755)
        host.must(['usermod', '--shell', '/usr/local/bin/odd-shell', 'ubuntu'])

    return change


def read_only(host: Host) -> None:
    host.must(['mount', '-o', 'remount,ro', '/'])


ANSWERED: dict[str, Change] = {
    'without sudo': no_sudo,
    'with full and noexec directories': full_and_noexec,
    'with a login shell that greets': shell('#!/bin/sh\necho welcome\nexec /bin/bash "$@"\n'),
    'with a restricted shell': shell('#!/bin/sh\nexec /bin/bash --restricted "$@"\n'),
    'with a shell that is no shell of POSIX': shell(
        '#!/usr/bin/python3\nimport os, shlex, sys\n'
        'words = shlex.split(sys.argv[-1])\nos.execvp(words[0], words)\n'
    ),
}


@pytest.fixture
def host(hosts: Hosts) -> Host:
    (one,) = hosts(1)
    run_agents(one, 'web/0', 'telegraf/0')
    return one


@pytest.fixture
def operator(host: Host, tmp_path: Path) -> Operator:
    return Operator(tmp_path, untouched((host,)), host.identity)


@pytest.mark.parametrize('change', list(ANSWERED.values()), ids=list(ANSWERED))
def test_it_is_answered(host: Host, operator: Operator, change: Change) -> None:
    change(host)
    # A full disk is told as such: here it is about whether anything is told at all.
    unit = operator.sweep('--config', str(operator.write_config(checks=NO_DISK))).units['web/0']
    assert (unit['outcome'], unit['health']) == ('probed', 'passed'), unit['message']


NO_DISK = {'disk': {'enabled': False}}


def test_without_sudo_agents_are_seen_and_not_asked(host: Host, operator: Operator) -> None:
    asked = operator.sweep().check('web/0', 'agent')['data']
    no_sudo(host)
    seen = operator.sweep().check('web/0', 'agent')
    assert (asked['answers'], asked['uniter']) == (True, 'started')
    assert (seen['health'], seen['data']['answers']) == ('passed', None)


@pytest.mark.parametrize('version', VERSIONS)
def test_every_python_from_3_8_on_answers(host: Host, operator: Operator, version: str) -> None:
    install(host, python_of(version))
    sweep = operator.sweep()
    assert sweep.units['web/0']['health'] == 'passed', sweep.units['web/0']['message']
    assert sweep.check('web/0', 'agent')['data']['answers'] is True


def install(host: Host, python: Path) -> None:
    """Give a machine another Python, as the first on PATH."""
    home = python.resolve().parents[1]
    ignored = shutil.ignore_patterns('site-packages', 'test', 'tests', '__pycache__', 'idlelib')
    target = host.root / 'opt' / home.name
    shutil.copytree(home / 'lib', target / 'lib', ignore=ignored, symlinks=True)
    (target / 'bin').mkdir()
    shutil.copy(python.resolve(), target / 'bin/python3')
    for library in (target / 'lib').glob('libpython3*.so.1.0'):
        (host.root / 'usr/local/lib' / library.name).symlink_to(
            f'/opt/{home.name}/lib/{library.name}'
        )
    host.must(['ldconfig'])
    (host.root / 'usr/local/bin/python3').symlink_to(f'/opt/{home.name}/bin/python3')


def no_python(host: Host) -> None:
    for path in (host.root / 'usr/bin').glob('python3*'):
        path.rename(path.with_name(f'not-{path.name}'))


def old_python(host: Host) -> None:
    path = host.root / 'usr/local/bin/python3'
    path.write_text(pretended('/usr/bin/python3'))
    path.chmod(0o755)


def forced_command(host: Host) -> None:
    path = host.root / AUTHORIZED
    path.write_text(f'command="echo hello",restrict {path.read_text()}')


def nologin(host: Host) -> None:
    host.must(['usermod', '--shell', '/usr/sbin/nologin', 'ubuntu'])


NAMED: dict[str, tuple[Change, str, str]] = {
    'without a Python': (no_python, 'no-hook', 'there is no python3'),
    'with one that is too old': (old_python, 'no-hook', 'its Python is 3.6, and that wants 3.8'),
    'with a forced command': (
        forced_command,
        'refused-key',
        "it said 'hello'; is a command forced",
    ),
    'with a shell that lets nobody in': (nologin, 'no-login', 'This account is currently not'),
}


@pytest.mark.parametrize(('change', 'outcome', 'said'), list(NAMED.values()), ids=list(NAMED))
def test_it_is_named_with_the_reason(
    host: Host, operator: Operator, change: Change, outcome: str, said: str
) -> None:
    change(host)
    sweep = operator.sweep()
    unit = sweep.units['web/0']
    assert said in unit['message']
    assert (unit['outcome'], unit['health'], unit['evidence']) == (outcome, 'unknown', 'juju')
    assert sweep.done.returncode == 3
