"""A fresh machine is silent, and each fault that is planted makes exactly its check speak."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from charm.checks.kinds import BUILT_IN
from charm.kernel import report_json
from charm.kernel.report import CheckResult, Health
from tests.hosts.host import Host
from tests.hosts.layout import charm_directory
from tests.hosts.shell import wait_until

from .probing import Operator, run_agents, untouched

HEALTH = str(charm_directory('health/0') / 'hooks' / 'health')
# The load of a test machine is that of the computer that runs the tests, whatever that is.
ANY = ('load',)


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        check: the built-in check that sees it, and no other does.
        health: what it then is.
        plant: the shell commands that make it.
        until: what the check's message then has.
    """

    check: str
    health: Health
    plant: str
    until: str


def unit(name: str, text: str) -> str:
    return f"printf '{text}' > /etc/systemd/system/{name}; systemctl daemon-reload; "


CRASH = '[Unit]\\nStartLimitIntervalSec=0\\n[Service]\\nRestartSec=0\\n'
ONESHOT = '[Service]\\nType=oneshot\\nExecStart='
PACKAGE = 'Package: half\\nVersion: 1\\nArchitecture: all\\nMaintainer: me\\nDescription: half\\n'
FAULTS = {
    'a crash loop': Fault(
        'failed-units',
        Health.FAIL,
        unit('a.service', f'{CRASH}Restart=always\\nExecStart=/bin/sh -c "sleep 1; exit 3"\\n')
        + 'systemctl start a',
        'restarted over and over: a.service',
    ),
    'a crash at once': Fault(
        'failed-units',
        Health.FAIL,
        unit('a.service', '[Service]\\nRestartSec=0\\nRestart=always\\nExecStart=/bin/false\\n')
        + 'systemctl start a',
        'failed: a.service',
    ),
    'a failed socket': Fault(
        'failed-units',
        Health.FAIL,
        unit('a.service', f'{ONESHOT}/bin/true\\n')
        + unit('a.socket', '[Socket]\\nListenStream=192.0.2.7:1\\n')
        + 'systemctl start a.socket || true',
        'failed: a.socket',
    ),
    'a timer that never comes again': Fault(
        'failed-units',
        Health.WARN,
        unit('a.service', f'{ONESHOT}/bin/true\\n')
        + unit('a.timer', '[Timer]\\nOnUnitActiveSec=1h\\n')
        + 'systemctl start a.timer',
        'timers that never elapse again: a.timer',
    ),
    'a timer that waits for ever': Fault(
        'failed-units',
        Health.WARN,
        unit('a.service', f'{ONESHOT}/bin/true\\nRemainAfterExit=yes\\n')
        + unit('a.timer', '[Timer]\\nOnActiveSec=0\\nOnUnitActiveSec=1\\nAccuracySec=1ms\\n')
        + 'systemctl start a.timer',
        'waits for the end of a.service, which stays active',
    ),
    'a package that is half installed': Fault(
        'packages',
        Health.WARN,
        'mkdir -p /srv/half/DEBIAN; '
        f"printf '{PACKAGE}' > /srv/half/DEBIAN/control; "
        'dpkg-deb --build /srv/half /srv/half.deb; dpkg --unpack /srv/half.deb',
        'half is unpacked: `dpkg --configure -a`',
    ),
    'a snap that is not mounted': Fault(
        'packages',
        Health.WARN,
        'mkdir -p /snap/lxd; ln -s 22753 /snap/lxd/current',
        'snaps without content: lxd',
    ),
    'an upgrade that wants a reboot': Fault(
        'reboot-required', Health.WARN, 'touch /var/run/reboot-required', 'a reboot is required'
    ),
    'a name server that is silent': Fault(
        'names',
        Health.WARN,
        'ip address add 192.0.2.1/24 dev lo; echo nameserver 192.0.2.1 > /etc/resolv.conf',
        'of 1 name servers these do not answer: 192.0.2.1 (refused)',
    ),
    'a machine that does not know its name': Fault(
        'names', Health.WARN, 'hostname nobody-knows-it', 'its own name nobody-knows-it'
    ),
    'a hook that never ends': Fault(
        'update-status',
        Health.WARN,
        'mkdir -p /var/log/juju /var/lib/juju/agents/unit-web-0; '
        'date --date="6 hours ago" +"%F %T unit-web-0: web/0 uniter (run update-status hook), '
        'waited 0s, held 2s" > /var/log/juju/machine-lock.log; '
        # A machine has time from its start on, and this one's may have been just now.
        'mkdir -p /etc/juju-health/checks.d; echo "checks: {update-status: {within_seconds: 1}}" '
        '> /etc/juju-health/checks.d/within.yaml',
        'no update-status hook for',
    ),
    'a link that is gone': Fault(
        'network',
        Health.WARN,
        'ip link add x0 type veth peer name x1; ip address add 192.0.2.1/24 dev x0; '
        'ip link set x0 up',
        'no link: x0 (has 192.0.2.1)',
    ),
}
# What looks like a fault, and is none.
HARMLESS = (
    'ip link add br7 type bridge; ip address add 172.17.0.1/16 dev br7; ip link set br7 up',
    'ip link add x2 type veth peer name x3; ip link set x2 up',
    unit('b.service', f'{ONESHOT}/bin/sleep infinity\\n')
    + unit('b.timer', '[Timer]\\nOnActiveSec=0\\nOnUnitInactiveSec=1h\\n')
    + unit('once.timer', '[Timer]\\nOnActiveSec=0\\nUnit=c.service\\n')
    + unit('c.service', f'{ONESHOT}/bin/true\\n')
    + 'systemctl start b.timer once.timer',
    'mkdir -p /snap/bin /snap/off',
)


@pytest.fixture
def host(charmed_host: Host) -> Host:
    return charmed_host


def by_hook(host: Host) -> dict[str, CheckResult]:
    done = host.run([HEALTH, '--unit', 'web/0'])
    assert (done.returncode, done.stderr) == (0, b'')
    return {check.name: check for check in report_json.decode(done.stdout).checks}


def ill(checks: dict[str, CheckResult]) -> dict[str, Health]:
    found = {name: checks[name].health for name in BUILT_IN if name not in ANY}
    return {name: health for name, health in found.items() if health is not Health.PASSED}


def test_a_fresh_machine_is_silent_whoever_looks(host: Host, tmp_path: Path) -> None:
    assert ill(by_hook(host)) == {}
    as_user = host.ssh(f'{HEALTH} --unit web/0')
    assert ill({one.name: one for one in report_json.decode(as_user.stdout).checks}) == {}
    probed = Operator(tmp_path, untouched((host,)), host.identity)
    run_agents(host, 'web/0', 'telegraf/0')
    sweep = probed.sweep()
    found = {name: sweep.check('web/0', name)['health'] for name in BUILT_IN if name not in ANY}
    assert set(found.values()) == {'passed'}


def test_what_only_looks_like_a_fault_is_none(host: Host) -> None:
    for command in HARMLESS:
        host.must(command)
    wait_until(lambda: b'activating' in host.run('systemctl is-active b').stdout, 'the timer')
    assert ill(by_hook(host)) == {}


@pytest.mark.parametrize('name', FAULTS)
def test_a_planted_fault_is_seen_by_its_check_and_no_other(host: Host, name: str) -> None:
    fault = FAULTS[name]
    host.must(f'exec >/dev/null 2>&1; {fault.plant}')
    wait_until(lambda: fault.until in by_hook(host)[fault.check].message, fault.until)
    assert ill(by_hook(host)) == {fault.check: fault.health}
