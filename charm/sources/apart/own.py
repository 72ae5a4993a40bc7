"""A charm's own callbacks, as its launcher gives them, in a host of their own."""

from __future__ import annotations

import contextlib
import os
import socket
from functools import partial

from ...kernel.errors import HealthError
from ...kernel.facts import replace
from ...kernel.hints import Any, Iterable, Mapping, Optional, Sequence
from ..callbacks import BoundCallback, Callback, declared
from .client import Host, HostedCallback, Life, Unhosted
from .host import keep_hosts, serve
from .reaper import ended_of
from .run import flush


class OwnCallbacks:
    """A charm's own callbacks, as its launcher gives them, in a host of their own.

    It is made first of all, before this process has threads: the host is a copy of it.
    """

    def __init__(
        self,
        callbacks: Optional[Mapping[str, Iterable[Callback]]],
        services: Sequence[Mapping[str, Any]],
    ) -> None:
        self.table = {pattern: tuple(many) for pattern, many in (callbacks or {}).items()}
        self._known = [callback for many in self.table.values() for callback in many]
        with contextlib.suppress(HealthError):
            # Where they are of no use it is said when they are planned.
            self._known += [bound.callback for bound in declared(services).callbacks]
        self._host: Optional[Host] = None
        self._fault = ''
        if self._known:
            try:
                self._host = _forked(self._known)
            except OSError as error:
                self._fault = f'no process could be started for it: {error.strerror}'

    def apart(self, bound: BoundCallback) -> BoundCallback:
        """Return the bound callback, to be called by the host if it is one of these."""
        for index, callback in enumerate(self._known):
            if callback is bound.callback:
                hosted = (
                    Unhosted(self._fault)
                    if self._host is None
                    else HostedCallback(self._host, index, bound.name)
                )
                return replace(bound, callback=hosted)
        return bound


def _forked(callbacks: Sequence[Callback]) -> Host:
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    life, far_life = socket.socketpair()
    # What the launcher printed is its own, and printed once.
    flush()
    with far, far_life:
        pid = os.fork()
        if pid == 0:
            try:
                near.close()
                life.close()
                os.setsid()
                keep_hosts(far_life, {far: partial(serve, callbacks=callbacks)})
            finally:
                os._exit(1)
    return Host(near, Life(life, pid, lambda: bool(ended_of({pid}))))
