"""What to run for one unit: the checks that apply, as operators have changed them."""

from __future__ import annotations

import os
from pathlib import Path

from ..checks.check import CheckSpec
from ..checks.kinds import BUILT_IN, CHECKS
from ..checks.settling_rule import SettlingRule
from ..kernel.deadline import Deadline
from ..kernel.errors import DefinitionError
from ..kernel.facts import dataclass, field, replace
from ..kernel.hints import Any, Callable, Dict, Iterable, Mapping, Optional, Sequence, Tuple
from ..kernel.names import service_of, slug
from ..kernel.paths import HERE
from ..kernel.report import CheckResult
from ..sources import callback_loading, definitions, discovery, rollup_file
from ..sources import callbacks as authors
from ..sources.callbacks import BoundCallback, Loaded
from ..sources.found import NESTED, FoundChecks
from ..sources.overrides import AnswerChange, UnitChecks, amended, effective
from . import states
from .runner import Callback, Job, check_job

PLAN_SECONDS = 30.0


@dataclass(frozen=True)
class Plan:
    """The checks to run for one unit.

    Attributes:
        unit: for whom, such as `wordpress/0`.
        reporter: the unit whose charm runs the checks, such as `health/0`.
        jobs: what to run.
        faults: definitions that cannot be used; each is reported as an `unknown` check.
        rollup: how the charm wants the units of its application to make one; may be empty.
        settling: of each check that settles, by name, how.
        answers: what becomes of answers of checks that have many, by name.
        states: the directory of the recorded states, and of how checks settled.
    """

    unit: str
    reporter: str
    jobs: Tuple[Job, ...]
    faults: Tuple[DefinitionError, ...] = ()
    rollup: Mapping[str, Any] = field(default_factory=dict)
    settling: Mapping[str, SettlingRule] = field(default_factory=dict)
    answers: Mapping[str, AnswerChange] = field(default_factory=dict)
    states: Path = field(default_factory=states.directory)

    @property
    def service(self) -> str:
        """Return the application the unit belongs to."""
        return service_of(self.unit)

    @property
    def names(self) -> Tuple[str, ...]:
        """Return the names of the jobs, in order."""
        return tuple(job.name for job in self.jobs)

    @property
    def unusable(self) -> Tuple[str, ...]:
        """Return what cannot be used, and why, each once."""
        return tuple(dict.fromkeys(map(str, self.faults)))

    def name_of(self, job: str) -> str:
        """Return what the results of a job are called, which definitions may change."""
        answer = self.answers.get(job)
        return (answer.rename if answer else '') or job

    def only(self, names: Sequence[str]) -> Plan:
        """Return the plan with none but the named jobs, and no faults of others."""
        jobs = tuple(job for job in self.jobs if job.name in names)
        return replace(self, jobs=jobs, faults=())

    def settle(self, results: Iterable[CheckResult]) -> Tuple[CheckResult, ...]:
        """Return the results as they settle; see `charm.checks.settling_rule`."""
        if not self.settling:
            return tuple(results)
        # Few checks settle, and none that is built in.
        from .settling_store import Settler

        path = self.states / f'{slug(self.unit)}.settling.json'
        return Settler(path, self.settling).settle(results)


def make_plan(
    unit: str,
    reporter: str,
    callbacks: Optional[Mapping[str, Iterable[Callback]]] = None,
    directory: Path = HERE.checks,
    services: Sequence[Mapping[str, Any]] = (),
    plug_ins: Path = HERE.callbacks,
    find: Callable[[str, str], FoundChecks] = discovery.find,
    apart: Callable[[BoundCallback], BoundCallback] = lambda bound: bound,
    deadline: Optional[Deadline] = None,
    plugged: Optional[Loaded] = None,
) -> Plan:
    """Return what applies to `unit`: callbacks, built-ins, what sources find, and definitions.

    Args:
        unit: for whom.
        reporter: the unit whose charm this is.
        callbacks: a charm's own, by services' names or globs.
        directory: where checks are defined.
        services: the services framework definitions of the reporter's charm, for itself only.
        plug_ins: where files of callbacks are.
        find: gives the checks of every source.
        apart: returns a charm's own callback so that another process calls it.
        deadline: of planning and running, together; by default there is half a minute.
        plugged: what is in the files of callbacks, where that was read already.

    Raises:
        DefinitionError: `services` cannot be used.
    """
    service = service_of(unit)
    loaded = definitions.load(directory)
    declared = authors.declared(services if unit == reporter else ())
    own = authors.bind(authors.for_service(callbacks or {}, service), service)
    given = [apart(bound).spec for bound in (*declared.callbacks, *own)]
    if os.environ.get(NESTED):
        # Who asks us runs the checks of the machine, and says what is wrong with the files.
        changes = [entry for entry in loaded.definitions if entry.check is None]
        tuned = effective(given, changes, service, passing=('',))
        return _plan(unit, reporter, replace(tuned, faults=()), declared.rollup)
    until = deadline or Deadline.after(PLAN_SECONDS)
    table, faults = callback_loading.load(plug_ins, until) if plugged is None else plugged
    given += [bound.spec for bound in authors.bind(authors.for_service(table, service), service)]
    given += [CheckSpec(name, CHECKS[name]()) for name in BUILT_IN]
    found = find(unit, reporter)
    tuned = effective(
        (*given, *found.specs), loaded.definitions, service, tuple(discovery.SOURCES)
    )
    asked, wrong = rollup_file.read(directory, service)
    faults = (*loaded.faults, *tuned.faults, *found.faults, *faults, *wrong)
    return _plan(unit, reporter, replace(tuned, faults=faults), declared.rollup or asked)


def _plan(unit: str, reporter: str, tuned: UnitChecks, rollup: Mapping[str, Any]) -> Plan:
    answers = tuned.answers
    rules = {
        answer.rename or name: answer.settling
        for name, answer in answers.items()
        if answer.settling is not None
    }
    jobs = tuple(_settling(check_job(spec), spec.settling, answers, rules) for spec in tuned.specs)
    return Plan(unit, reporter, jobs, tuned.faults, rollup, rules, answers)


def _settling(
    job: Job,
    rule: Optional[SettlingRule],
    answers: Mapping[str, AnswerChange],
    rules: Dict[str, SettlingRule],
) -> Job:
    """Return the job, its rule put into `rules` under its name, and under those it answers by."""
    if rule is None:
        return job
    rules[job.name] = rule

    def run(deadline: Deadline) -> Tuple[CheckResult, ...]:
        results = job.run(deadline)
        for result in amended(results, answers):
            # What an entry says of this answer alone counts before what one says of them all.
            rules.setdefault(result.name, rule)
        return results

    return replace(job, run=run)
