"""The built charm on real machines: every hook from install to remove, under systemd."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from charm.kernel import report_json
from charm.kernel.report import Health, Report
from tests.charmed.archive import built, variant
from tests.charmed.unit import RUNNING, WELL, Charmed
from tests.conftest import Hosts
from tests.hosts.host import Host
from tests.hosts.layout import add_machine_agent, add_unit, set_hook

from .agents import until

pytestmark = pytest.mark.hosts
# The load is that of the computer that runs the tests; no test depends on it.
QUIET = 'checks:\n  load: {enabled: false}\n'
SERVICE = 'juju-health-agent.service'
# What machines do by themselves changes meanwhile: logs, caches, journals.
LIST = (
    'find / -xdev \\( -path /proc -o -path /sys -o -path /run/systemd -o -path /run/log '
    '-o -path /run/udev -o -path /run/user -o -path /tmp -o -path /var/tmp '
    '-o -path /var/log/journal \\) -prune -o -print; getent passwd; getent group'
)


def deployed(host: Host, unit: str = 'juju-health/0', principal: str = 'mysql/0') -> Charmed:
    """Deploy the charm, and run the hooks that Juju runs first."""
    charmed = Charmed(host, unit, principal)
    charmed.deploy(built())
    charmed.configure(checks=QUIET)
    for hook in ('install', 'config-changed', 'start'):
        charmed.must(hook)
    return charmed


def listing(host: Host) -> set[str]:
    return set(host.must(LIST).splitlines())


def running(host: Host) -> bool:
    return host.run(['systemctl', 'is-active', '--quiet', SERVICE]).returncode == 0


def agents_report(host: Host, unit: str, own: str = 'juju-health/0') -> Report:
    """Return what the agent says of a unit, as soon as it has a report; `own` is the charm's."""
    copy = f'/usr/local/lib/juju-health/unit-{own.replace("/", "-")}/current'
    launcher = f'{copy}/hooks/health-agent'

    def ask() -> Report | None:
        done = host.run([launcher, 'report', '--unit', unit])
        return report_json.decode(done.stdout) if done.returncode == 0 else None

    found: Report = until(ask)
    return found


def pid_of(host: Host) -> str:
    return host.must(['systemctl', 'show', '-p', 'MainPID', '--value', SERVICE]).strip()


def test_it_is_active_and_answers_as_ubuntu_and_through_its_agent(hosts: Hosts) -> None:
    charmed = deployed(hosts(1)[0])
    assert charmed.status == ['active', WELL]
    assert charmed.world['version'] == '0.1.0'
    done = charmed.health('--unit', 'mysql/0')
    assert done.returncode == 0, done.stderr
    report = report_json.decode(done.stdout)
    assert report.unit == 'mysql/0'
    assert report.health is Health.PASSED, report.checks
    assert report.reporter is not None
    assert report.reporter.unit == 'juju-health/0'
    assert agents_report(charmed.host, 'mysql/0').health is Health.PASSED
    assert running(charmed.host)


def test_a_check_that_fails_blocks_the_unit_and_fails_no_hook(hosts: Hosts) -> None:
    charmed = deployed(hosts(1)[0])
    web = '  web: {kind: tcp, port: 8081}\n'
    charmed.config(checks=QUIET + web)
    word, message = charmed.status
    assert word == 'blocked'
    assert message.startswith('fail: web: ')
    charmed.config(checks=QUIET)
    assert charmed.status == ['active', WELL]


def test_a_mistake_in_the_options_is_said_and_the_last_good_ones_stay(hosts: Hosts) -> None:
    charmed = deployed(hosts(1)[0])
    path = charmed.here(Path('/etc/juju-health/checks.d/50-charm-juju-health-0.json'))
    before = path.read_bytes()
    charmed.config(checks='checks:\n  disk: {intervall: 5}\n', log_files=1)
    word, message = charmed.status
    assert word == 'blocked'
    assert message.startswith('cannot use the option `checks`: checks.disk.intervall: ')
    assert message.endswith('(and 1 more)')
    assert path.read_bytes() == before
    agent = charmed.here(Path('/etc/juju-health/agent.yaml')).read_text()
    assert 'log_files: 5' in agent


def test_removal_leaves_the_machine_as_it_was(hosts: Hosts) -> None:
    host = hosts(1)[0]
    add_machine_agent(host)
    before = listing(host)
    charmed = deployed(host)
    charmed.relate('local-monitors:1', 'mysql', {'mysql/0': {'monitors': 'monitors: {}'}})
    charmed.must('local-monitors-relation-changed', relation='local-monitors:1', remote='mysql/0')
    host.must([str(charmed.charm / 'hooks' / 'health-status'), 'set', 'up'])
    agents_report(host, 'mysql/0')
    assert running(host)
    charmed.must('stop')
    assert not running(host)
    charmed.must('remove')
    charmed.wipe()
    assert listing(host) == before
    assert host.must('systemctl list-units --all --no-legend "juju-health*"').strip() == ''


def test_removal_goes_on_where_it_was_cut_off_and_names_what_others_left(hosts: Hosts) -> None:
    host = hosts(1)[0]
    charmed = deployed(host)
    mine = charmed.here(Path('/etc/juju-health/checks.d/10-mine.yaml'))
    mine.write_text('checks: {}\n')
    states = charmed.here(Path('/var/lib/juju-health/states'))
    host.must([str(charmed.charm / 'hooks' / 'health-status'), 'set', 'up', '--unit', 'mysql/0'])
    assert (states / 'mysql-0.json').exists()
    charmed.must('stop')
    charmed.must('remove')
    charmed.must('remove')
    assert ['WARNING', f'removed; what others put here stays: {_seen(host, mine)}'] in charmed.log
    assert mine.exists()
    assert not states.exists()
    assert not charmed.here(Path('/usr/local/lib/juju-health')).exists()


def _seen(host: Host, path: Path) -> str:
    return f'/{path.relative_to(host.root)}'


def test_an_upgrade_keeps_state_and_restarts_the_agent_with_the_new_code(
    hosts: Hosts, tmp_path: Path
) -> None:
    charmed = deployed(hosts(1)[0])
    host = charmed.host
    host.must([str(charmed.charm / 'hooks' / 'health-status'), 'set', 'up', '--unit', 'mysql/0'])
    first = agents_report(host, 'mysql/0')
    pid = pid_of(host)
    newer = variant(
        built(), tmp_path / 'newer.charm', {'charm/__init__.py': b"__version__ = '0.2.0'\n"}
    )
    charmed.upgrade(newer)
    # Juju's lay-out is not atomic; the agent's code is another copy, and goes on meanwhile.
    assert agents_report(host, 'mysql/0').reporter == first.reporter
    charmed.must('upgrade-charm')
    assert pid_of(host) != pid
    assert charmed.world['version'] == '0.2.0'

    def upgraded() -> bool:
        report = agents_report(host, 'mysql/0')
        return report.reporter is not None and report.reporter.version == '0.2.0'

    until(upgraded)
    state = agents_report(host, 'mysql/0').state
    assert state is not None
    assert first.state is not None
    assert state.since == first.state.since
    pid = pid_of(host)
    charmed.must('update-status')
    assert pid_of(host) == pid


def test_two_subordinates_share_one_agent_until_the_last_is_gone(hosts: Hosts) -> None:
    host = hosts(1)[0]
    one = deployed(host, 'juju-health/0', 'mysql/0')
    other = deployed(host, 'second-opinion/3', 'web/1')
    assert agents_report(host, 'mysql/0').reporter != agents_report(host, 'web/1').reporter
    one.must('stop')
    one.must('remove')
    one.wipe()
    assert running(host)
    text = host.must(['systemctl', 'cat', SERVICE])
    assert 'unit-second-opinion-3/current/hooks/health-agent' in text
    other.must('update-status')
    assert other.status == ['active', WELL]
    units = [path.name for path in other.here(Path('/etc/juju-health/units.d')).iterdir()]
    assert units == ['web-1.json']
    other.must('stop')
    other.must('remove')
    assert not running(host)
    assert not other.here(Path('/etc/juju-health')).exists()


def test_the_agent_can_be_turned_off_and_on(hosts: Hosts) -> None:
    charmed = deployed(hosts(1)[0])
    charmed.config(agent=False)
    assert not running(charmed.host)
    assert not charmed.here(Path(f'/etc/systemd/system/{SERVICE}')).exists()
    assert charmed.status == ['active', WELL]
    charmed.config(agent=True)
    assert running(charmed.host)


def test_a_hook_that_cannot_do_its_work_fails_and_the_next_makes_it_good(hosts: Hosts) -> None:
    charmed = deployed(hosts(1)[0])
    charmed.configure(check_interval=17)
    charmed.break_tool('relation-ids')
    done = charmed.hook('config-changed')
    assert done is not None
    assert done.returncode == 1
    assert done.stderr.decode() == (
        'juju-health: cannot use relation-ids: ERROR connection is shut down\n'
    )
    charmed.break_tool()
    charmed.must('config-changed')
    config = charmed.here(Path('/etc/juju-health/agent.yaml')).read_text()
    assert 'interval: 17\n' in config
    assert charmed.status[0] == 'active'


def test_the_actions_answer(hosts: Hosts) -> None:
    charmed = deployed(hosts(1)[0])
    listed = charmed.action('list-checks')['results']
    assert listed['count'] == str(RUNNING)
    ran = charmed.action('run-checks', checks='disk, memory')['results']
    assert [line.split()[1] for line in ran['checks'].splitlines()] == [
        'mysql/0',
        'disk',
        'memory',
    ]
    wrong = charmed.action('run-checks', checks='dsk')
    assert wrong['failed'].endswith("no such check; did you mean 'disk'?")
    shown = charmed.action('show-report')['results']
    assert json.loads(shown['report'])['unit'] == 'mysql/0'
    assert shown['health'] == 'passed'


def test_after_a_reboot_it_all_runs_again_by_itself(hosts: Hosts) -> None:
    charmed = deployed(hosts(1)[0])
    first = agents_report(charmed.host, 'mysql/0')
    charmed.host.power_off()
    charmed.host.power_on()
    until(lambda: running(charmed.host))
    again = agents_report(charmed.host, 'mysql/0')
    assert again.reported_at is not None
    assert first.reported_at is not None
    assert again.reported_at > first.reported_at
    charmed.must('start')
    assert charmed.status == ['active', WELL]


def test_what_the_principals_own_hook_says_is_in_the_status(hosts: Hosts) -> None:
    host = hosts(1)[0]
    hook = b"""#!/bin/sh
echo '{"name": "replication", "health": "fail", "message": "9 min behind"}'
"""
    add_unit(host, 'mysql/0', hook)
    charmed = deployed(host)
    assert charmed.status[0] == 'blocked'
    assert 'principal-replication: 9 min behind' in charmed.status[1]
    set_hook(host, 'mysql/0', hook.replace(b'fail', b'passed'))
    charmed.config(check_interval=61)
    assert charmed.action('run-checks', checks='principal')['results']['health'] == 'passed'
