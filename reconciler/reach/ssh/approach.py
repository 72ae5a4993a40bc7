"""Find a machine at its addresses: the one that shows the machine's own host key is it.

Juju does so too (its reachable addresses are those whose host key matches). What another key means
depends on the address: at one that other machines have as well, that one of these answers; at one
of its own, that something is wrong. Which of the two keys is right nobody here can tell, so
nothing here says to forget one, save where juju says that the machine is another by now.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline
from reconciler.values.outcomes import Outcome
from reconciler.values.time_budget import TimeBudget

from ..base import ReachError, RemoteCommand
from ..dropped import is_drop
from .alarms import ALARMS, taken
from .client import SshClient, SshLink
from .dial import CommandSocket, connections
from .far_end import SshTarget
from .hostkeys import KnownHosts, KnownMachine
from .login import Login, Logins

# sshd drops connections at random when more than ten wait to log in (MaxStartups 10:30:100), and
# through a jump host they all do so at one sshd.
JUMPS_AT_ONCE = 8
_AT_JUMP_SECONDS = 2.0
_REASONS = 'another machine has that address, new keys were made there, or somebody is in between'


@dataclass(frozen=True)
class MachineAddress:
    """A machine as juju status knows it.

    Attributes:
        name: what its host keys are kept under, such as `lab:prod:0`.
        addresses: where it may be, the likeliest first.
        instance: its instance id; empty if unsaid.
        shared: those of the addresses that other machines have as well, such as a bridge's: a
            wrong key there only says that another machine answers.
    """

    name: str
    addresses: tuple[str, ...]
    instance: str = ''
    shared: frozenset[str] = frozenset()


@dataclass(frozen=True)
class SshSettings:
    """The settings of connections.

    Attributes:
        logins: as whom, and with which keys.
        known_hosts: where host keys are kept.
        vouched: runs, as `Reach.run` does, what shows a machine's host keys: through juju, since
            the controller vouches for what that reaches.
        client: speaks ssh.
        connect_seconds: for making a connection, and for logging in.
        keeps: whether connections are kept for the next command.
    """

    logins: Logins
    known_hosts: KnownHosts
    vouched: Callable[[str, RemoteCommand, Deadline], Completed]
    client: SshClient
    connect_seconds: float = TimeBudget.connect_timeout_seconds
    keeps: bool = True


@dataclass
class _Failures:
    """Why the addresses that were tried so far are not the machine."""

    worst: ReachError | None = None
    strangers: list[str] = field(default_factory=list)

    def add(self, error: ReachError) -> None:
        """Keep the most telling: a wrong key tells more than that nobody was there."""
        if self.worst is None or error.outcome is Outcome.HOST_KEY:
            self.worst = error

    def told(self) -> ReachError:
        """Return what to say of all of them."""
        if not self.strangers:
            return self.worst or nowhere()
        answers = f'at {", ".join(self.strangers)}, which other machines have too, another answers'
        if self.worst is None:
            return ReachError(Outcome.UNREACHABLE, f'cannot reach it: {answers}', retryable=True)
        self.worst.args = (f'{self.worst}; {answers}',)
        return self.worst


class Approach:
    """Makes connections to machines, wherever they are."""

    def __init__(self, ways: SshSettings) -> None:
        self._ways = ways
        self._jumps = threading.BoundedSemaphore(JUMPS_AT_ONCE)

    def connect(
        self,
        place: MachineAddress,
        known: KnownMachine,
        remembered: str,
        refused: set[bytes],
        deadline: Deadline,
    ) -> tuple[SshLink, str]:
        """Return a connection to the first address that is the machine, and the address.

        Args:
            place: where it may be.
            known: its host keys.
            remembered: where it was the last time; empty if it never was.
            refused: the keys of ours that it has refused; more are added.
            deadline: by when.

        Raises:
            ReachError: none is, or it does not let us in.
        """
        addresses = sorted(place.addresses, key=lambda address: address != remembered)
        failures = _Failures()
        try:
            for address, far in self._ends(addresses, place, known, refused, deadline):
                until = deadline.within(self._ways.connect_seconds)
                try:
                    return self._ways.client.connect(far, until), address
                except ReachError as error:
                    if error.outcome in (Outcome.REFUSED_KEY, Outcome.NO_LOGIN):
                        raise
                    if error.outcome is Outcome.HOST_KEY and address in place.shared:
                        failures.strangers.append(address)
                    else:
                        failures.add(_with_complaint(error, far.sock))
        except OSError as error:
            if failures.worst is None:
                where = ', '.join(one for one in addresses if one not in failures.strangers)
                message = f'cannot reach it at {where}: {error.strerror or error}'
                failures.add(ReachError(Outcome.UNREACHABLE, message, retryable=True))
        raise failures.told()

    def _ends(
        self,
        addresses: list[str],
        place: MachineAddress,
        known: KnownMachine,
        refused: set[bytes],
        deadline: Deadline,
    ) -> Iterator[tuple[str, SshTarget]]:
        """Yield far ends as they come about; an `OSError` says that no more will."""
        logins = self._logins(addresses, deadline)

        def target(address: str, sock: socket.socket) -> SshTarget:
            changed = self._changed(place, known, address)
            return SshTarget(sock, logins[address], known.keys, changed, refused, known.revoked)

        straight = {
            address: (login.host or address, login.port)
            for address, login in logins.items()
            if not login.proxy
        }
        for address, login in logins.items():
            if login.proxy:
                with self._through(login, deadline) as sock:
                    yield address, target(address, sock)
        if straight:
            until = deadline.within(self._ways.connect_seconds)
            for address, sock in connections(straight, until):
                yield address, target(address, sock)

    def _logins(self, addresses: list[str], deadline: Deadline) -> dict[str, Login]:
        """Return the logins at the addresses where one can log in.

        Raises:
            ReachError: there is none.
        """
        logins: dict[str, Login] = {}
        refused = nowhere()
        for address in addresses:
            try:
                logins[address] = self._ways.logins.login(address, deadline)
            except ReachError as error:
                refused = error
        if not logins:
            raise refused
        return logins

    @contextmanager
    def _through(self, login: Login, deadline: Deadline) -> Iterator[socket.socket]:
        """Yield a connection through a command, when there is room for one more."""
        if not taken(self._jumps, deadline):
            raise TimeoutError('too many connections wait for the jump host')
        # By then it is the machine that is waited for, and no longer the jump host's sshd.
        alarm = ALARMS.set(Deadline.after(_AT_JUMP_SECONDS), self._jumps.release)
        try:
            yield CommandSocket.through(login.proxy)
        finally:
            alarm.now()

    def _changed(self, place: MachineAddress, known: KnownMachine, address: str) -> str:
        """Return what to say if another key than a known one is shown at the address."""
        if known.is_other(place.instance):
            forget = self._ways.known_hosts.forgetting(place.name)
            return (
                f'cannot trust it: it was built anew: its host key was learnt of instance '
                f'{known.instance}, and it is {place.instance} now; forget the old key: {forget}'
            )
        return (
            f'cannot trust what answers at {address}: its host key is not the one that was '
            f'learnt, and juju knows of no new machine: {_REASONS}'
        )


def nowhere() -> ReachError:
    """Return the error of a machine that is nowhere."""
    return ReachError(Outcome.UNREACHABLE, 'cannot reach it: juju status names no address of it')


def _with_complaint(error: ReachError, sock: socket.socket) -> ReachError:
    """Return the error with what the command that leads there complained about, if one does.

    That says as well whether the way was only too busy.
    """
    said = sock.said_last if isinstance(sock, CommandSocket) else ''
    if not said or error.outcome is not Outcome.UNREACHABLE:
        return error
    told = ReachError(error.outcome, f'{error}: {said}', error.completed, error.retryable)
    told.dropped = is_drop(said)
    return told
