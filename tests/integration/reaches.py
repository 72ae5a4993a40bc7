"""Every way to reach a real machine, made ready for one test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline
from reconciler.juju import status
from reconciler.juju.command import Juju
from reconciler.reach.base import Reach, ReachError, RemoteCommand
from reconciler.reach.direct import DirectReach, places_of
from reconciler.reach.juju_ssh import JujuSSH
from reconciler.reach.local import LocalReach
from reconciler.reach.ssh.approach import SshSettings
from reconciler.reach.ssh.client import SshClient
from reconciler.reach.ssh.hostkeys import KnownHosts
from reconciler.reach.ssh.link import ParamikoClient
from reconciler.reach.ssh.login import Logins
from reconciler.reach.ssh.loop.link import LoopClient
from reconciler.reach.ssh.pool import Pool
from reconciler.values.model import Model
from tests.hosts.host import Host
from tests.standin.builder import JUJU, Application, Machine, Unit, World
from tests.support.patience import PATIENCE

CONNECT_SECONDS = 2
CAP_BYTES = 65536
TARGET = 'web/0'


def world_of(*machines: Machine) -> World:
    """Return a model with one unit of web on each machine."""
    units = tuple(Unit(f'web/{one.id}', one.id) for one in machines)
    return World(machines, (Application('web', units),))


@dataclass
class Lab:
    """A juju that knows some machines, and the ways to them.

    Attributes:
        directory: where juju's data, the user's ~/.ssh and the known host keys are.
        identity: the private key that the machines accept.
        client: makes what speaks ssh on the direct way.
    """

    directory: Path
    identity: Path | None
    client: Callable[[], SshClient] = ParamikoClient

    def write(self, world: World) -> Model:
        """Let juju know of the world, and return what its status says."""
        self.environment = world.write(self.directory / 'juju', self.identity)
        os.environ['JUJU_DATA'] = self.environment['JUJU_DATA']
        return status.decode(Juju(str(JUJU)).status(Deadline.after(PATIENCE)))

    @property
    def through_juju(self) -> JujuSSH:
        """The reach through `juju ssh`."""
        return JujuSSH(Juju(str(JUJU)), connect_timeout_seconds=CONNECT_SECONDS)

    @property
    def known_hosts(self) -> KnownHosts:
        """The host keys that were learnt."""
        return KnownHosts(self.directory / 'state' / 'known_hosts')

    @contextmanager
    def pool(
        self, vouching: Reach | None = None, jump: tuple[str, ...] = (), config: str = ''
    ) -> Iterator[Pool]:
        """Yield a pool of connections; `config` is the user's ~/.ssh/config."""
        ssh = self.directory / 'ssh'
        ssh.mkdir(exist_ok=True)
        (ssh / 'config').write_text(config)
        logins = Logins(self.directory / 'juju', ssh, jump)
        vouched = (vouching or self.through_juju).run
        ways = SshSettings(logins, self.known_hosts, vouched, self.client(), CONNECT_SECONDS)
        pool = Pool(ways)
        try:
            yield pool
        finally:
            pool.close()


Way = Callable[[Lab, Model], AbstractContextManager[Reach]]


@contextmanager
def juju_way(lab: Lab, model: Model) -> Iterator[Reach]:
    yield lab.through_juju


@contextmanager
def direct_way(lab: Lab, model: Model) -> Iterator[Reach]:
    with lab.pool() as pool:
        yield DirectReach(places_of(model), pool)


@contextmanager
def warm_way(lab: Lab, model: Model) -> Iterator[Reach]:
    """Yield the direct reach with its connection made already."""
    with lab.pool() as pool:
        reach = DirectReach(places_of(model), pool)
        reach.run(TARGET, RemoteCommand('true', CAP_BYTES), Deadline.after(PATIENCE))
        yield reach


def by_asyncssh(way: Way) -> Way:
    """Return the same way, on which asyncssh speaks ssh."""

    @contextmanager
    def with_it(lab: Lab, model: Model) -> Iterator[Reach]:
        with way(replace(lab, client=LoopClient), model) as reach:
            yield reach

    return with_it


@contextmanager
def local_way(lab: Lab, model: Model) -> Iterator[Reach]:
    yield LocalReach()


DIRECT: dict[str, Way] = {'direct': direct_way, 'direct-asyncssh': by_asyncssh(direct_way)}
REMOTE: dict[str, Way] = {
    'juju': juju_way,
    **DIRECT,
    'warm': warm_way,
    'warm-asyncssh': by_asyncssh(warm_way),
}
EVERY: dict[str, Way] = {**REMOTE, 'local': local_way}


def run(reach: Reach, command: str, seconds: float = PATIENCE, target: str = TARGET) -> Completed:
    """Run a command and return how it ended, whatever its exit code says of the way."""
    try:
        return reach.run(target, RemoteCommand(command, CAP_BYTES), Deadline.after(seconds))
    except ReachError as error:
        return error.completed


def refusal(reach: Reach, command: str = 'true', seconds: float = PATIENCE) -> ReachError:
    """Return why a command did not get there."""
    try:
        done = reach.run(TARGET, RemoteCommand(command, CAP_BYTES), Deadline.after(seconds))
    except ReachError as error:
        return error
    raise AssertionError(f'it was reached: {done}')


def logins(host: Host) -> int:
    """Return how often somebody has logged in over ssh since the machine was made."""
    journal = host.must('journalctl --no-pager -o cat -t sshd')
    return journal.count('Accepted publickey')


Fault = Callable[[Host], object]
