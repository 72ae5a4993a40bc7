"""The addresses in `network-interfaces` that a machine has for what runs in it, as others have.

Juju leaves some of them out of `ip-addresses` (network.FilterBridgeAddresses), Docker's not.
"""

from __future__ import annotations

import re
from typing import Any

# Docker's networks are br- with twelve letters; MAAS's br-eth0 is a way in. The addresses of a
# cluster's services are on each node of it (kube-ipvs0, nodelocaldns).
_BRIDGE = re.compile(
    r'(?:docker|lxdbr|lxcbr|incusbr|mpqemubr|virbr|cni|cbr|podman|fan-|kube-ipvs|nodelocaldns).*'
    r'|br-[0-9a-f]{12}'
)


def bridge_addresses(interfaces: Any) -> frozenset[str]:
    """Return the addresses of interfaces that are bridges; none of what has no such shape."""
    found = interfaces.items() if isinstance(interfaces, dict) else ()
    listed = [
        about.get('ip-addresses')
        for name, about in found
        if _BRIDGE.fullmatch(name) and isinstance(about, dict)
    ]
    return frozenset(
        address
        for addresses in listed
        if isinstance(addresses, list)
        for address in addresses
        if isinstance(address, str)
    )
