"""What the agent knows of one unit: each check's last results, its counts, the last report."""

from __future__ import annotations

from typing import Callable, Dict, Mapping, Optional, Sequence, Set, Tuple

from ..kernel.deadline import Deadline
from ..kernel.facts import dataclass, replace
from ..kernel.report import CheckResult, Health, Report, StateName
from ..reporting.plan import Plan
from ..reporting.runner import Job, unknown
from ..reporting.sweep import sweep

# The answers are in memory already; this only has to be longer than any pause of the machine.
_COMPOSE_SECONDS = 3600.0
# A service manager has us back long before.
_EARLIER_SECONDS = 300.0

_Verdicts = Tuple[Mapping[str, Health], Optional[StateName], Tuple[str, ...]]


@dataclass(frozen=True)
class CheckCounts:
    """Counts of one check since the agent started, reloads included.

    Attributes:
        runs: how often it ended.
        flips: how often its health was another than the time before.
        skips: how often it was due while its last run had not ended.
    """

    runs: int = 0
    flips: int = 0
    skips: int = 0


def verdicts(report: Report) -> _Verdicts:
    """Return what a change is one of: each check's health, and the state with its blockers."""
    healths = {check.name: check.health for check in report.checks}
    if report.state is None:
        return healths, None, ()
    return healths, report.state.name, report.state.blockers


class Watch:
    """One unit; used by the loop's thread only, save for `plan`, `report`, `made_at`, `counts`.

    Args:
        plan: what to run for it.
        clock: seconds since boot; tests pass their own.
        last: the last report of an earlier agent in this boot, and when it was made on that clock.
    """

    def __init__(
        self, plan: Plan, clock: Callable[[], float], last: Optional[Tuple[Report, float]] = None
    ) -> None:
        self.plan = _unique(plan)
        self.report: Optional[Report] = last[0] if last else None
        self.made_at = last[1] if last else 0.0
        self.counts: Mapping[str, CheckCounts] = {}
        self._clock = clock
        self._answers: Dict[str, Tuple[CheckResult, ...]] = {}
        # What an agent found just before us stands, with its time, until the check has run again.
        young = self.report is not None and self.age_seconds <= _EARLIER_SECONDS
        checks = self.report.checks if self.report is not None and young else ()
        self._earlier = {check.name: (check,) for check in checks}
        self._pending: Set[str] = set()

    def replan(self, plan: Plan) -> None:
        """Take a new plan; checks that are no longer in it are forgotten, the rest keeps all."""
        self.plan = _unique(plan)
        names = {job.name for job in self.plan.jobs}
        self._answers = {name: got for name, got in self._answers.items() if name in names}
        self.counts = {name: count for name, count in self.counts.items() if name in names}
        self._pending &= names

    def job(self, name: str) -> Optional[Job]:
        """Return the job of that name, `None` if the plan has none."""
        return next((job for job in self.plan.jobs if job.name == name), None)

    def covers(self, name: str) -> bool:
        """Return whether taking another answer of this check would hide an unreported change."""
        return name in self._pending

    def take(self, name: str, results: Tuple[CheckResult, ...]) -> bool:
        """Keep a check's results, and return whether they are a change of its health."""
        before = self._answers.get(name)
        self._answers[name] = results
        flipped = before is not None and _healths(before) != _healths(results)
        changed = flipped or (before is None and self._differs_from_report(results))
        count = self.counts.get(name, CheckCounts())
        self._count(name, CheckCounts(count.runs + 1, count.flips + flipped, count.skips))
        if changed:
            self._pending.add(name)
        return changed

    def skip(self, name: str) -> None:
        """Count that the check was due while it still ran."""
        count = self.counts.get(name, CheckCounts())
        self._count(name, replace(count, skips=count.skips + 1))

    @property
    def complete(self) -> bool:
        """Return whether every check has answered at least once."""
        return all(job.name in self._answers for job in self.plan.jobs)

    @property
    def unheard(self) -> Tuple[str, ...]:
        """Return the checks of which nothing is known: no answer, and none in the last report."""
        known = {*self._answers, *self._earlier}
        return tuple(job.name for job in self.plan.jobs if job.name not in known)

    def prepare(self) -> Tuple[Report, bool]:
        """Make the report of now; return it, and whether it differs in health or state."""
        made = self._sweep(self.plan)
        before = self.report
        if before is not None and before.boot_id == made.boot_id:
            least = (before.sequence or 0) + 1
            made = replace(made, sequence=max(made.sequence or 0, least))
        return made, before is None or verdicts(before) != verdicts(made)

    def show(self, report: Report) -> None:
        """Have this report be the last one: who is told of it may rely on its being kept."""
        self.report, self.made_at = report, self._clock()
        self._pending.clear()

    def compose_only(self, names: Sequence[str]) -> Report:
        """Return a report of these checks alone, as `hooks/health --check` makes it."""
        return self._sweep(self.plan.only(names))

    @property
    def age_seconds(self) -> float:
        """Return how old the last report is."""
        return max(0.0, self._clock() - self.made_at)

    def _count(self, name: str, count: CheckCounts) -> None:
        # Replaced, not changed: other threads read it.
        self.counts = {**self.counts, name: count}

    def _differs_from_report(self, results: Tuple[CheckResult, ...]) -> bool:
        if self.report is None:
            return False
        known = verdicts(self.report)[0]
        return any(known.get(result.name) is not result.health for result in results)

    def _sweep(self, plan: Plan) -> Report:
        """Make the report where every report is made, so that all of them agree."""
        answers = tuple(result for job in plan.jobs for result in self._answer(job))
        jobs = (Job('answers', _COMPOSE_SECONDS, lambda _deadline: answers),) if answers else ()
        return sweep(replace(plan, jobs=jobs), Deadline.after(_COMPOSE_SECONDS))

    def _answer(self, job: Job) -> Tuple[CheckResult, ...]:
        for known in (self._answers, self._earlier):
            if job.name in known:
                return known[job.name]
        return unknown(job, 'it has not run yet')


def _unique(plan: Plan) -> Plan:
    """Return the plan with jobs of unique names: a second `check_db` becomes `check_db-2`."""
    jobs: Dict[str, Job] = {}
    for job in plan.jobs:
        name, number = job.name, 2
        while name in jobs:
            name, number = f'{job.name}-{number}', number + 1
        jobs[name] = replace(job, name=name)
    return replace(plan, jobs=tuple(jobs.values()))


def _healths(results: Tuple[CheckResult, ...]) -> Tuple[Tuple[str, Health], ...]:
    return tuple((result.name, result.health) for result in results)
