"""Do many things at once and have every answer that came by the deadline.

Threads are daemons: a call that cannot be stopped (a blocked callback, a stuck name look-up) is
abandoned at the deadline and ends with the process, which does not wait for it.
"""

from __future__ import annotations

import queue
import threading

from .deadline import Deadline
from .facts import dataclass
from .hints import Callable, Generator, Generic, Hashable, Mapping, Optional, Tuple, TypeVar
from .wakeup import Mailbox

Key = TypeVar('Key', bound=Hashable)
Value = TypeVar('Value')


@dataclass(frozen=True)
class CallResult(Generic[Key, Value]):
    """The result of the call of that key: what it returned, or else the error that it raised."""

    key: Key
    value: Optional[Value] = None
    error: Optional[Exception] = None


def gather(
    calls: Mapping[Key, Callable[[], Value]], deadline: Deadline, workers: int
) -> Generator[CallResult[Key, Value], None, None]:
    """Run the calls in at most `workers` threads and yield each as it ends.

    Stops at the deadline: calls without an answer by then are not yielded, those not yet begun are
    never begun. Closing the iterator has the same effect as the deadline. Where the machine has no
    thread left to give, those that it gave do the work.

    Raises:
        RuntimeError: it gives none at all.
    """
    todo: queue.SimpleQueue[Tuple[Key, Callable[[], Value]]] = queue.SimpleQueue()
    done: Mailbox[CallResult[Key, Value]] = Mailbox()
    for item in calls.items():
        todo.put(item)
    stop = threading.Event()
    for number in range(min(workers, len(calls))):
        try:
            threading.Thread(target=_work, args=(todo, done, stop), daemon=True).start()
        except RuntimeError:
            if not number:
                raise
            break
    try:
        for _ in range(len(calls)):
            try:
                yield done.get(deadline.remaining_seconds)
            except queue.Empty:
                return
    finally:
        stop.set()


def _work(
    todo: queue.SimpleQueue[Tuple[Key, Callable[[], Value]]],
    done: Mailbox[CallResult[Key, Value]],
    stop: threading.Event,
) -> None:
    while not stop.is_set():
        try:
            key, call = todo.get_nowait()
        except queue.Empty:
            return
        try:
            done.put(CallResult(key, value=call()))
        except Exception as error:  # noqa: BLE001 - the boundary: one call costs only itself
            done.put(CallResult(key, error=error))
