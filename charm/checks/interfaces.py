"""The network interfaces of our own network namespace, as the kernel tells everybody.

/sys/class/net may show those of the host, as in a container that was given a namespace.
"""

from __future__ import annotations

import fcntl
import socket
import struct
from array import array
from pathlib import Path

from ..kernel.facts import dataclass
from ..kernel.hints import FrozenSet, List, Set, Tuple
from ..kernel.lines import lines_of

# See netdevice(7), linux/if.h and linux/ethtool.h.
_SIOCGIFFLAGS, _SIOCGIFADDR, _SIOCETHTOOL = 0x8913, 0x8915, 0x8946
_ETHTOOL_GDRVINFO = 3
_UP, _RUNNING, _SLAVE = 0x1, 0x40, 0x800
# struct ifreq: a name of 16 bytes; then flags, a pointer, or a socket address, whose IPv4 address
# is at 20.
_IFREQ = struct.Struct('16s24x')
_FLAGS = struct.Struct('16xH')
_POINTER = struct.Struct('16sP16x')
_V4 = slice(20, 24)
# struct ethtool_drvinfo: a command of 4 bytes, then the driver's name.
_DRIVER_BYTES, _DRIVER = 196, slice(4, 36)
_IF_INET6 = Path('/proc/net/if_inet6')


@dataclass(frozen=True)
class Interface:
    """A network interface.

    Attributes:
        name, index: what it is called, and its number.
        flags: its IFF_ flags; see netdevice(7).
        driver: such as `veth`, `bridge` or `tun`; empty if it says none.
        addresses: its IPv6 addresses and its first IPv4 address.
    """

    name: str
    index: int
    flags: int
    driver: str = ''
    addresses: FrozenSet[str] = frozenset()

    @property
    def is_off(self) -> bool:
        """Whether somebody set it down, or nobody ever up."""
        return not self.flags & _UP

    @property
    def lacks_link(self) -> bool:
        """Whether it is turned on, and nothing can be sent."""
        return not self.is_off and not self.flags & _RUNNING

    @property
    def is_in_bond(self) -> bool:
        """Whether it is a member of a bond."""
        return bool(self.flags & _SLAVE)


def interfaces(if_inet6: Path = _IF_INET6) -> Tuple[Interface, ...]:
    """Return all of them.

    Raises:
        OSError: the kernel does not tell.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        found = []
        for index, name in socket.if_nameindex():
            try:
                flags = fcntl.ioctl(asked, _SIOCGIFFLAGS, _IFREQ.pack(name.encode()))
            except OSError:
                # It has gone just now.
                continue
            owned = frozenset({*_v4(asked, name), *_v6(if_inet6, name)})
            found.append(
                Interface(name, index, _FLAGS.unpack_from(flags)[0], _driver(asked, name), owned)
            )
    return tuple(found)


def _driver(asked: socket.socket, name: str) -> str:
    answer = array('B', bytes(_DRIVER_BYTES))
    struct.pack_into('I', answer, 0, _ETHTOOL_GDRVINFO)
    try:
        pointer = _POINTER.pack(name.encode(), answer.buffer_info()[0])
        fcntl.ioctl(asked, _SIOCETHTOOL, pointer)
    except OSError:
        return ''
    return bytes(answer[_DRIVER]).partition(b'\0')[0].decode('ascii', 'replace')


def _v4(asked: socket.socket, name: str) -> List[str]:
    try:
        answer = fcntl.ioctl(asked, _SIOCGIFADDR, _IFREQ.pack(name.encode()))
    except OSError:
        return []
    return [socket.inet_ntoa(answer[_V4])]


def _v6(if_inet6: Path, name: str) -> Set[str]:
    try:
        rows = [line.split() for line in lines_of(if_inet6)]
    except OSError:
        return set()
    owned = (words[0] for words in rows if len(words) == 6 and words[5] == name)
    return {socket.inet_ntop(socket.AF_INET6, bytes.fromhex(digits)) for digits in owned}
