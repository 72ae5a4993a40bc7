"""Whether the network interfaces that are meant to be used are on, and have a link."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path

from ...kernel.deadline import Deadline
from ...kernel.errors import CheckError
from ...kernel.facts import dataclass, field
from ...kernel.files import read_told
from ...kernel.globs import matches
from ...kernel.hints import Callable, Dict, List, Tuple
from ...kernel.report import Health
from ..check import Verdict
from ..interfaces import Interface, interfaces
from ..options import OUTSIDE, require_severity
from ..phrases import listed
from ..virtualization import Virtualization, detect

# Without a link while nobody is behind them.
_VIRTUAL = ('bridge', 'tun')
# Off with addresses by design: kube-proxy's kube-ipvs0 has those of all services.
_HOLDERS = ('dummy',)


@dataclass(frozen=True)
class Network:
    """Warn when an interface is configured, and is turned off or its link is gone.

    Attributes:
        severity: `warn` or `fail`: what a lost link means.
        ignore: interfaces that do not count; globs.
    """

    severity: str = 'warn'
    ignore: Tuple[str, ...] = ()
    read: Callable[[], Tuple[Interface, ...]] = field(default=interfaces, metadata=OUTSIDE)
    sysfs: Path = field(default=Path('/sys/class/net'), metadata=OUTSIDE)
    links: Path = field(default=Path('/run/systemd/netif/links'), metadata=OUTSIDE)
    around: Callable[[], Virtualization] = field(default=detect, metadata=OUTSIDE)

    def __post_init__(self) -> None:
        require_severity(self.severity)

    def run(self, deadline: Deadline) -> Verdict:
        """Return the verdict; `data.down` says of each what it is for.

        Raises:
            CheckError: the kernel does not tell of its interfaces.
        """
        try:
            found = self.read()
        except OSError as error:
            raise CheckError(f'cannot list network interfaces: {error.strerror}') from error
        down: Dict[str, str] = {}
        for each in found:
            ignored = any(matches(each.name, glob) for glob in self.ignore)
            use = '' if ignored or not self._is_dead(each) else self._use(each)
            if use:
                down[each.name] = f'{use}, set down' if each.is_off else use
        data = {'scope': self.around().own_scope, 'interfaces': len(found), 'down': down}
        if not down:
            return Verdict(Health.PASSED, 'every interface in use has a link', data)
        text = listed([f'{name} ({use})' for name, use in down.items()])
        return Verdict(Health(self.severity), f'no link: {text}', data)

    def _is_dead(self, each: Interface) -> bool:
        """Return whether nothing goes through it, and that is not its way."""
        if each.is_off:
            return each.driver not in _HOLDERS
        # A bond may have given a member up sooner.
        lacks = each.lacks_link or self._told(each, 'bonding_slave/mii_status') == 'down'
        return lacks and each.driver not in _VIRTUAL

    def _use(self, each: Interface) -> str:
        """Return what an interface is for, in words; nothing if it may well be unused."""
        at = self.sysfs / each.name
        ours = self._told(each, 'ifindex')
        master = os.path.basename(os.path.realpath(at / 'master')) if ours else ''
        if each.is_in_bond:
            return f'in {master or "a bond"}'
        if ours and (at / 'device').exists() and (at / 'master' / 'bridge').exists():
            return f'in {master}'
        fixed = sorted(one for one in each.addresses if not _is_link_local(one))
        if fixed:
            return f'has {listed(fixed, 2)}'
        return 'systemd-networkd is to give it an address' if self._is_to_have_one(each) else ''

    def _told(self, each: Interface, name: str) -> str:
        """Return what a file of sysfs says of it; nothing where sysfs is the host's."""
        at = self.sysfs / each.name
        here = read_told(at / 'ifindex').strip() == str(each.index)
        return read_told(at / name).strip() if here else ''

    def _is_to_have_one(self, each: Interface) -> bool:
        """Return whether networkd's file for it says so; it takes addresses off with the link."""
        state = _pairs(read_told(self.links / str(each.index)))
        if state.get('REQUIRED_FOR_ONLINE') != 'yes' or 'NETWORK_FILE' not in state:
            return False
        told = _pairs(read_told(Path(state['NETWORK_FILE'])))
        return bool(told.get('Address')) or told.get('DHCP', 'no') not in ('no', 'false', '')


def _is_link_local(address: str) -> bool:
    return ipaddress.ip_address(address).is_link_local


def _pairs(text: str) -> Dict[str, str]:
    split: List[Tuple[str, str, str]] = [line.partition('=') for line in text.split('\n')]
    return {key.strip(): value.strip() for key, equals, value in split if equals}
