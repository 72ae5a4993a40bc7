"""Runs of checks, each in a thread of its own, and never two of the same check at once.

No check waits for another: there is no pool that slow ones could fill. A run that overruns is
answered for at its timeout, by whoever asks for those that are late; while its thread is still
stuck the check is not begun again, so there are never more threads than checks.
"""

from __future__ import annotations

import math
import threading
import time
from typing import Callable, Dict, List, Tuple

from ..kernel.deadline import Deadline
from ..kernel.facts import dataclass
from ..kernel.report import CheckResult
from ..kernel.running import kill_running
from ..reporting.runner import LATE_SECONDS, Job, overrun, run_job, unknown

Done = Callable[[str, Tuple[CheckResult, ...]], None]

# A run has the time of its job: there is no run of the whole.
_NO_DEADLINE = Deadline(math.inf)


@dataclass(frozen=True)
class _Run:
    """A run: what runs, and since when by the monotonic clock."""

    key: str
    job: Job
    begun_at: float

    @property
    def late_at(self) -> float:
        """Return when it is answered for at the latest."""
        return self.begun_at + self.job.timeout_seconds + LATE_SECONDS


class Runs:
    """The checks that run now.

    `done` is called with the key and the results of each run, once, in any thread.
    """

    def __init__(self, done: Done) -> None:
        self._done = done
        self._lock = threading.Lock()
        self._awaited: Dict[str, _Run] = {}
        # Abandoned ones too.
        self._inside: Dict[str, Tuple[_Run, threading.Thread]] = {}

    def start(self, key: str, job: Job) -> bool:
        """Begin a run, and return `True`; return `False` if one is still awaited.

        Where the thread of an abandoned run is stuck, the answer is `unknown`, at once.
        """
        run = _Run(key, job, time.monotonic())
        thread = threading.Thread(target=self._fly, args=(run,), daemon=True)
        with self._lock:
            if key in self._awaited:
                return False
            self._awaited[key] = run
            stuck = self._inside.get(key)
            if stuck is None:
                self._inside[key] = run, thread
        if stuck is not None:
            seconds = run.begun_at - stuck[0].begun_at
            self._land(run, unknown(job, f'its run of {seconds:.0f} s ago has still not ended'))
            return True
        try:
            thread.start()
        except RuntimeError as error:
            with self._lock:
                del self._inside[key]
            self._land(run, unknown(job, f'it could not be begun: {error}'))
        return True

    @property
    def count(self) -> int:
        """Return how many threads are inside checks now, abandoned ones too."""
        return len(self._inside)

    @property
    def due(self) -> List[float]:
        """Return when the awaited ones are late, by the monotonic clock."""
        with self._lock:
            return [run.late_at for run in self._awaited.values()]

    def answer_late(self) -> None:
        """Answer for the runs that overran, and kill what they left running."""
        now = time.monotonic()
        with self._lock:
            late = [run for run in self._awaited.values() if run.late_at <= now]
            threads = [self._inside[run.key][1] for run in late if run.key in self._inside]
        for run in late:
            self._land(run, unknown(run.job, overrun(run.job, _NO_DEADLINE)))
        if threads:
            try:
                # Who kills looks for what escaped, which may take a while.
                threading.Thread(target=kill_running, args=(threads,), daemon=True).start()
            except RuntimeError:
                kill_running(threads)

    def _fly(self, run: _Run) -> None:
        try:
            results = run_job(run.job, _NO_DEADLINE)
        finally:
            with self._lock:
                del self._inside[run.key]
        self._land(run, results)

    def _land(self, run: _Run, results: Tuple[CheckResult, ...]) -> None:
        with self._lock:
            if self._awaited.get(run.key) is not run:
                # It was answered for.
                return
            del self._awaited[run.key]
        self._done(run.key, results)
