"""Which interfaces have lost their link, by what the kernel and networkd tell of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from charm.checks.interfaces import Interface, interfaces
from charm.checks.kinds.network import Network
from charm.kernel.report import Health
from tests.support.apart import checked_apart
from tests.support.checking import run

# IFF_ flags: broadcast and multicast; with UP, with RUNNING, as a member of a bond.
OFF, NO_LINK, LINKED, MEMBER = 0x1002, 0x1003, 0x1043, 0x1803
IPV4 = frozenset({'10.0.0.7'})


def check(tmp_path: Path, *found: Interface, **options: Any) -> Network:
    sysfs, links = tmp_path / 'net', tmp_path / 'links'
    return Network(read=lambda: found, sysfs=sysfs, links=links, **options)


def in_sysfs(tmp_path: Path, name: str, index: int, *files: str) -> Path:
    at = tmp_path / 'net' / name
    at.mkdir(parents=True)
    (at / 'ifindex').write_text(f'{index}\n')
    for file in files:
        (at / file).mkdir()
    return at


@pytest.mark.parametrize(
    ('flags', 'driver', 'owned', 'health'),
    [
        (NO_LINK, 'e1000e', IPV4, Health.WARN),
        (NO_LINK, 'veth', frozenset({'2001:db8::7'}), Health.WARN),
        (LINKED, 'virtio_net', IPV4, Health.PASSED),
        (OFF, 'e1000e', IPV4, Health.WARN),
        (OFF, 'bridge', IPV4, Health.WARN),  # it may carry the machine's own address
        (
            OFF,
            'dummy',
            IPV4,
            Health.PASSED,
        ),  # kube-ipvs0; as its driver says, not seen on a real one
        (OFF, 'e1000e', frozenset(), Health.PASSED),
        (OFF, 'bridge', frozenset(), Health.PASSED),
        (OFF, 'e1000e', frozenset({'169.254.3.1'}), Health.PASSED),
        (NO_LINK, 'e1000e', frozenset(), Health.PASSED),  # a spare card
        (NO_LINK, 'cdc_ether', frozenset({'fe80::1', '169.254.3.1'}), Health.PASSED),
        (NO_LINK, 'bridge', IPV4, Health.PASSED),  # docker0 with no container
        (NO_LINK, 'tun', IPV4, Health.PASSED),
        (MEMBER, 'e1000e', frozenset(), Health.WARN),
    ],
)
def test_a_link_is_missed_where_it_is_used_and_nowhere_else(
    tmp_path: Path, flags: int, driver: str, owned: frozenset[str], health: Health
) -> None:
    ens3 = Interface('ens3', 7, flags, driver, owned)
    verdict = run(check(tmp_path, ens3))
    assert verdict.health is health
    assert list(verdict.data['down']) == (['ens3'] if health is Health.WARN else [])
    assert run(check(tmp_path, ens3, ignore=('en*',))).health is Health.PASSED


def test_a_member_of_a_bond_is_missed_though_it_calls_itself_up(tmp_path: Path) -> None:
    in_sysfs(tmp_path, 'bond0', 3)
    at = in_sysfs(tmp_path, 'ens3', 7, 'bonding_slave')
    (at / 'master').symlink_to('../bond0')
    member = check(tmp_path, Interface('ens3', 7, LINKED | MEMBER))
    assert run(member).health is Health.PASSED
    (at / 'bonding_slave' / 'mii_status').write_text('down\n')
    assert run(member).message == 'no link: ens3 (in bond0)'


@pytest.mark.parametrize(
    ('files', 'index', 'health'),
    [
        (('device',), 7, Health.WARN),
        ((), 7, Health.PASSED),  # a guest that is off
        (('device',), 8, Health.PASSED),  # the host's of that name
    ],
)
def test_a_card_in_a_bridge_is_missed(
    tmp_path: Path, files: tuple[str, ...], index: int, health: Health
) -> None:
    in_sysfs(tmp_path, 'br0', 3, 'bridge')
    (in_sysfs(tmp_path, 'x0', index, *files) / 'master').symlink_to('../br0')
    assert run(check(tmp_path, Interface('x0', 7, NO_LINK))).health is health


@pytest.mark.parametrize(
    ('link', 'file', 'health'),
    [
        ('REQUIRED_FOR_ONLINE=yes', 'DHCP=ipv4', Health.WARN),
        ('REQUIRED_FOR_ONLINE=yes', 'Address=10.0.0.7/24', Health.WARN),
        ('REQUIRED_FOR_ONLINE=yes', 'LinkLocalAddressing=ipv6', Health.PASSED),
        ('REQUIRED_FOR_ONLINE=yes', 'DHCP=no', Health.PASSED),
        ('REQUIRED_FOR_ONLINE=no', 'DHCP=ipv4', Health.PASSED),
    ],
)
def test_networkd_takes_addresses_away_and_its_files_still_say_so(
    tmp_path: Path, link: str, file: str, health: Health
) -> None:
    (tmp_path / 'links').mkdir()
    network = tmp_path / 'a.network'
    network.write_text(f'[Match]\nName=ens3\n\n[Network]\n{file}\n')
    (tmp_path / 'links' / '7').write_text(f'# private\n{link}\nNETWORK_FILE={network}\n')
    assert run(check(tmp_path, Interface('ens3', 7, NO_LINK))).health is health
    assert run(check(tmp_path, Interface('ens3', 7, OFF))).health is health


_PAIR = 'ip link set lo up; ip link add e0 type veth peer name e1; ip link set e1 up; '
_HAS = 'ip address add 10.1.1.1/24 dev {0}; ip link set {0} up; '


@pytest.mark.hosts
@pytest.mark.parametrize(
    ('setting', 'down'),
    [
        (_PAIR + _HAS.format('e0'), {}),
        (_PAIR + _HAS.format('e0') + 'ip link set e1 down', {'e0': 'has 10.1.1.1'}),
        (_PAIR + _HAS.format('e0') + 'ip link set e0 down', {'e0': 'has 10.1.1.1, set down'}),
        (_PAIR + 'ip link set e0 up; ip link set e0 down', {}),
        ('ip link set lo up; ip link set lo down', {'lo': 'has 127.0.0.1, set down'}),
        ('ip link add br0 type bridge; ' + _HAS.format('br0'), {}),
        ('ip link add br0 type bridge; ip link set br0 up; ip link set br0 down', {}),
    ],
)
def test_real_interfaces_that_are_set_down_are_told(setting: str, down: dict[str, str]) -> None:
    result = checked_apart('network', setting)
    assert result['data']['down'] == down
    assert result['health'] == ('warn' if down else 'passed')


# As a container that has no udev, and no machine's interfaces beside its own.
_NETWORKD = """
mount -t tmpfs none /run
mount -t sysfs -o ro none /sys
cd /run
mkdir -p systemd/network systemd/netif/links systemd/netif/leases systemd/netif/lldp
chown -R systemd-network systemd/netif
printf '[Match]\\nName=e0\\n[Network]\\nAddress=10.9.9.1/24\\n' > systemd/network/a.network
ip link set lo up
ip link add e0 index 9 type veth peer name e1
ip link set e1 up
container=lxc /lib/systemd/systemd-networkd > said 2>&1 &
trap "kill $!" EXIT
is() { while kill -0 $!; do grep -q "OPER_STATE=$1" systemd/netif/links/9 && break; done; }
is routable
"""


@pytest.mark.hosts
@pytest.mark.parametrize(
    ('then', 'use'),
    [
        ('', ''),
        ('ip link set e1 down; is no-carrier', 'systemd-networkd is to give it an address'),
        ('ip link set e0 down; is off', 'systemd-networkd is to give it an address, set down'),
    ],
)
def test_a_real_networkd_still_says_what_an_interface_was_for(then: str, use: str) -> None:
    result = checked_apart('network', _NETWORKD + then)
    assert result['data']['down'].get('e0', '') == use, result


def test_this_machine_s_own_interfaces_are_told() -> None:
    (lo,) = [each for each in interfaces() if each.name == 'lo']
    assert '127.0.0.1' in lo.addresses
    assert not lo.lacks_link
    assert not lo.is_in_bond
