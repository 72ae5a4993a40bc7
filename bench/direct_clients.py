"""Those who ask in `bench.direct`, each in a process of its own.

    python -m bench.direct_clients CLIENT DIRECTORY PORT USER AT_ONCE ROUNDS < ADDRESSES

It prints a line of JSON for each round, and a last one for all of it. With more than one round the
connections are kept, and after the last it waits, to see what they cost that nobody uses.
"""

from __future__ import annotations

import asyncio
import base64
import json
import resource
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from charm.kernel.deadline import Deadline
from charm.kernel.gather import gather
from reconciler.reach.base import RemoteCommand
from reconciler.reach.direct import DirectReach
from reconciler.reach.ssh.approach import MachineAddress, SshSettings
from reconciler.reach.ssh.client import SshClient
from reconciler.reach.ssh.hostkeys import KnownHosts
from reconciler.reach.ssh.login import Logins
from reconciler.reach.ssh.pool import Pool

from .direct import IDLE_SECONDS, SECONDS
from .far_sides import ANSWER_BYTES, Field
from .spent import all_seconds

# What asks one machine, by its address, and returns its answer.
Ask = Callable[[str], bytes]


def reach_of(ground: Field, addresses: list[str], keeps: bool, client: SshClient) -> DirectReach:
    """Return the reach of a sweep, from the machine's name to its answer."""
    kind, key = Path(f'{ground.host}.pub').read_text().split()[:2]
    ssh = ground.directory / f'ssh-{kind}'
    ssh.mkdir(exist_ok=True)
    (ssh / 'config').write_text(f'Port {ground.port}\nUser {ground.user}\n')
    known = ground.directory / 'known_hosts'
    known.write_text(''.join(f'lab:prod:{one} {kind} {key} i-{one}\n' for one in addresses))
    logins = Logins(ground.directory / 'juju', ssh)
    ways = SshSettings(logins, KnownHosts(known), _never, client, 20, keeps)
    places = {one: MachineAddress(f'lab:prod:{one}', (one,), f'i-{one}') for one in addresses}
    return DirectReach(places, Pool(ways))


def by_pool(ground: Field, addresses: list[str], keeps: bool, client: SshClient) -> Ask:
    """Ask as a sweep does."""
    reach = reach_of(ground, addresses, keeps, client)
    command = RemoteCommand('report', 65536)
    return lambda one: reach.run(one, command, Deadline.after(SECONDS)).stdout


def _never(*told: object) -> None:
    raise AssertionError(f'asked juju: {told}')


def by_paramiko(ground: Field, addresses: list[str], keeps: bool) -> Ask:
    from reconciler.reach.ssh.link import ParamikoClient

    return by_pool(ground, addresses, keeps, ParamikoClient())


def by_asyncssh(ground: Field, addresses: list[str], keeps: bool) -> Ask:
    from reconciler.reach.ssh.loop.link import LoopClient

    return by_pool(ground, addresses, keeps, LoopClient())


def by_ssh2(ground: Field, addresses: list[str], keeps: bool) -> Ask:
    from ssh2.session import Session

    private, public = ground.own.read_bytes(), Path(f'{ground.own}.pub').read_bytes()
    host_key = base64.b64decode(Path(f'{ground.host}.pub').read_text().split()[1])
    kept: dict[str, tuple[socket.socket, Session]] = {}

    def connected(one: str) -> tuple[socket.socket, Session]:
        sock = socket.create_connection((one, ground.port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        session = Session()
        session.handshake(sock)
        assert session.hostkey()[0] == host_key
        session.userauth_publickey_frommemory(ground.user, private, '', public)
        return sock, session

    def ask(one: str) -> bytes:
        sock, session = kept.get(one) or connected(one)
        channel = session.open_session()
        channel.execute('report')
        answer = b''
        while (read := channel.read())[0] > 0:
            answer += read[1]
        channel.close()
        if keeps:
            kept[one] = sock, session
        else:
            session.disconnect()
            # The session goes before its socket.
            del channel, session
            sock.close()
        return answer

    return ask


REACHES = {
    'direct, paramiko': by_paramiko,
    'direct, asyncssh': by_asyncssh,
    'ssh2-python': by_ssh2,
}


def in_threads(ask: Ask, addresses: list[str], at_once: int) -> int:
    """Return how many answers were right."""

    def right(one: str) -> bool:
        answer = ask(one)
        return answer.startswith(one.encode() + b'\n') and len(answer) > ANSWER_BYTES

    calls = {one: (lambda one=one: right(one)) for one in addresses}
    found = 0
    for done in gather(calls, Deadline.after(SECONDS), at_once):
        if done.error is not None:
            print(f'{done.key}: {done.error}', file=sys.stderr)
        found += bool(done.value)
    return found


class AsyncsshAlone:
    """asyncssh as its documentation shows it, with the options made once; one thread."""

    def __init__(self, ground: Field, at_once: int, keeps: bool) -> None:
        import asyncssh

        self._asyncssh, self._port, self._keeps = asyncssh, ground.port, keeps
        self._at_once = at_once
        host_key = asyncssh.read_public_key(f'{ground.host}.pub')
        self._options = asyncssh.SSHClientConnectionOptions(
            config=None,
            username=ground.user,
            client_keys=[asyncssh.read_private_key(str(ground.own))],
            known_hosts=([host_key], [], []),
            agent_path=None,
            compression_algs=['none'],
        )
        self._loop = asyncio.new_event_loop()
        self._kept: dict[str, object] = {}

    def round(self, addresses: list[str]) -> int:
        return self._loop.run_until_complete(self._all(addresses))

    async def _all(self, addresses: list[str]) -> int:
        turns = asyncio.Semaphore(self._at_once)

        async def one(address: str) -> bool:
            async with turns:
                made = self._kept.get(address) or await self._asyncssh.connect(
                    address, self._port, options=self._options
                )
                done = await made.run('report', encoding=None)
                if self._keeps:
                    self._kept[address] = made
                else:
                    made.abort()
                return bool(done.stdout.startswith(address.encode() + b'\n'))

        return sum(await asyncio.gather(*map(one, addresses)))


@contextmanager
def timed(figures: dict[str, float]) -> Iterator[None]:
    cpu, began = all_seconds(), time.monotonic()
    yield
    figures['seconds'] = time.monotonic() - began
    figures['cpu_seconds'] = all_seconds() - cpu


def main() -> int:
    name, directory, port, user, at_once, rounds = sys.argv[1:]
    addresses = sys.stdin.read().split()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    ground, keeps = Field(Path(directory), int(port), user), int(rounds) > 1
    if name in REACHES:
        ask = REACHES[name](ground, addresses, keeps)

        def once() -> int:
            return in_threads(ask, addresses, int(at_once))
    else:
        alone = AsyncsshAlone(ground, int(at_once), keeps)

        def once() -> int:
            return alone.round(addresses)

    for _ in range(int(rounds)):
        figures: dict[str, float] = {}
        with timed(figures):
            right = once()
        print(json.dumps({**figures, 'right': right}), flush=True)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    whole: dict[str, float] = {'peak_kb': usage.ru_maxrss}
    if keeps:
        idle: dict[str, float] = {}
        with timed(idle):
            time.sleep(IDLE_SECONDS)
        whole['threads'] = threading.active_count()
        whole['idle_core_percent'] = 100 * idle['cpu_seconds'] / idle['seconds']
    print(json.dumps(whole), flush=True)
    # Connections that are kept end with the process.
    sys.stdout.flush()
    return 0


if __name__ == '__main__':
    sys.exit(main())
