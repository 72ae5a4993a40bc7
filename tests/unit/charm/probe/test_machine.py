"""All that is looked at on a machine, as one report."""

from __future__ import annotations

from typing import Any, Mapping

from charm.checks.kinds import BUILT_IN
from charm.kernel.deadline import Deadline
from charm.kernel.report import CheckResult, Health
from charm.probe.machine import look
from tests.support.patience import PATIENCE


def looked(options: Mapping[str, Mapping[str, Any]]) -> Mapping[str, CheckResult]:
    report = look('web/0', [], options, Deadline.after(PATIENCE))
    assert (report.unit, report.service, report.reporter) == ('web/0', 'web', None)
    return {check.name: check for check in report.checks}


def test_it_has_the_built_in_checks_and_what_is_there_of_juju() -> None:
    found = looked({})
    assert list(found) == ['agents', 'hooks', 'listening', *BUILT_IN]
    assert all(check.message for check in found.values())


def test_a_check_is_run_as_the_operator_wants_it() -> None:
    found = looked({'load': {'enabled': False}, 'memory': {'fail_available_percent': 100.0}})
    assert 'load' not in found
    assert found['memory'].health is Health.UNKNOWN  # The warning would come after the failure.
    told = looked({'memory': {'warn_available_percent': 100, 'fail_available_percent': 100}})
    assert told['memory'].health is Health.FAIL


def test_an_option_that_is_none_makes_its_check_unknown_and_says_where_it_stands() -> None:
    found = looked({'load': {'warn': 3}})['load']
    assert found.health is Health.UNKNOWN
    assert 'cannot use the option warn: ' in found.message
    assert 'probe.checks.load in health.yaml' in found.message
