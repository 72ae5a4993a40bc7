"""A program that prints a subset report, or a list of them, as JSON."""

from __future__ import annotations

from ...kernel.command import Completed
from ...kernel.deadline import Deadline
from ...kernel.errors import CheckError, ReportError
from ...kernel.facts import dataclass, field
from ...kernel.hints import Any, Mapping, Tuple
from ...kernel.merge_checks import lowest_qos, merge, read_subset
from ...kernel.report import CheckResult, Health, worst
from ...kernel.report_json import check_to_json
from ...kernel.strict_json import load
from ..check import Verdict
from ..child_process import describe_exit, run_child, tail
from ..conversion import Command
from ..phrases import listed
from ..trusted_programs import refuse_untrusted_for_root


@dataclass(frozen=True)
class Script:
    """Run a program that prints `{"health": …, "message": …}` and exits with 0.

    Attributes:
        command: a list, or text split as a shell would, but run without one.
        environment: added to the program's otherwise clean environment.
    """

    command: Command
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, deadline: Deadline) -> Verdict:
        """Return what the program reports; of a list the worst, with all of it in `data.checks`.

        Raises:
            CheckError: it overran, failed, printed something else, or is not for root to run.
            CommandError: it cannot be started.
        """
        program = self.command[0]
        refuse_untrusted_for_root(program)
        done = run_child(self.command, deadline, self.environment)
        document = _read(program, done)
        if isinstance(document, list) and len(document) != 1:
            return _collect(merge(read_subset(document, 'part')))
        (result,) = read_subset(document, 'part')
        return Verdict(result.health, result.message, result.data, result.qos)


def _read(program: str, done: Completed) -> Any:
    """Return the JSON that the program printed."""
    if done.exit_code != 0:
        ended = describe_exit(done.exit_code)
        raise CheckError(f'cannot use the report: {program} {ended}{tail(done)}')
    if done.truncated:
        raise CheckError(f'cannot use the report: {program} printed {done.stdout_bytes} bytes')
    try:
        document = load(done.stdout.strip())
    except ReportError as error:
        raise CheckError(
            f'cannot read what {program} printed: {error.reason}{tail(done)}'
        ) from error
    if not isinstance(document, (dict, list)):
        raise CheckError(f'cannot read what {program} printed: it is not a JSON object or array')
    return document


def _collect(results: Tuple[CheckResult, ...]) -> Verdict:
    health = worst(result.health for result in results)
    bad = [f'{result.name}: {result.message}' for result in results if result.health is health]
    passed = f'all {len(results)} parts passed'
    text = passed if health is Health.PASSED else listed(bad)
    data = {'checks': [check_to_json(result) for result in results]}
    return Verdict(health, text, data, lowest_qos(results))
