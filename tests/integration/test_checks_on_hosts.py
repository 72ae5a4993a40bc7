"""Checks on a real machine: its systemd, its users, its units as Juju lays them out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from charm.kernel import report_json
from charm.kernel.report import CheckResult, Health, Report
from charm.sources.monitors.requested import to_file
from tests.hosts.host import Host
from tests.hosts.layout import add_failed_service, add_juju_health, add_unit, charm_directory
from tests.hosts.shell import wait_until

CHECKS_D = Path('etc/juju-health/checks.d')
HEALTH = str(charm_directory('health/0') / 'hooks' / 'health')


@pytest.fixture
def host(charmed_host: Host) -> Host:
    return charmed_host


def define(host: Host, text: str, name: str = 'a.yaml') -> None:
    put(host, CHECKS_D / name, text.encode(), 0o644)


def put(host: Host, path: Path, content: bytes, mode: int) -> None:
    here = host.root / path
    here.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    here.write_bytes(content)
    here.chmod(mode)


def report(host: Host, *arguments: str) -> Report:
    done = host.run([HEALTH, '--unit', 'web/0', *arguments])
    assert (done.returncode, done.stderr) == (0, b'')
    return report_json.decode(done.stdout)


def check(host: Host, name: str) -> CheckResult:
    (one,) = report(host, '--check', name).checks
    return one


def test_who_is_idle_until_called_and_who_is_at_work_are_well(host: Host) -> None:
    put(
        host,
        Path('etc/systemd/system/scrub.service'),
        b'[Service]\nType=oneshot\nExecStart=/bin/sleep infinity\n',
        0o644,
    )
    define(
        host,
        'checks:\n'
        '  bus: {kind: systemd, units: systemd-hostnamed}\n'
        '  work: {kind: systemd, units: scrub}\n',
    )
    host.must('systemctl daemon-reload; systemctl stop systemd-hostnamed')
    assert check(host, 'bus').message.endswith('D-Bus starts it when it is wanted')
    # Before its end a boot has ordered whatever starts.
    host.run(['systemctl', 'is-system-running', '--wait'])
    host.must('systemctl start --no-block scrub')
    wait_until(lambda: check(host, 'work').message.endswith('it is at its work'), 'scrub')


def test_a_service_of_real_systemd_is_followed_all_its_life(host: Host) -> None:
    put(
        host,
        Path('etc/systemd/system/shop.service'),
        b'[Service]\nExecStart=/bin/sleep infinity\nRestart=on-failure\nRestartSec=0\n',
        0o644,
    )
    put(
        host,
        Path('etc/systemd/system/once.service'),
        b'[Service]\nType=oneshot\nExecStart=/bin/sh -c "exit $CODE"\nEnvironment=CODE=0\n'
        b'[Install]\nWantedBy=multi-user.target\n',
        0o644,
    )
    define(
        host,
        'checks:\n'
        '  shop: {kind: systemd, units: shop, warn_restarts: 0}\n'
        '  once: {kind: systemd, units: [once]}\n'
        '  none: {kind: systemd, units: no-such-thing.service}\n',
    )
    host.must('systemctl daemon-reload')
    assert check(host, 'none').message == 'no-such-thing.service is not-found'
    assert check(host, 'shop').health is Health.FAIL
    assert check(host, 'once').message.endswith(
        'it has not run since boot, as far as systemd knows'
    )
    host.must('systemctl enable --quiet once; systemctl start shop once')
    assert check(host, 'shop').message == 'shop.service is active (running)'
    assert check(host, 'once').health is Health.PASSED
    host.must('systemctl kill --signal=KILL shop')
    wait_until(
        lambda: host.run('systemctl show -p NRestarts --value shop').stdout == b'1\n', 'shop'
    )
    wait_until(lambda: b'active' in host.run('systemctl is-active shop').stdout, 'shop')
    restarted = check(host, 'shop')
    assert (restarted.health, 'restarted 1 times' in restarted.message) == (Health.WARN, True)
    host.must('systemctl stop shop')
    assert check(host, 'shop').message == 'shop.service is inactive (dead)'
    host.must('systemctl mask --runtime --now shop 2>/dev/null || systemctl disable shop')


def test_a_failed_unit_is_seen_with_no_configuration_and_its_end_too(host: Host) -> None:
    assert check(host, 'failed-units').health is Health.PASSED
    add_failed_service(host, 'bad')
    failed = check(host, 'failed-units')
    assert (failed.health, 'bad.service' in failed.message) == (Health.FAIL, True)
    host.must('systemctl reset-failed')
    assert check(host, 'failed-units').health is Health.PASSED


def test_the_machine_has_health_at_once_and_for_any_user(host: Host) -> None:
    found = report(host)
    assert {one.name for one in found.checks} >= {'disk', 'memory', 'load', 'clock'}
    assert (found.unit, found.reporter and found.reporter.unit) == ('web/0', 'health/0')
    done = host.ssh(f'{HEALTH} --unit web/0')
    assert done.returncode == 0, done.stderr
    as_user = {one.name: one.health for one in report_json.decode(done.stdout).checks}
    assert set(as_user) == {one.name for one in found.checks}


PLUGIN = b'#!/bin/sh\necho "$(id -un) looked at $1, password $3 | t=3ms"\nexit 1\n'


def test_commands_of_nrpe_run_as_its_user_and_show_no_secret(host: Host) -> None:
    host.must('useradd --system --no-create-home nagios')
    put(host, Path('usr/local/lib/nagios/plugins/check_shop'), PLUGIN, 0o755)
    put(
        host,
        Path('etc/nagios/nrpe.d/check_shop.cfg'),
        b'command[check_shop]=/usr/local/lib/nagios/plugins/check_shop db --password s3cret\n',
        0o644,
    )
    one = check(host, 'nrpe-check_shop')
    assert (one.health, one.message) == (Health.WARN, 'nagios looked at db, password ***')
    assert one.data['run_as'] == 'nagios'
    assert one.data['perfdata']['t']['value'] == pytest.approx(0.003)
    define(host, 'checks:\n  nrpe-check_shop: {rename: shop, fail_after: 2}\n')
    assert check(host, 'shop').data['settling']['raw'] == 'warn'
    define(host, 'checks:\n  nrpe-check_shop: {enabled: false}\n')
    assert not [one for one in report(host).checks if 'shop' in one.name]


def test_what_relations_ask_for_is_checked(host: Host) -> None:
    put(host, Path('usr/local/lib/nagios/plugins/check_shop'), PLUGIN, 0o755)
    text = (
        'version: "0.3"\nmonitors:\n'
        '  local:\n'
        '    procrunning:\n      sshd: {min: 1, executable: sshd}\n'
        '    disk:\n      root: {path: /srv}\n'
        '    custom:\n'
        '      shop: {check: check_shop, plugin_path: /usr/local/lib/nagios/plugins, params: x}\n'
        '  remote:\n'
        '    tcp:\n      ssh: {port: 22, string: SSH.*}\n'
        '    mysql:\n      basic: {password: geheim}\n'
        '    nrpe:\n      gone: check_gone\n'
    )
    path = Path('etc/juju-health/monitors.d/local-monitors-3-web-0.json')
    put(host, path, to_file('web/0', 'local-monitors', text), 0o600)
    found = {one.name: one for one in report(host).checks if one.name.startswith('monitors-')}
    healths = {name.partition('-')[2]: one.health for name, one in found.items()}
    assert healths == {
        'procrunning-sshd': Health.PASSED,
        'disk-root': Health.PASSED,
        'custom-shop': Health.WARN,
        'tcp-ssh': Health.PASSED,
        'mysql': Health.UNKNOWN,
        'nrpe-check_gone': Health.UNKNOWN,
    }
    assert found['monitors-custom-shop'].message.startswith('nobody looked at x')
    # Whoever may not read the file does not know what it asks for, and says no worse of it.
    done = host.ssh(f'{HEALTH} --unit web/0')
    (denied,) = [one for one in report_json.decode(done.stdout).checks if path.name in one.name]
    assert denied.health is Health.UNKNOWN
    assert denied.message.endswith('cannot be read: Permission denied; root may')


def test_the_principal_s_own_hook_is_asked_and_answers_for_itself(host: Host) -> None:
    hook = b"""#!/bin/sh
echo '{"schema": 1, "service": "web", "unit": "web/0", "health": "warn",
       "checks": [{"name": "cache", "health": "warn", "message": "cold"}]}'
"""
    add_unit(host, 'web/0', hook)
    found = {one.name: one for one in report(host).checks}
    assert found['principal'].health is Health.WARN
    assert (found['principal-cache'].health, found['principal-cache'].message) == (
        Health.WARN,
        'cold',
    )
    add_unit(host, 'web/0', hook.replace(b'"web/0"', b'"db/0"'))
    found = {one.name: one for one in report(host).checks}
    assert found['principal'].health is Health.UNKNOWN
    assert 'principal-cache' not in found


def test_a_principal_with_a_health_hook_of_juju_health_is_asked_once(host: Host) -> None:
    charm = add_juju_health(host, 'web/0')
    (charm / 'hooks' / 'health').write_text(
        '#!/usr/bin/python3 -I\n'
        'import os, sys\n'
        'sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))\n'
        'from charm import cli\n'
        'def pages(service_name):\n'
        '    return {"health": "passed", "message": service_name}\n'
        'sys.exit(cli.main(callbacks={"*": [pages]}))\n'
    )
    names = [one.name for one in report(host).checks]
    assert [name for name in names if name.startswith('principal')] == [
        'principal',
        'principal-pages',
    ]
    assert names.count('disk') == 1
    alone = host.run([str(charm_directory('web/0') / 'hooks' / 'health')])
    assert {one['name'] for one in json.loads(alone.stdout)['checks']} >= {'pages', 'disk'}


def test_who_may_not_write_what_a_check_has_been_up_to_still_goes_by_it(host: Host) -> None:
    define(
        host,
        'checks:\n  stamp: {kind: file-age, path: /run/stamp, fail_after: 2, enabled: true}\n',
    )
    host.must('touch /run/stamp')
    assert check(host, 'stamp').health is Health.PASSED
    host.must('rm /run/stamp')
    for _ in range(3):
        done = host.ssh(f'{HEALTH} --unit web/0 --check stamp')
        (one,) = report_json.decode(done.stdout).checks
        assert one.health is Health.PASSED, 'once, as far as is known'
        assert one.data['settling']['raw'] == 'fail'
        assert 'Permission denied' in one.data['settling']['not_kept']
    assert check(host, 'stamp').health is Health.PASSED
    assert check(host, 'stamp').health is Health.FAIL
