"""Everything that is looked at where no health hook answers, as one report."""

from __future__ import annotations

from datetime import datetime, timezone

from ..checks.check import Check, CheckSpec, Verdict
from ..checks.kinds import BUILT_IN, CHECKS
from ..checks.options import OptionError
from ..kernel.deadline import Deadline
from ..kernel.errors import CheckError
from ..kernel.facts import dataclass
from ..kernel.hints import Any, Iterable, Mapping, Tuple
from ..kernel.identity import read_boot_id
from ..kernel.merge_checks import make_report, merge
from ..kernel.names import service_of
from ..kernel.report import Report
from ..reporting.runner import check_job, run_jobs
from ..sources import pebble_sockets
from .agents import Agents
from .hooks import Hooks
from .listening import Listening

CheckOptions = Mapping[str, Mapping[str, Any]]


def look(unit: str, ports: Iterable[int], options: CheckOptions, deadline: Deadline) -> Report:
    """Return what is seen on the machine, or in the pod, that the unit is on.

    Before the built-in checks and what Pebble says there are `agents`, `hooks` and `listening`.
    Those tell what is there; whoever knows which units should be makes something of it.
    """
    jobs = [check_job(spec) for spec in (*_facts(tuple(ports)), *_checks(options))]
    return make_report(
        service_of(unit),
        unit,
        merge(run_jobs(jobs, deadline)),
        boot_id=read_boot_id(),
        reported_at=datetime.now(timezone.utc),
    )


def _checks(options: CheckOptions) -> Tuple[CheckSpec, ...]:
    wanted = (name for name in BUILT_IN if options.get(name, {}).get('enabled') is not False)
    built_in = (CheckSpec(name, _check(name, options.get(name, {}))) for name in wanted)
    return (*built_in, *pebble_sockets.find().specs)


def _check(name: str, options: Mapping[str, Any]) -> Check:
    given = {key: value for key, value in options.items() if key != 'enabled'}
    if not given:
        return CHECKS[name]()
    # Imported late: most operators give none.
    from ..checks.conversion import build

    try:
        return build(CHECKS[name], given)
    except OptionError as error:
        return _Unusable(f'{error} (probe.checks.{name} in health.yaml)')


@dataclass(frozen=True)
class _Unusable:
    """A check that cannot be run as the operator wants it."""

    reason: str

    def run(self, _deadline: Deadline) -> Verdict:
        raise CheckError(self.reason)


def _facts(ports: Tuple[int, ...]) -> Tuple[CheckSpec, ...]:
    return (
        CheckSpec('agents', Agents()),
        CheckSpec('hooks', Hooks()),
        CheckSpec('listening', Listening(ports)),
    )
