"""An outage on real machines is one message, and one when it is over; what is expected is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import Hosts
from tests.hosts.host import Host
from tests.hosts.shell import wait_until
from tests.standin.builder import Application, Info, Unit

from .outage_hosts import VICTIMS, Shop, add_web, lay_out, mend, plant

LATE = VICTIMS[:5]


@pytest.fixture
def shop(hosts: Hosts, tmp_path: Path) -> Shop:
    machines = hosts(3)
    made = Shop(tmp_path, machines, lay_out(machines))
    assert made.sweep() == []
    return made


def wait_for_mysql(host: Host, state: str = 'active') -> None:
    def is_so() -> bool:
        return host.run('systemctl is-active mysql').stdout.decode().strip() == state

    wait_until(is_so, f'mysql to be {state}')


def restart_slowly(host: Host) -> None:
    """Have mysql restart, and not end that before `slow` is mended."""
    plant(host, 'slow')
    host.must('systemctl restart --no-block mysql')
    wait_for_mysql(host, 'activating')


def leave_some_behind(host: Host) -> None:
    """Let a few that need mysql be unwell, though it is well again, until they catch up."""
    for name in LATE:
        plant(host, f'{name}.broken', 'it connects to mysql again in a while')


def catch_up(host: Host) -> None:
    for name in LATE:
        mend(host, f'{name}.broken')


def test_a_database_that_stops_is_one_message_with_forty_victims(shop: Shop) -> None:
    shop.reach = 'juju'
    database, webs, _ = shop.hosts
    database.must('systemctl stop mysql')
    assert shop.sweeps(2) == ['firing mysql']
    (notice,) = shop.notices
    assert [victim['service'] for victim in notice['victims']] == list(VICTIMS)
    assert shop.sweep() == ['firing mysql']
    leave_some_behind(webs)
    database.must('systemctl start mysql')
    assert shop.sweeps(3) == ['firing mysql', 'recovered mysql']
    catch_up(webs)
    assert shop.sweeps(5) == ['firing mysql', 'recovered mysql']


def test_a_restart_is_no_message_unless_it_takes_too_long(shop: Shop) -> None:
    database, webs, _ = shop.hosts
    restart_slowly(database)
    assert shop.sweeps(2) == []
    leave_some_behind(webs)
    mend(database, 'slow')
    wait_for_mysql(database)
    assert shop.sweeps(2) == []
    catch_up(webs)
    assert shop.sweep() == []
    restart_slowly(database)
    assert shop.sweeps(2) == []
    shop.keep_quiet(restart='0.1s')
    assert shop.sweep() == ['firing mysql']
    mend(database, 'slow')
    wait_for_mysql(database)
    assert shop.sweeps(2) == ['firing mysql', 'recovered mysql']


def test_a_boot_is_no_message_unless_something_stays_away_after_it(shop: Shop) -> None:
    database, webs, _ = shop.hosts
    database.power_off()
    assert shop.sweeps(2) == []
    leave_some_behind(webs)
    database.power_on()
    wait_for_mysql(database)
    assert shop.sweeps(2) == []
    catch_up(webs)
    assert shop.sweep() == []
    plant(database, 'mysql.broken')
    database.power_off(clean=True)
    assert shop.sweep() == []
    database.power_on()
    wait_for_mysql(database, 'failed')
    assert shop.sweep() == []
    shop.keep_quiet(boot='0.1s', restart='0.1s')
    assert shop.sweep() == ['firing mysql']
    assert shop.notices[0]['labels']['juju_application'] == 'mysql'


def test_a_deploy_is_no_message_unless_what_it_brings_fails(shop: Shop) -> None:
    database, _, webs = shop.hosts
    before = shop.world

    def come_to(agent: str, workload: str, message: str = '') -> None:
        """Have Juju say this of both that are deployed."""
        word = Info(workload, message)
        units = [Unit(f'{name}/0', '2', word, Info(agent)) for name in ('web40', 'web41')]
        news = [Application(one.name.partition('/')[0], (one,), word) for one in units]
        shop.world = replace(before, applications=(*before.applications, *news))

    come_to('allocating', 'waiting', 'installing agent')
    assert shop.sweeps(2) == []
    add_web(database, webs, 'web40', '2')
    add_web(database, webs, 'web41', '2')
    plant(webs, 'web40.broken', 'it is not configured')
    plant(webs, 'web41.broken', 'its disk is missing')
    come_to('executing', 'maintenance', 'installing charm')
    assert shop.sweeps(2) == []
    mend(webs, 'web40.broken')
    come_to('idle', 'active')
    assert shop.sweeps(2) == []
    shop.keep_quiet(deploy='0.1s')
    assert shop.sweep() == ['firing web41']


def test_a_machine_that_is_lost_is_one_message_and_so_are_all_at_once(shop: Shop) -> None:
    lost = shop.hosts[2]
    lost.partition()
    assert shop.sweeps(2) == []
    shop.keep_quiet(boot='0.1s')
    assert shop.sweep() == ['firing machine 2']
    (notice,) = shop.notices
    assert [victim['service'] for victim in notice['victims']] == list(VICTIMS[20:])
    lost.heal()
    assert shop.sweeps(2) == ['firing machine 2', 'recovered machine 2']
    for host in shop.hosts:
        host.partition()
    assert shop.sweeps(3)[2:] == ['firing collector']
    for host in shop.hosts:
        host.heal()
    assert shop.sweeps(2)[2:] == ['firing collector', 'recovered collector']
