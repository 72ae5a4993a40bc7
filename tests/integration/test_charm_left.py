"""A machine whose unit Juju removed, with half of its last hooks or none: it ends up as it was.

What Juju does then was observed on 4.0.15: the unit is dead at once, `stop` runs sometimes and
`remove` never, and hook tools fail meanwhile.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from charm.juju.orphans import GRACE_SECONDS
from charm.kernel.report import Reporter
from tests.charmed.archive import built, variant
from tests.charmed.unit import WELL, Charmed
from tests.conftest import Hosts
from tests.hosts.host import Host
from tests.hosts.layout import MACHINE_AGENT, add_machine_agent
from tests.support.patience import PATIENCE

from .agents import until
from .test_charm_on_hosts import SERVICE, agents_report, deployed, listing, pid_of, running

pytestmark = pytest.mark.hosts
# The agent looks this often, and a few times more.
SEVERAL_LOOKS_SECONDS = 16.0
UNITS = Path('/etc/juju-health/units.d')
CODE = Path('/usr/local/lib/juju-health')
AGENTS = Path('/var/lib/juju/agents')
TOOL_WORDS = ('', 'connection is shutdown before send')


def enrolled(charmed: Charmed) -> list[str]:
    directory = charmed.here(UNITS)
    return sorted(path.name for path in directory.iterdir()) if directory.exists() else []


def code_copies(host: Host) -> list[str]:
    directory = host.root / CODE.relative_to('/')
    return sorted(path.name for path in directory.iterdir()) if directory.exists() else []


def as_it_was(host: Host, before: set[str]) -> bool:
    """Return whether files, users and services are those of before."""
    services = host.must('systemctl list-units --all --no-legend "juju-health*"').strip()
    return listing(host) == before and services == ''


def plain_machine(host: Host) -> set[str]:
    """Return the listing of a machine that Juju has, with no unit on it yet."""
    add_machine_agent(host)
    return listing(host)


@pytest.mark.parametrize('words', TOOL_WORDS)
@pytest.mark.parametrize('hook', ['stop', 'remove'])
def test_either_hook_is_enough_though_every_tool_fails(
    hosts: Hosts, hook: str, words: str
) -> None:
    host = hosts(1)[0]
    before = plain_machine(host)
    charmed = deployed(host)
    agents_report(host, 'mysql/0')
    charmed.die(words)
    charmed.must(hook)
    charmed.wipe()
    assert as_it_was(host, before)


def test_without_any_hook_the_agent_withdraws_at_once_and_goes_after_its_grace(
    hosts: Hosts,
) -> None:
    host = hosts(1)[0]
    before = plain_machine(host)
    charmed = deployed(host)
    agents_report(host, 'mysql/0')
    charmed.wipe()
    until(lambda: not enrolled(charmed))
    assert running(host)
    assert code_copies(host) == ['unit-juju-health-0']
    until(lambda: not running(host), GRACE_SECONDS + PATIENCE)
    until(lambda: as_it_was(host, before))


def test_one_of_two_that_vanishes_is_cleared_away_and_the_other_goes_on(hosts: Hosts) -> None:
    host = hosts(1)[0]
    one = deployed(host, 'juju-health/0', 'mysql/0')
    other = deployed(host, 'second-opinion/3', 'web/1')
    before = agents_report(host, 'web/1').boot_id
    one.wipe()
    until(lambda: code_copies(host) == ['unit-second-opinion-3'])
    until(lambda: running(host))
    assert enrolled(other) == ['web-1.json']
    assert 'unit-second-opinion-3/current' in host.must(['systemctl', 'cat', SERVICE])
    other.must('update-status')
    assert other.status == ['active', WELL]
    assert before


def test_who_is_deployed_where_an_orphan_stands_takes_over_and_is_refreshed(
    hosts: Hosts, tmp_path: Path
) -> None:
    host = hosts(1)[0]
    plain_machine(host)
    deployed(host).wipe()
    new = deployed(host, 'juju-health/1')
    assert code_copies(host) == ['unit-juju-health-1']
    assert enrolled(new) == ['mysql-0.json']
    assert new.status == ['active', WELL]
    newer = variant(
        built(), tmp_path / 'newer.charm', {'charm/__init__.py': b"__version__ = '0.2.0'\n"}
    )
    pid, expected = pid_of(host), Reporter('juju-health/1', '0.2.0')
    new.upgrade(newer)
    new.must('upgrade-charm')
    assert pid_of(host) != pid
    until(lambda: agents_report(host, 'mysql/0', new.unit).reporter == expected)


@pytest.mark.parametrize(
    'what',
    ['an upgrade', 'the machine agent is down', 'no disk yet after a boot', 'Juju has left'],
)
def test_it_never_goes_by_mistake(hosts: Hosts, what: str) -> None:
    host = hosts(1)[0]
    charmed = deployed(host)
    agents_report(host, 'mysql/0')
    charm, agents = charmed.here(charmed.charm), charmed.here(AGENTS)
    if what == 'an upgrade':
        charm.rename(charm.with_name('charm.old'))
    elif what == 'the machine agent is down':
        host.must(['systemctl', 'stop', MACHINE_AGENT])
        charmed.wipe()
    elif what == 'no disk yet after a boot':
        host.must(['systemctl', 'disable', '--quiet', MACHINE_AGENT])
        host.power_off()
        agents.rename(agents.with_name('agents.away'))
        host.power_on()
        until(lambda: running(host))
    else:
        host.must(['systemctl', 'disable', '--now', '--quiet', MACHINE_AGENT])
        agents.rename(agents.with_name('agents.away'))
    time.sleep(SEVERAL_LOOKS_SECONDS)
    assert enrolled(charmed) == ['mysql-0.json']
    assert running(host)
    assert code_copies(host) == ['unit-juju-health-0']


def test_an_operator_need_not_wait(hosts: Hosts) -> None:
    host = hosts(1)[0]
    before = plain_machine(host)
    charmed = deployed(host)
    charmed.wipe()
    launcher = f'{CODE}/unit-juju-health-0/current/hooks/health-agent'
    done = host.ssh(['sudo', launcher, 'remove-orphans'])
    assert done.stdout == b'removed what juju-health/0 left here\n', done.stderr
    assert as_it_was(host, before)
    host.must(['systemctl', 'is-active', '--quiet', MACHINE_AGENT])
