"""Connections to machines, one for each; where they are asked again they are kept open."""

from __future__ import annotations

import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline
from charm.kernel.errors import FileError
from reconciler.values.readings import Outcome

from ..base import ReachError, RemoteCommand, last_line
from .alarms import taken
from .approach import Approach, MachineAddress, SshSettings, nowhere
from .client import NotStartedError, SshLink
from .far_end import OtherKeyError
from .hostkeys import KEY_FILES, HostKey, KnownMachine, parse_keys, show_keys
from .known_hosts_lines import REVOKED

_KEYS_CAP_BYTES = 65536


# What juju says, asked again of a machine that shows another key than was learnt.
_NEW_KEYS = (
    'cannot trust it yet: it has new host keys, which juju knows of too: it was made anew under '
    'the same name, or new keys were made there'
)
_REFUSED_TOO = 'juju ssh does not trust it either'
_SAME_STILL = 'juju says that the machine has the learnt key still: another answers there'
_NEITHER = 'juju knows yet another key of it by now'


@dataclass
class _Slot:
    """One machine's connection, where it was reached last, and keys that it refused.

    Attributes:
        lock: held while the connection is looked at or made.
        users: the commands that run on the connection, or are about to.
    """

    lock: threading.Lock = field(default_factory=threading.Lock)
    link: SshLink | None = None
    users: int = 0
    address: str = ''
    refused: set[bytes] = field(default_factory=set)


class Pool:
    """Connections by machine; a dead one is replaced when it is next needed."""

    def __init__(self, ways: SshSettings) -> None:
        self._ways = ways
        self._approach = Approach(ways)
        self._lock = threading.Lock()
        self._slots: dict[str, _Slot] = {}
        self._closed = False

    def run(
        self, place: MachineAddress, target: str, command: RemoteCommand, deadline: Deadline
    ) -> Completed:
        """Run a command on a machine that `juju ssh` knows as `target`.

        Raises:
            ReachError: it did not get there, or the connection ended meanwhile.
        """
        if not place.addresses:
            # Before juju is asked for its host keys, which would be of no use.
            raise nowhere()
        with self._lock:
            slot = self._slots.setdefault(place.name, _Slot())
        reason = ''
        for _ in range(2):
            link, fresh = self._link(slot, place, target, deadline)
            ends, keeps = False, self._ways.keeps
            try:
                done = link.run(command, deadline, self._ways.connect_seconds)
                ends = done.timed_out and not done.stdout_bytes and not done.stderr_bytes
                # What came says that it was alive then; it may have fallen silent since.
                keeps &= not done.timed_out
                return done
            except NotStartedError as error:
                ends, reason = True, str(error)
                if fresh:
                    break
            except ReachError:
                ends = not link.alive
                raise
            finally:
                self._let_go(slot, link, ends, keeps)
        message = f'cannot reach it: {reason}'
        raise ReachError(Outcome.UNREACHABLE, message, retryable=True)

    def close(self) -> None:
        """End all connections; what is asked for later fails."""
        with self._lock:
            self._closed = True
            links = [slot.link for slot in self._slots.values() if slot.link is not None]
            self._slots.clear()
        with ThreadPoolExecutor(max_workers=16) as workers:
            list(workers.map(lambda link: link.close(), links))

    def _let_go(self, slot: _Slot, link: SshLink, ends: bool, keeps: bool) -> None:
        """End a connection, or if it is not to be kept once no other command runs on it."""
        with slot.lock:
            if slot.link is link:
                slot.users -= 1
                ends = ends or not (keeps or slot.users)
                if ends:
                    slot.link = None
        if ends:
            link.close()

    def _link(
        self, slot: _Slot, place: MachineAddress, target: str, deadline: Deadline
    ) -> tuple[SshLink, bool]:
        """Return the machine's connection, and whether it has just been made."""
        if not taken(slot.lock, deadline):
            message = 'cannot wait longer for the connection that is being made'
            raise ReachError(Outcome.UNREACHABLE, message)
        try:
            if slot.link is not None:
                # A machine that was built anew elsewhere is not the one at the other end.
                if slot.link.alive and slot.address in place.addresses:
                    slot.users += 1
                    return slot.link, False
                slot.link.close()
                slot.link = None
            known = self._known(place, target, deadline)
            try:
                link, address = self._approach.connect(
                    place, known, slot.address, slot.refused, deadline
                )
            except OtherKeyError as error:
                raise self._as_vouched_now(error, place, known, target, deadline) from error
            with self._lock:
                if self._closed:
                    link.close()
                    raise ReachError(Outcome.DEADLINE, 'cannot connect: it is over')
                slot.link, slot.address, slot.users = link, address, 1
            return link, True
        finally:
            slot.lock.release()

    def _as_vouched_now(
        self,
        error: OtherKeyError,
        place: MachineAddress,
        known: KnownMachine,
        target: str,
        deadline: Deadline,
    ) -> ReachError:
        """Return the error with what juju knows by now of the machine that seems to be another.

        Nothing is learnt by it: whoever forgets the old key has that done.
        """
        if known.is_other(place.instance):
            return error
        try:
            now = frozenset(self._learnt(target, deadline))
        except ReachError as why:
            return _with(error, _REFUSED_TOO) if why.outcome is Outcome.HOST_KEY else error
        if error.shown in now or (error.shown is None and not now & known.keys):
            forget = self._ways.known_hosts.forgetting(place.name)
            return ReachError(Outcome.HOST_KEY, f'{_NEW_KEYS}; forget the old key: {forget}')
        return _with(error, _SAME_STILL if now & known.keys else _NEITHER)

    def _known(self, place: MachineAddress, target: str, deadline: Deadline) -> KnownMachine:
        """Return the machine's host keys, learnt from juju and kept if none is known."""
        try:
            known = self._ways.known_hosts.lookup(place.name)
            if known.keys:
                return known
            learnt = self._learnt(target, deadline)
            keys = frozenset(learnt) - known.revoked
            if not keys:
                message = f'cannot trust it: its host keys are marked {REVOKED} in our known_hosts'
                raise ReachError(Outcome.HOST_KEY, message)
            self._ways.known_hosts.learn(place.name, learnt, place.instance)
        except FileError as error:
            raise ReachError(Outcome.HOST_KEY, str(error)) from error
        return KnownMachine(keys, place.instance, known.revoked)

    def _learnt(self, target: str, deadline: Deadline) -> tuple[HostKey, ...]:
        nonce = secrets.token_hex(8)
        command = RemoteCommand(show_keys(nonce), _KEYS_CAP_BYTES)
        said = self._ways.vouched(target, command, deadline)
        keys = parse_keys(said.stdout.decode(errors='replace'), nonce)
        if not keys:
            why = last_line(said.stderr) or f'{KEY_FILES} there has none'
            raise ReachError(Outcome.HOST_KEY, f'cannot learn its host keys: {why}', said)
        return keys


def _with(error: ReachError, more: str) -> ReachError:
    return ReachError(error.outcome, f'{error}; {more}', error.completed, advice=error.advice)
