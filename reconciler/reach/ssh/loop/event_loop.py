"""The thread of the event loop that serves all connections, and the way into it."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Value = TypeVar('Value')


class EventLoop:
    """An event loop in a daemon thread of its own, which begins when it is first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def begin(self, work: Coroutine[Any, Any, Value]) -> concurrent.futures.Future[Value]:
        """Have work done there; its result is waited for here."""
        return asyncio.run_coroutine_threadsafe(work, self._running())

    def soon(self, call: Callable[[], object]) -> None:
        """Have a function called there, without waiting for it."""
        self._running().call_soon_threadsafe(call)

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                loop = asyncio.new_event_loop()
                threading.Thread(target=loop.run_forever, name='ssh', daemon=True).start()
                self._loop = loop
            return self._loop


LOOP = EventLoop()
