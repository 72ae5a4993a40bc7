"""Runs of checks, each in a thread of its own, and never two of the same check at once.

No check waits for another: there is no pool that slow ones could fill. A run that overruns is
answered for at its timeout, and while its thread is still stuck the check is not begun again, so
there are never more threads than twice the checks.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Callable, Dict, Set, Tuple

from ..kernel.deadline import Deadline
from ..kernel.report import CheckResult
from ..reporting.runner import Job, run_jobs, unknown

if TYPE_CHECKING:
    from ..kernel.deadline import MonotonicClock

# run_jobs() answers half a second after the job's timeout at the latest.
_PATIENCE_SECONDS = 2.0

Done = Callable[[str, Tuple[CheckResult, ...]], None]


class Runs:
    """The checks that run now.

    `done` is called with the key and the results of each run, in the run's own thread.
    """

    def __init__(self, done: Done, clock: MonotonicClock = time.monotonic) -> None:
        self._done = done
        self._clock = clock
        self._lock = threading.Lock()
        self._flying: Set[str] = set()
        self._inside: Dict[str, float] = {}

    def start(self, key: str, job: Job) -> bool:
        """Begin a run, and return `True`; return `False` if one is still awaited.

        Where the thread of an abandoned run is stuck, the answer is `unknown`, at once.
        """
        with self._lock:
            if key in self._flying:
                return False
            self._flying.add(key)
            stuck_since = self._inside.get(key)
        if stuck_since is not None:
            seconds = self._clock() - stuck_since
            self._land(key, unknown(job, f'its run of {seconds:.0f} s ago has still not ended'))
            return True
        thread = threading.Thread(target=self._fly, args=(key, job), daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            self._land(key, unknown(job, f'it could not be begun: {error}'))
        return True

    @property
    def count(self) -> int:
        """Return how many threads are inside checks now, abandoned ones too."""
        return len(self._inside)

    def _fly(self, key: str, job: Job) -> None:
        def inside(deadline: Deadline) -> Tuple[CheckResult, ...]:
            with self._lock:
                self._inside[key] = self._clock()
            try:
                return job.run(deadline)
            finally:
                with self._lock:
                    self._inside.pop(key, None)

        guarded = Job(job.name, job.timeout_seconds, inside)
        until = Deadline.after(job.timeout_seconds + _PATIENCE_SECONDS)
        self._land(key, run_jobs([guarded], until))

    def _land(self, key: str, results: Tuple[CheckResult, ...]) -> None:
        with self._lock:
            self._flying.discard(key)
        self._done(key, results)
