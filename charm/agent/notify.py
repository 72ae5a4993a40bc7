"""Tell systemd how we are: the datagrams of sd_notify(3), without its library."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from typing import Callable, List, MutableMapping, Optional


class Notifier:
    """A door to the service manager; without one it does nothing.

    Attributes:
        watchdog_seconds: how often the manager wants to hear from us; `None` if it does not.
    """

    def __init__(self, address: str = '', watchdog_seconds: Optional[float] = None) -> None:
        # An address that starts with @ is in the abstract namespace, whose first byte is zero.
        self._address = f'\0{address[1:]}' if address.startswith('@') else address
        self.watchdog_seconds = watchdog_seconds if address else None

    @classmethod
    def take(cls, environment: MutableMapping[str, str] = os.environ) -> Notifier:
        """Return the door that the environment names, and remove its variables.

        What we start must not be able to speak for us.
        """
        address = environment.pop('NOTIFY_SOCKET', '')
        microseconds = environment.pop('WATCHDOG_USEC', '')
        process = environment.pop('WATCHDOG_PID', '')
        ours = not process or process == str(os.getpid())
        seconds = int(microseconds) / 1e6 if microseconds.isdigit() and ours else None
        return cls(address, seconds or None)

    def ready(self, status: str) -> None:
        """Say that we serve."""
        self._send(f'READY=1\nSTATUS={" ".join(status.split())}')

    def reloading(self) -> None:
        """Say that the configuration is read again; `ready` ends it."""
        microseconds = int(time.clock_gettime(time.CLOCK_MONOTONIC) * 1e6)
        self._send(f'RELOADING=1\nMONOTONIC_USEC={microseconds}')

    def alive(self) -> None:
        """Feed the watchdog."""
        self._send('WATCHDOG=1')

    def stopping(self) -> None:
        """Say that we end."""
        self._send('STOPPING=1')

    def _send(self, message: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as door:
            # A manager that does not listen is no reason to stop checking.
            door.settimeout(1.0)
            with contextlib.suppress(OSError):
                door.sendto(message.encode('utf-8', 'replace'), self._address)


class Watchdog:
    """Feeds the service manager's watchdog while everything lives that has to.

    `guard` returns what has died that must not, in words, or nothing; `say` is told of it.
    """

    def __init__(
        self, notifier: Notifier, guard: Callable[[], str], say: Callable[[str], None]
    ) -> None:
        self._notifier = notifier
        self._guard = guard
        self._say = say
        self._fed_at: Optional[float] = None

    def feed(self, now: float) -> None:
        """Feed it if it is time, on a monotonic clock."""
        every = self._notifier.watchdog_seconds
        if every is None or (self._fed_at is not None and now - self._fed_at < every / 4):
            return
        dead = self._guard()
        if dead:
            self._say(f'{dead} has ended; the watchdog is not fed any more')
            return
        self._fed_at = now
        self._notifier.alive()

    @property
    def due(self) -> List[float]:
        """Return when it has to be fed again, on that clock; empty if never."""
        every = self._notifier.watchdog_seconds
        return [] if every is None else [(self._fed_at or 0.0) + every / 3]
