"""Which interfaces of a machine are for what runs in it."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.juju.bridges import bridge_addresses

OWN = {'ip-addresses': ['10.0.0.5']}


@pytest.mark.parametrize(
    'name',
    [
        *('docker0', 'lxdbr0', 'lxcbr0', 'incusbr0', 'mpqemubr0', 'virbr0', 'br-0123456789ab'),
        *('cni0', 'cbr0', 'podman1', 'kube-ipvs0', 'nodelocaldns'),
    ],
)
def test_addresses_on_bridges_are_found(name: str) -> None:
    interfaces = {name: {'ip-addresses': ['172.17.0.1', 'fd00::1']}, 'eth0': OWN}
    assert bridge_addresses(interfaces) == {'172.17.0.1', 'fd00::1'}


@pytest.mark.parametrize('name', ['eth0', 'br-eth0', 'br-ex', 'bond0', 'enp5s0', 'wg0'])
def test_ways_in_are_none(name: str) -> None:
    assert bridge_addresses({name: OWN}) == set()


@pytest.mark.parametrize(
    'nonsense', [None, 7, [], {'docker0': None}, {'docker0': {'ip-addresses': [7, None]}}]
)
def test_what_has_no_such_shape_has_none(nonsense: Any) -> None:
    assert bridge_addresses(nonsense) == set()
