"""The principal charm's own `hooks/health`, asked by the subordinate that reports for its unit.

A charm that knows its workload best may have a health hook of its own. Whatever it prints is taken
as one report of schema 1, or as one subset report or a list of them; each of its checks becomes
one of the unit's, named `principal-<check>`, and `principal` is the whole of them. It is a guest:
nonsense, silence, or an overrun is one `unknown` check, and it cannot speak for another unit.
"""

from __future__ import annotations

import os
from pathlib import Path

from ..checks.child_process import ENVIRONMENT, describe_exit, tail
from ..checks.options import OUTSIDE
from ..checks.phrases import listed
from ..checks.trusted_programs import refuse_untrusted
from ..kernel.command import Completed, run
from ..kernel.deadline import Deadline
from ..kernel.errors import CheckError, ReportError
from ..kernel.facts import dataclass, field, replace
from ..kernel.hints import Any, Dict, Mapping, Optional, Tuple
from ..kernel.merge_checks import lowest_qos, merge, read_subset
from ..kernel.report import CheckResult, Health, Report, worst
from ..kernel.report_json import from_json
from ..kernel.strict_json import load
from .found import NESTED, PRINCIPAL

# What it says as a whole, and its checks.
Answer = Tuple[CheckResult, Tuple[CheckResult, ...]]
# The hook is told to end a little before we give up on it, so that its own deadline speaks.
_MARGIN_SECONDS = 1.0


@dataclass(frozen=True)
class Principal:
    """Run the `hooks/health` of another charm and take its word for its unit, the principal."""

    unit: str
    hook: Path
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, metadata=OUTSIDE)

    def run_all(self, name: str, deadline: Deadline) -> Tuple[CheckResult, ...]:
        """Return what it says as a whole under `name`, and each of its checks as `<name>-<check>`.

        Raises:
            CheckError: it cannot be run or believed.
        """
        whole, results = self._ask(deadline)
        each = (replace(result, name=f'{name}-{result.name}') for result in results)
        return merge((replace(whole, name=name), *each))

    def _ask(self, deadline: Deadline) -> Answer:
        if self.environment.get(NESTED):
            raise CheckError('cannot ask the principal: its health hook asks us')
        refuse_untrusted(self.hook)
        charm = str(self.hook.parent.parent)
        own = {'JUJU_UNIT_NAME': self.unit, 'JUJU_CHARM_DIR': charm, 'CHARM_DIR': charm}
        environment = {**ENVIRONMENT, **own, NESTED: '1'}
        until = deadline.within(max(deadline.remaining_seconds - _MARGIN_SECONDS, 0.1))
        return read_answer(self.unit, run([str(self.hook)], until, env=environment, cwd=charm))


def read_answer(unit: str, done: Completed) -> Answer:
    """Return what a hook says as a whole, and its checks.

    Raises:
        CheckError: there is no answer, or it cannot be believed.
    """
    if done.timed_out:
        raise CheckError(f'cannot tell: the principal did not answer in time{tail(done)}')
    if done.truncated:
        raise CheckError(f'cannot tell: the principal printed {done.stdout_bytes} bytes')
    if done.exit_code != 0:
        ended = describe_exit(done.exit_code)
        raise CheckError(f'cannot tell: the health hook of the principal {ended}{tail(done)}')
    try:
        document = load(done.stdout)
        if isinstance(document, dict) and 'schema' in document:
            return _of_report(unit, from_json(document))
    except ReportError as error:
        raise CheckError(f'cannot use what the principal printed: {error}') from error
    results = merge(read_subset(document, 'check'))
    health = worst(result.health for result in results)
    return _whole(health, lowest_qos(results), results), results


def _of_report(unit: str, report: Report) -> Answer:
    if report.unit != unit:
        raise CheckError(f'cannot use the report: it is for {report.unit!r}, not for {unit!r}')
    # Of what it says of itself and what its checks say, the worse counts; no checks, no evidence.
    health = worst((report.health, worst(check.health for check in report.checks)))
    whole = _whole(health, report.qos, report.checks)
    said = {
        'rollup': dict(report.rollup),
        'requires': list(report.requires),
        'provides': list(report.provides),
    }
    data: Dict[str, Any] = {key: value for key, value in said.items() if value}
    message, state = whole.message, report.state
    if state is not None:
        name, blockers = state.name.value, list(state.blockers)
        data.update(state=name, state_duration=state.duration, blockers=blockers)
        message += f'; {name} by {", ".join(blockers)}' if blockers else f'; {name}'
    return replace(whole, message=message, data=data), report.checks


def _whole(health: Health, qos: Optional[float], results: Tuple[CheckResult, ...]) -> CheckResult:
    bad = [result.name for result in results if result.health is not Health.PASSED]
    message = f'not passed: {listed(bad)}' if bad else f'{len(results)} checks passed'
    if not bad and health is not Health.PASSED:
        message = f'it reports {health.value}'
    return CheckResult(PRINCIPAL, health, qos, message)
