"""Real servers under example charms: what breaks is said, and what recovers is said too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from charm.kernel import report_json
from charm.kernel.report import CheckResult, Health, Report, StateName
from tests.charmed.archive import built
from tests.charmed.unit import Charmed
from tests.hosts.layout import charm_directory
from tests.hosts.park import Park, why_not
from tests.standin.builder import Application, Machine, Relation, Unit, World

from .principals import ROOTFS, Principal, certify, small_disk

pytestmark = pytest.mark.hosts
BESIDE = Relation('juju-info', 'juju-health', 'juju-info', 'container')
COMMAND = Path(sys.executable).parent / 'reconcile-health'
MIB = 1024 * 1024
# A page to pass on, by a server that is a real service of the machine; with a wait for its port.
APPLICATION = (
    'systemd-run --quiet --unit=application --working-directory=/srv '
    'python3 -m http.server --bind 127.0.0.1 8080; '
    'until nc -z 127.0.0.1 8080; do sleep 0.1; done'
)


@pytest.fixture(scope='module')
def machines() -> Iterator[Park]:
    reason = why_not()
    if reason:
        pytest.skip(reason)
    with Park(2, ROOTFS) as park:
        yield park


@pytest.fixture(scope='module')
def database(machines: Park) -> Iterator[Principal]:
    host = machines.hosts[0]
    with small_disk(host, '/srv', 64 * MIB):
        principal = Principal(host, 'postgresql/0')
        principal.must('install')
        yield principal
        host.must('systemctl stop postgresql')


@pytest.fixture(scope='module')
def proxy(machines: Park) -> Principal:
    principal = Principal(machines.hosts[1], 'nginx/0')
    certify(principal.host, days=90)
    return principal


def relate(proxy: Principal) -> None:
    """Give the proxy an application to stand before, whether it has one already or not."""
    proxy.host.must(f'systemctl is-active --quiet application || {{ {APPLICATION}; }}')
    proxy.relate('reverseproxy', 'app/0', json.dumps({'hostname': '127.0.0.1', 'port': '8080'}))
    proxy.must('reverseproxy-relation-changed')


def report(principal: Principal, *words: str) -> Report:
    """Ask as `reconcile-health` does: over ssh, as the user ubuntu."""
    hook = charm_directory(principal.unit) / 'hooks' / 'health'
    done: subprocess.CompletedProcess[bytes] = principal.host.ssh([str(hook), *words])
    assert done.returncode == 0, done.stderr.decode()
    return report_json.decode(done.stdout)


def check(made: Report, name: str) -> CheckResult:
    return next(one for one in made.checks if one.name == name)


def test_a_database_that_runs_is_up_and_measured(database: Principal) -> None:
    made = report(database)
    assert made.health is Health.PASSED, list(made.checks)
    assert made.state is not None
    assert made.state.name is StateName.UP
    used = check(made, 'connections')
    assert used.data['most'] == 100
    assert used.qos is not None
    assert 0.9 < used.qos <= 1.0
    assert made.qos == used.qos


def test_a_database_that_is_killed_fails_although_its_state_is_up(database: Principal) -> None:
    # It answers before systemd calls it started; wait for that, or the start itself is killed.
    database.host.must('systemctl start postgresql@15-main')
    database.host.must('systemctl kill --kill-whom=main --signal=KILL postgresql@15-main')
    database.host.run('until systemctl --quiet is-failed postgresql@15-main; do sleep 0.1; done')
    made = report(database)
    assert made.health is Health.FAIL
    assert 'server' in check(made, 'connections').message
    assert check(made, 'failed-units').health is Health.FAIL
    assert made.qos == 0.0
    database.host.must('systemctl reset-failed; systemctl start postgresql@15-main')
    made = report(database)
    assert made.health is Health.PASSED, made


def test_a_full_disk_is_seen_as_full_and_by_what_can_no_longer_be_written(
    database: Principal,
) -> None:
    database.host.run('dd if=/dev/zero of=/srv/big bs=1M')
    made = report(database)
    assert check(made, 'disk').health is Health.FAIL
    assert '/srv' in check(made, 'disk').message
    assert check(made, 'writes').health is Health.FAIL
    assert 'No space left on device' in check(made, 'writes').message
    assert check(made, 'connections').health is Health.PASSED
    database.host.must('rm /srv/big')
    assert report(database).health is Health.PASSED


def test_a_proxy_without_an_application_is_blocked_by_name_until_it_is_related(
    proxy: Principal,
) -> None:
    proxy.must('install')
    made = report(proxy)
    assert made.state is not None
    assert (made.state.name, made.state.blockers) == (StateName.BLOCKED, ('reverseproxy',))
    assert check(made, 'page').health is Health.FAIL
    relate(proxy)
    made = report(proxy)
    assert made.state is not None
    assert (made.state.name, made.state.blockers) == (StateName.UP, ())
    assert made.health is Health.PASSED, made.checks
    since = made.state.since
    proxy.must('update-status')
    again = report(proxy).state
    assert again is not None
    assert again.since == since


def test_a_dead_application_shows_at_the_proxy(proxy: Principal) -> None:
    proxy.host.must('systemctl stop application')
    made = report(proxy, '--check', 'page')
    assert made.health is Health.FAIL
    assert check(made, 'page').data == {'status': 502}
    proxy.host.must(APPLICATION)
    assert report(proxy, '--check', 'page').health is Health.PASSED


def test_a_certificate_that_expires_is_told_days_before_and_after(proxy: Principal) -> None:
    definitions = proxy.host.root / 'etc' / 'juju-health' / 'checks.d'
    (definitions / 'site.yaml').write_text(
        'checks:\n  certificate:\n    kind: tls\n    host: 127.0.0.1\n    verify: false\n'
    )
    assert check(report(proxy), 'certificate').health is Health.PASSED
    certify(proxy.host, days=3)
    proxy.host.must('systemctl reload nginx')
    soon = check(report(proxy), 'certificate')
    assert soon.health is Health.FAIL
    assert 'good for 3 more days' in soon.message
    certify(proxy.host, days=-1)
    proxy.host.must('systemctl reload nginx')
    late = check(report(proxy), 'certificate')
    assert late.health is Health.FAIL
    assert 'expired' in late.message
    certify(proxy.host, days=90)
    proxy.host.must('systemctl reload nginx')
    assert check(report(proxy), 'certificate').health is Health.PASSED


def test_the_subordinate_beside_tells_it_all_and_a_sweep_says_what_is_wrong(
    database: Principal, proxy: Principal, tmp_path: Path
) -> None:
    relate(proxy)
    machines, applications = [], []
    for number, principal in enumerate((database, proxy)):
        machines.append(Machine.of(principal.host, str(number)))
        deployed = Charmed(principal.host, f'juju-health/{number}', principal.unit)
        deployed.deploy(built())
        for hook in ('install', 'config-changed', 'start'):
            deployed.must(hook)
        principal.host.must('systemctl is-active juju-health-agent')
        assert deployed.status[0] == 'active'
        unit = Unit(principal.unit, str(number), subordinates=(Unit(f'juju-health/{number}'),))
        applications.append(
            Application(principal.unit.split('/')[0], (unit,), relations=(BESIDE,))
        )
    beside = Application('juju-health', subordinate_to=('postgresql', 'nginx'))
    world = World(tuple(machines), (*applications, beside))
    environment = {**os.environ, **world.write(tmp_path / 'juju', database.host.identity)}

    def swept() -> tuple[int, dict[str, Report]]:
        words = [str(COMMAND), '--timeout', '20', '--format', 'json']
        done = subprocess.run(
            words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        found = json.loads(done.stdout)['services']
        units = [unit for service in found for unit in service['units']]
        return done.returncode, {
            unit['unit']: report_json.from_json(unit['report']) for unit in units
        }

    code, reports = swept()
    assert (code, {made.health for made in reports.values()}) == (0, {Health.PASSED})
    names = {one.name for one in reports['postgresql/0'].checks}
    assert {'principal-connections', 'principal-writes', 'disk'} <= names
    assert not names & {'principal-disk', 'principal-load'}, 'the machine is looked at once'
    proxy.host.must('systemctl stop application')
    database.host.must('systemctl stop postgresql@15-main')
    code, reports = swept()
    assert code == 2
    assert check(reports['nginx/0'], 'principal-page').health is Health.FAIL
    assert check(reports['postgresql/0'], 'principal-connections').health is Health.FAIL
    assert reports['juju-health/0'].health is Health.PASSED
    database.host.must('systemctl start postgresql@15-main')
    proxy.host.must(APPLICATION)
    assert swept()[0] == 0
