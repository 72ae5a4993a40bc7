"""Many pushes, one commit: to flush a disk costs as much for a hundred as for one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from starlette.concurrency import run_in_threadpool

from .keep import Ack
from .pushed import Push
from .store import Inbox

_log = logging.getLogger('juju_health.receive')


class GroupCommit:
    """Keeps pushes in groups: what comes while one is being committed is in the next."""

    def __init__(self, store: Inbox) -> None:
        self._store = store
        self._waiting: list[tuple[Push, asyncio.Future[Ack]]] = []
        self._working: asyncio.Task[None] | None = None

    async def keep(self, push: Push) -> Ack:
        """Return the acknowledgement once the push is kept.

        Raises:
            FileError: it cannot be.
        """
        answer: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        self._waiting.append((push, answer))
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work())
        return await answer

    async def _work(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            acks: Sequence[Ack | Exception]
            try:
                acks = await run_in_threadpool(self._store.keep, [push for push, _ in group])
            except Exception as error:  # noqa: BLE001 - whoever waits is told, whatever it is
                _log.error('%d pushes are not kept: %s', len(group), error)
                acks = [error] * len(group)
            for (_, answer), ack in zip(group, acks, strict=True):
                if answer.done():
                    continue
                if isinstance(ack, Exception):
                    answer.set_exception(ack)
                else:
                    answer.set_result(ack)
