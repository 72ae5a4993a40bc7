"""Run many checks at once: one result or more for each, always, by a deadline.

This is the boundary for whatever a check or a callback does: an exception, nonsense or an overrun
becomes an `unknown` result with the reason, and the other checks never notice.
"""

from __future__ import annotations

import threading
import time
from datetime import datetime, timezone
from functools import partial

from ..checks.check import Check, CheckSpec, Verdict, has_many
from ..kernel.deadline import Deadline
from ..kernel.errors import CheckError, OverrunError, said_of
from ..kernel.facts import dataclass, replace
from ..kernel.gather import gather
from ..kernel.hints import Any, Callable, Dict, Iterable, Optional, Tuple, cast
from ..kernel.merge_checks import read_subset
from ..kernel.report import CheckResult, Health
from ..kernel.running import kill_running

Callback = Callable[[str], Any]

# So many run at once, each in a thread of its own, so that none waits behind others that hang; and
# no more, since a command takes three files, and a process may often have no more than 1024.
_AT_ONCE = 256
# A check is handed its deadline and should end by it; this much later we stop listening.
LATE_SECONDS = 0.5


@dataclass(frozen=True)
class Job:
    """One thing to run.

    Attributes:
        name: the check's name, or the callback's.
        timeout_seconds: the most it may take.
        run: returns its results; is given its deadline.
        source: where it comes from, for people.
        interval_seconds: how often the agent runs it; `None` for as often as any other.
    """

    name: str
    timeout_seconds: float
    run: Callable[[Deadline], Tuple[CheckResult, ...]]
    source: str = ''
    interval_seconds: Optional[float] = None


def check_job(spec: CheckSpec) -> Job:
    """Return the job that runs a check."""

    def run(deadline: Deadline) -> Tuple[CheckResult, ...]:
        if has_many(spec.check):
            return spec.check.run_all(spec.name, deadline)
        verdict = cast(Check, spec.check).run(deadline)
        if not isinstance(verdict, Verdict):
            kind = _kind(verdict)
            raise CheckError(f'cannot use the answer: {kind}, not a verdict, was returned')
        said = {'health': verdict.health.value, 'qos': verdict.qos, 'message': verdict.message}
        return read_subset({'name': spec.name, **said, 'data': dict(verdict.data)}, spec.name)

    return Job(spec.name, spec.timeout_seconds, run, spec.source, spec.interval_seconds)


def run_jobs(jobs: Iterable[Job], deadline: Deadline) -> Tuple[CheckResult, ...]:
    """Run the jobs at once and return every job's results, in the order of the jobs."""
    todo = list(jobs)
    if not todo:
        return ()
    threads: Dict[int, threading.Thread] = {}
    calls: Dict[int, Callable[[], Tuple[CheckResult, ...]]] = {
        index: partial(_begin, threads, index, job, deadline) for index, job in enumerate(todo)
    }
    longest_seconds = max(job.timeout_seconds for job in todo) + LATE_SECONDS
    rounds = -(-len(todo) // _AT_ONCE)
    patience = deadline.within(longest_seconds * rounds)
    answered: Dict[int, Tuple[CheckResult, ...]] = {}
    try:
        for done in gather(calls, patience, _AT_ONCE):
            job = todo[done.key]
            # run_job() lets no exception out; were one to come all the same, it would say so.
            failed = unknown(job, f'cannot tell: {done.error!r}')
            answered[done.key] = failed if done.value is None else done.value
    except (RuntimeError, OSError) as error:
        # The machine has no thread, or we have no file, left to give.
        for index, job in enumerate(todo):
            answered.setdefault(index, unknown(job, f'it could not be begun: {error}'))
    # Their threads are still ending what they run, and may themselves end with our process first.
    kill_running([thread for index, thread in threads.items() if index not in answered])
    return tuple(
        result
        for index, job in enumerate(todo)
        for result in answered.get(index, unknown(job, _silence(job, deadline, index in threads)))
    )


def _begin(
    threads: Dict[int, threading.Thread], index: int, job: Job, deadline: Deadline
) -> Tuple[CheckResult, ...]:
    """Run the job, and note in which thread."""
    threads[index] = threading.current_thread()
    return run_job(job, deadline)


def run_job(job: Job, deadline: Deadline) -> Tuple[CheckResult, ...]:
    """Run the job in this thread, and return its results, whatever it does."""
    started = time.monotonic()
    try:
        results = _checked(job.run(deadline.within(job.timeout_seconds)))
    except OverrunError as error:
        results = unknown(job, f'{overrun(job, deadline)}{error.said}')
    except BaseException as error:  # noqa: BLE001 - the boundary: a check costs only itself
        # Not of the operator's keyboard either: that interrupts the main thread alone.
        results = unknown(job, said_of(error))
    seconds = time.monotonic() - started
    if seconds > job.timeout_seconds + LATE_SECONDS:
        results = unknown(job, overrun(job, deadline))
    now = datetime.now(timezone.utc)
    return tuple(
        replace(
            result,
            at=result.at or now,
            duration=round(seconds, 4) if result.duration is None else result.duration,
        )
        for result in results
    )


def _checked(returned: Any) -> Tuple[CheckResult, ...]:
    """Return what a job returned, if that is what it should be; else raise `CheckError`."""
    results = returned if isinstance(returned, (list, tuple)) else (returned,)
    if all(isinstance(result, CheckResult) for result in results):
        return tuple(results)
    wrong = next(result for result in results if not isinstance(result, CheckResult))
    raise CheckError(f'cannot use the answer: {_kind(wrong)}, not a result, was returned')


def _kind(value: Any) -> str:
    return 'nothing' if value is None else f'{type(value).__name__} {value!r:.100}'


def _silence(job: Job, deadline: Deadline, begun: bool) -> str:
    if begun:
        return overrun(job, deadline)
    return f'it was never begun: {_AT_ONCE} others, or all there was room for, did not end'


def overrun(job: Job, deadline: Deadline) -> str:
    """Return the reason of a job that did not end by its timeout, or by the whole run's."""
    if deadline.passed:
        return 'it did not end before the deadline of the whole run'
    return f'it did not end within its timeout of {job.timeout_seconds:g} s'


def unknown(job: Job, reason: str) -> Tuple[CheckResult, ...]:
    """Return the one result of a job of which nothing is known."""
    return read_subset({'health': Health.UNKNOWN.value, 'message': reason}, job.name)
