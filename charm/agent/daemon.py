"""The daemon as a whole: one per machine, the loop and its doors, from start to end."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from typing import Dict, Mapping, Optional, Tuple

from ..kernel.deadline import Deadline
from ..kernel.errors import FileError, HealthError
from ..kernel.files import locked
from ..kernel.rate import Rate
from ..kernel.running import end_all
from . import config as config_file
from .config import Listen
from .loop import Loop
from .notify import Notifier
from .reported_unit import say
from .serve.access import read_token
from .serve.api import Api
from .serve.limits import ListenerLimits
from .serve.listeners import listen_tcp, listen_unix, tls_server
from .serve.server import ListeningSocket
from .setup import LauncherArguments, Setup, read_setup

# A process that was killed lets go of the lock when the kernel has buried it.
_LOCK_SECONDS = 5.0
# A stack of 8 MiB for each thread is only promised, but a container's limit counts promises.
_STACK_BYTES = 512 * 1024
# Who may use the unix socket is trusted more than who is on the network.
_UNIX_LIMITS = ListenerLimits(per_second=50.0, burst=200)
_NOTES_PER_SECOND = 1.0
_NOTES_BURST = 20


class StartError(HealthError):
    """The daemon cannot start."""


class Daemon:
    """The loop and its doors; `config` is the path of `agent.yaml`."""

    def __init__(self, config: Path, given: LauncherArguments, notifier: Notifier) -> None:
        self._refused: Dict[str, int] = {}
        self._notes = Rate(_NOTES_PER_SECOND, _NOTES_BURST)
        self.loop = Loop(
            lambda: read_setup(config, given),
            notifier,
            self._dead,
            self._reopen_tcp,
            residence=given.residence() if given.residence else None,
        )
        self._api = Api(self.loop, self._own_counters)
        self._unix: Optional[ListeningSocket] = None
        self._tcp: Optional[ListeningSocket] = None
        self._tcp_error = ''

    def run(self) -> None:
        """Serve until told to stop.

        Raises:
            StartError: it cannot start.
        """
        config = self.loop.setup.config
        self.loop.catch_signals()
        try:
            listener = listen_unix(config.socket, config.socket_group)
        except (OSError, LookupError) as error:
            raise StartError(f'cannot listen at {config.socket}: {error}') from error
        self._unix = ListeningSocket(listener, self._api.answer, self._note, _UNIX_LIMITS)
        self._unix.open()
        self._keep_tcp_open()
        try:
            self.loop.run()
        finally:
            self._unix.close()
            with contextlib.suppress(OSError):
                config.socket.unlink()
            if self._tcp is not None:
                self._tcp.close()
            end_all()

    def _open_tcp(self, listen: Listen) -> ListeningSocket:
        try:
            tls = tls_server(listen.certificate, listen.key)
            token = read_token(listen.token_file)
            listener = listen_tcp(listen.host, listen.port)
        except OSError as error:
            where = f'{listen.host}:{listen.port}'
            raise StartError(f'cannot listen at {where}: {error}') from error
        limits = ListenerLimits()
        door = ListeningSocket(listener, self._api.answer, self._note, limits, tls, token)
        say(f'listening at {listen.host} port {listener.getsockname()[1]}')
        door.open()
        return door

    def _reopen_tcp(self, _setup: Setup) -> None:
        """Follow a reload: the address, the certificate and the token may be new ones."""
        if self._tcp is not None:
            self._tcp.close()
            self._tcp = None
        self._tcp_error = ''
        self._keep_tcp_open()

    def _keep_tcp_open(self) -> None:
        """Open the TCP door if it has to be and is not; until then all else goes on without it.

        The network may come up after us, and a certificate later still.
        """
        listen = self.loop.setup.config.listen
        if listen is None or (self._tcp is not None and self._tcp.is_open):
            return
        try:
            self._tcp = self._open_tcp(listen)
        except HealthError as error:
            if str(error) != self._tcp_error:
                say(f'{error}; it is tried again')
            self._tcp_error = str(error)

    def _dead(self) -> str:
        """Return what has died that must not; called again and again, see to what may be late."""
        self._keep_tcp_open()
        return '' if self._unix is not None and self._unix.is_open else 'the unix socket'

    def _note(self, reason: str, who: str) -> None:
        kind = reason.partition(':')[0]
        self._refused[kind] = self._refused.get(kind, 0) + 1
        # All are counted; a flood of them must not flood the journal.
        if self._notes.take():
            say(f'refused {who}: {reason}')

    def _own_counters(self) -> Mapping[str, float]:
        return {
            'requests_refused': float(sum(self._refused.values())),
            'log_lines_lost': float(self.loop.log.lost),
        }


def serve(config: Path, given: LauncherArguments) -> None:
    """Run the daemon until it is told to stop.

    Raises:
        HealthError: it cannot start.
    """
    threading.stack_size(_STACK_BYTES)
    state = config_file.load(config).state
    try:
        with locked(state / 'agent', Deadline.after(_LOCK_SECONDS)):
            Daemon(config, given, Notifier.take()).run()
    except FileError as error:
        raise StartError(f'{error}: does another agent run?') from error


def summary(setup: Setup) -> Tuple[str, ...]:
    """Return what the daemon would do, as lines: for `health-agent check`."""
    lines = [
        f'{unit.name}: {len(plan.jobs)} checks, '
        + (f'shipped to {unit.push.url}' if unit.push else 'not shipped')
        for unit, plan in setup.units
    ]
    return (*lines, *setup.unusable)
