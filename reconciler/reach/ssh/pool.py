"""Connections to machines, kept open from one command to the next; one machine, one connection."""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline
from charm.kernel.errors import FileError
from reconciler.values.readings import Outcome
from reconciler.values.time_budget import TimeBudget

from ..base import ReachError, last_line
from .dial import CommandSocket, connections
from .hostkeys import KEY_FILES, HostKey, KnownHosts, KnownMachine, parse_keys, show_keys
from .identities import Keyring
from .link import NotStartedError, SshConnection, SshTarget
from .login import Login, Logins

# sshd drops connections at random when more than ten wait to log in (MaxStartups 10:30:100), and
# through a jump host they all do so at one sshd.
JUMPS_AT_ONCE = 8
_KEYS_CAP_BYTES = 65536


@dataclass(frozen=True)
class MachineAddress:
    """A machine as juju status knows it.

    Attributes:
        name: what its host keys are kept under, such as `lab:prod:0`.
        addresses: where it may be, the likeliest first.
        instance: its instance id; empty if unsaid.
    """

    name: str
    addresses: tuple[str, ...]
    instance: str = ''


@dataclass
class _Slot:
    """One machine's connection, and where it was reached last."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    link: SshConnection | None = None
    address: str = ''


@dataclass(frozen=True)
class SshSettings:
    """The settings of connections.

    Attributes:
        logins: as whom, and with which keys.
        known_hosts: where host keys are kept.
        vouched: runs, as `Reach.run` does, what shows a machine's host keys: through juju, since
            the controller vouches for what that reaches.
        connect_seconds: for making a connection, and for logging in.
    """

    logins: Logins
    known_hosts: KnownHosts
    vouched: Callable[[str, str, Deadline, int], Completed]
    connect_seconds: float = TimeBudget.connect_timeout_seconds


class Pool:
    """Connections by machine; a dead one is replaced when it is next needed."""

    def __init__(self, ways: SshSettings) -> None:
        self._ways = ways
        self._keyring = Keyring()
        self._jumps = threading.BoundedSemaphore(JUMPS_AT_ONCE)
        self._lock = threading.Lock()
        self._slots: dict[str, _Slot] = {}
        self._closed = False

    def run(
        self,
        place: MachineAddress,
        target: str,
        command: str,
        deadline: Deadline,
        cap_bytes: int,
        stdin: bytes = b'',
    ) -> Completed:
        """Run a command on a machine that `juju ssh` knows as `target`; it reads `stdin`.

        Raises:
            ReachError: it did not get there, or the connection ended meanwhile.
        """
        if not place.addresses:
            # Before juju is asked for its host keys, which would be of no use.
            raise _nowhere()
        with self._lock:
            slot = self._slots.setdefault(place.name, _Slot())
        reason = ''
        for _ in range(2):
            link, fresh = self._link(slot, place, target, deadline)
            try:
                connect = self._ways.connect_seconds
                done = link.run(command, deadline, cap_bytes, connect, stdin)
            except NotStartedError as error:
                self._drop(slot, link)
                reason = str(error)
                if fresh:
                    break
                continue
            except ReachError:
                if not link.alive:
                    self._drop(slot, link)
                raise
            if done.timed_out and not done.stdout_bytes and not done.stderr_bytes:
                self._drop(slot, link)
            return done
        message = f'cannot reach it: {reason}'
        raise ReachError(Outcome.UNREACHABLE, message, retryable=True)

    def close(self) -> None:
        """End all connections; what is asked for later fails."""
        with self._lock:
            self._closed = True
            links = [slot.link for slot in self._slots.values() if slot.link is not None]
            self._slots.clear()
        with ThreadPoolExecutor(max_workers=16) as workers:
            list(workers.map(SshConnection.close, links))

    @staticmethod
    def _drop(slot: _Slot, link: SshConnection) -> None:
        link.close()
        with slot.lock:
            if slot.link is link:
                slot.link = None

    def _link(
        self, slot: _Slot, place: MachineAddress, target: str, deadline: Deadline
    ) -> tuple[SshConnection, bool]:
        """Return the machine's connection, and whether it has just been made."""
        if not slot.lock.acquire(timeout=deadline.remaining_seconds):
            message = 'cannot wait longer for the connection that is being made'
            raise ReachError(Outcome.UNREACHABLE, message)
        try:
            if slot.link is not None:
                # A machine that was built anew elsewhere is not the one at the other end.
                if slot.link.alive and slot.address in place.addresses:
                    return slot.link, False
                slot.link.close()
                slot.link = None
            known = self._known(place, target, deadline)
            link, address = self._connected(slot.address, place, known, deadline)
            with self._lock:
                if self._closed:
                    link.close()
                    raise ReachError(Outcome.DEADLINE, 'cannot connect: it is over')
                slot.link, slot.address = link, address
            return link, True
        finally:
            slot.lock.release()

    def _known(self, place: MachineAddress, target: str, deadline: Deadline) -> KnownMachine:
        """Return the machine's host keys, learnt from juju and kept if none is known."""
        try:
            known = self._ways.known_hosts.lookup(place.name)
            if known.keys:
                return known
            keys = self._learnt(target, deadline)
            self._ways.known_hosts.learn(place.name, keys, place.instance)
        except FileError as error:
            raise ReachError(Outcome.HOST_KEY, str(error)) from error
        return KnownMachine(frozenset(keys), place.instance)

    def _learnt(self, target: str, deadline: Deadline) -> tuple[HostKey, ...]:
        nonce = secrets.token_hex(8)
        said = self._ways.vouched(target, show_keys(nonce), deadline, _KEYS_CAP_BYTES)
        keys = parse_keys(said.stdout.decode(errors='replace'), nonce)
        if not keys:
            why = last_line(said.stderr) or f'{KEY_FILES} there has none'
            raise ReachError(Outcome.HOST_KEY, f'cannot learn its host keys: {why}', said)
        return keys

    def _connected(
        self, remembered: str, place: MachineAddress, known: KnownMachine, deadline: Deadline
    ) -> tuple[SshConnection, str]:
        """Return a connection to the first address that is the machine, and the address.

        Where none is, that a host key was wrong tells more than that nobody was there.
        """
        addresses = sorted(place.addresses, key=lambda address: address != remembered)
        worst: ReachError | None = None
        try:
            for address, far in self._ends(addresses, place, known, deadline):
                until = deadline.within(self._ways.connect_seconds)
                try:
                    return SshConnection.connect(far, self._keyring, until), address
                except ReachError as error:
                    if error.outcome is Outcome.REFUSED_KEY:
                        raise
                    if worst is None or error.outcome is Outcome.HOST_KEY:
                        worst = _with_complaint(error, far.sock)
        except OSError as error:
            if worst is None:
                where = ', '.join(addresses)
                message = f'cannot reach it at {where}: {error.strerror or error}'
                worst = ReachError(Outcome.UNREACHABLE, message, retryable=True)
        raise worst or _nowhere()

    def _ends(
        self, addresses: list[str], place: MachineAddress, known: KnownMachine, deadline: Deadline
    ) -> Iterator[tuple[str, SshTarget]]:
        """Yield far ends as they come about; an `OSError` says that no more will."""
        changed = self._changed(place, known)
        logins = self._logins(addresses)
        straight = [(address, login.port) for address, login in logins.items() if not login.proxy]
        for address, login in logins.items():
            if login.proxy:
                yield from self._through(address, login, known, changed, deadline)
        if straight:
            until = deadline.within(self._ways.connect_seconds)
            for address, sock in connections(straight, until):
                yield address, SshTarget(sock, logins[address], known.keys, changed)

    def _logins(self, addresses: list[str]) -> dict[str, Login]:
        """Return the logins at the addresses where one can log in.

        Raises:
            ReachError: there is none.
        """
        logins: dict[str, Login] = {}
        refused = _nowhere()
        for address in addresses:
            try:
                logins[address] = self._ways.logins.login(address)
            except ReachError as error:
                refused = error
        if not logins:
            raise refused
        return logins

    def _through(
        self, address: str, login: Login, known: KnownMachine, changed: str, deadline: Deadline
    ) -> Iterator[tuple[str, SshTarget]]:
        if not self._jumps.acquire(timeout=deadline.remaining_seconds):
            raise TimeoutError('too many connections wait for the jump host')
        try:
            sock = CommandSocket.through(login.proxy)
            yield address, SshTarget(sock, login, known.keys, changed)
        finally:
            self._jumps.release()

    def _changed(self, place: MachineAddress, known: KnownMachine) -> str:
        forget = self._ways.known_hosts.forgetting(place.name)
        if known.instance and place.instance and known.instance != place.instance:
            return (
                f'cannot trust it: it was built anew: its host key was learnt of instance '
                f'{known.instance}, and it is {place.instance} now; forget the old key: {forget}'
            )
        return (
            'cannot trust it: its host key is not the one that was learnt, and juju knows of no '
            'new machine, so somebody may be in between; only if you know why it changed, '
            f'forget the old key: {forget}'
        )


def _nowhere() -> ReachError:
    return ReachError(Outcome.UNREACHABLE, 'cannot reach it: juju status names no address of it')


def _with_complaint(error: ReachError, sock: socket.socket) -> ReachError:
    """Return the error with what the command that leads there complained about, if one does."""
    said = sock.said_last if isinstance(sock, CommandSocket) else ''
    if not said or error.outcome is not Outcome.UNREACHABLE:
        return error
    return ReachError(error.outcome, f'{error}: {said}', error.completed, error.retryable)
