"""The network of a park: one bridge, one network namespace per machine, no way out.

Addresses are 10.213.SLOT.x. While a park stands, its bridge has the route to them; an
`unreachable` route of the worst metric is below it, so that a stray packet is refused at once and
never leaves by this computer's default route.
"""

from __future__ import annotations

from dataclasses import dataclass

from .shell import attempt, run

WORST_METRIC = 4294967295


@dataclass(frozen=True)
class Network:
    """The bridge of one park.

    Attributes:
        slot: which of the parks of this computer, from 0.
    """

    slot: int

    @property
    def bridge(self) -> str:
        """The bridge's name."""
        return f'jhbr{self.slot}'

    @property
    def subnet(self) -> str:
        """The machines' addresses."""
        return f'10.213.{self.slot}.0/24'

    def up(self) -> None:
        """Make the bridge.

        Raises:
            HostError: it exists, or the kernel has none.
        """
        run(['ip', 'route', 'replace', 'unreachable', self.subnet, 'metric', str(WORST_METRIC)])
        _batch(
            f'link add {self.bridge} type bridge',
            f'addr add 10.213.{self.slot}.1/24 dev {self.bridge}',
            f'link set {self.bridge} up',
        )

    def down(self) -> None:
        """Remove the bridge; nothing happens if it is gone."""
        attempt(['ip', 'link', 'del', self.bridge])
        attempt(['ip', 'route', 'del', 'unreachable', self.subnet, 'metric', str(WORST_METRIC)])


@dataclass(frozen=True)
class Cable:
    """What connects one machine to the bridge: a pair of interfaces and a network namespace.

    Attributes:
        network: the park's.
        index: which machine, from 0.
    """

    network: Network
    index: int

    @property
    def namespace(self) -> str:
        """The network namespace's name, and that of the interface at the bridge."""
        return f'jh{self.network.slot}-{self.index}'

    @property
    def address(self) -> str:
        """The machine's IPv4 address."""
        return f'10.213.{self.network.slot}.{10 + self.index}'

    def plug_in(self) -> None:
        """Make the namespace and both interfaces.

        The bridge knows the machine's hardware address for good, so that a machine which is cut
        off is silent, as behind a broken router, and not `No route to host` after three seconds.

        Raises:
            HostError: a name is taken, or the kernel lacks a part.
        """
        name, bridge = self.namespace, self.network.bridge
        hardware = f'52:54:00:d5:{self.network.slot:02x}:{10 + self.index:02x}'
        run(['ip', 'netns', 'add', name])
        _batch(
            f'link add {name} type veth peer name host0 address {hardware} netns {name}',
            f'link set {name} master {bridge} up',
            f'neigh replace {self.address} lladdr {hardware} dev {bridge} nud permanent',
        )
        _batch(
            'link set lo up',
            f'addr add {self.address}/24 dev host0',
            'link set host0 up',
            namespace=name,
        )

    def connect(self, connected: bool) -> None:
        """Let packets pass, or drop every one of them."""
        run(['ip', 'link', 'set', self.namespace, 'up' if connected else 'down'])

    def unplug(self) -> None:
        """Remove it all; nothing happens if it is gone."""
        # The namespace alone would free the interfaces later, at a time of its own.
        attempt(['ip', 'link', 'del', self.namespace])
        attempt(['ip', 'netns', 'del', self.namespace])


def _batch(*lines: str, namespace: str = '') -> None:
    where = ['-n', namespace] if namespace else []
    run(['ip', *where, '-batch', '-'], stdin='\n'.join(lines) + '\n')
