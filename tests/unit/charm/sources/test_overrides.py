"""The operator's entries change any check, wherever it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.checks.check import CheckSpec, Verdict
from charm.checks.kinds import CHECKS
from charm.checks.settling_rule import SettlingRule
from charm.kernel.deadline import Deadline
from charm.kernel.report import CheckResult, Health
from charm.sources.entries import Definition, read_entry
from charm.sources.overrides import AnswerChange, UnitChecks, amended, effective


@dataclass(frozen=True)
class Found:
    """A check of no kind, as sources find them."""

    line: str = 'check_it -p secret'

    def run(self, deadline: Deadline) -> Verdict:
        return Verdict(Health.PASSED, 'found')


GIVEN = (
    CheckSpec('check_db', Found(), source='callback', settling=SettlingRule(fail_after=2)),
    CheckSpec('disk', CHECKS['disk']()),
    CheckSpec('load', CHECKS['load']()),
    CheckSpec('nrpe-check_it', Found(), 60.0, '/etc/nagios/nrpe.d/it.cfg'),
)


def entries(*given: tuple[str, dict[str, Any]]) -> list[Definition]:
    return [
        read_entry(f'{number}.yaml', name, entry) for number, (name, entry) in enumerate(given)
    ]


def tuned(*given: tuple[str, dict[str, Any]], service: str = 'web') -> UnitChecks:
    return effective(GIVEN, entries(*given), service, passing=('nrpe', 'pebble'))


def only(found: UnitChecks, name: str) -> CheckSpec:
    assert found.faults == ()
    (spec,) = [spec for spec in found.specs if spec.name == name]
    return spec


def names(found: UnitChecks) -> list[str]:
    return [spec.name for spec in found.specs]


def faults(found: UnitChecks) -> list[tuple[str, str, str]]:
    return [(fault.source, fault.key, fault.reason) for fault in found.faults]


def test_without_entries_all_is_as_it_was() -> None:
    assert effective(GIVEN, (), 'web') == UnitChecks(GIVEN)


@pytest.mark.parametrize('name', [spec.name for spec in GIVEN])
def test_any_check_can_be_turned_off(name: str) -> None:
    found = tuned((name, {'enabled': False}))
    assert found.faults == ()
    assert set(names(found)) == {spec.name for spec in GIVEN} - {name}


@pytest.mark.parametrize('name', [spec.name for spec in GIVEN])
def test_any_check_can_be_renamed_and_retuned(name: str) -> None:
    change = {'rename': 'new', 'timeout': 3, 'interval': 90, 'pass_after': 4}
    spec = only(tuned((name, change)), 'new')
    assert (spec.timeout_seconds, spec.interval_seconds) == (3.0, 90.0)
    assert spec.settling is not None
    assert spec.settling.pass_after == 4
    assert spec.settling.fail_after == (2 if name == 'check_db' else 1)


def test_what_an_entry_does_not_mention_stays() -> None:
    found = tuned(
        ('disk', {'warn_used_percent': 70}),
        ('disk', {'timeout': 4}),
        ('disk', {'exclude': '/mnt', 'fail_after': 2}),
    )
    spec = only(found, 'disk')
    assert spec.check == CHECKS['disk'](warn_used_percent=70.0, exclude=('/mnt',))
    assert (spec.timeout_seconds, spec.settling) == (4.0, SettlingRule(fail_after=2))


def test_an_entry_with_a_kind_defines_the_check_anew() -> None:
    found = tuned(('disk', {'timeout': 4, 'fail_after': 2}), ('disk', {'kind': 'load'}))
    spec = only(found, 'disk')
    assert (spec.check, spec.timeout_seconds, spec.settling) == (CHECKS['load'](), 10.0, None)
    assert spec.source == '1.yaml'


def test_of_two_files_the_later_wins() -> None:
    for first, second, there in ((False, True, True), (True, False, False)):
        found = tuned(('load', {'enabled': first}), ('load', {'enabled': second}))
        assert ('load' in names(found)) is there
    found = tuned(('load', {'warn_per_cpu': 1}), ('load', {'warn_per_cpu': 3}))
    assert only(found, 'load').check == CHECKS['load'](warn_per_cpu=3.0)


def test_a_change_may_come_before_the_file_that_defines_its_check() -> None:
    found = tuned(('web', {'timeout': 3}), ('web', {'kind': 'tcp', 'port': 80, 'timeout': 9}))
    assert only(found, 'web').timeout_seconds == 3.0


def test_an_entry_for_another_service_changes_nothing() -> None:
    change = ('disk', {'enabled': False, 'service': ['db', 'mysql*']})
    assert tuned(change) == UnitChecks(GIVEN)
    assert 'disk' not in names(tuned(change, service='mysql-router'))


def test_a_misspelt_name_is_said_and_the_check_that_was_meant_runs_on() -> None:
    found = tuned(('dsik', {'enabled': False}))
    assert 'disk' in names(found)
    assert faults(found) == [('0.yaml', 'checks.dsik', "no such check; did you mean 'disk'?")]


def test_a_new_check_without_a_kind_is_told_to_have_one() -> None:
    ((_source, key, reason),) = faults(tuned(('web-front', {'url': 'http://x/'})))
    assert key == 'checks.web-front'
    assert 'it needs a kind: clock, disk,' in reason


def test_what_a_source_may_find_elsewhere_is_no_mistake_here() -> None:
    change = {'enabled': False}
    assert tuned(('nrpe-check_other', change), ('pebble', change)).faults == ()
    assert len(tuned(('pebbles', change)).faults) == 1


def test_one_answer_of_a_check_that_has_many_can_be_changed_too() -> None:
    found = tuned(
        ('pebble-db', {'enabled': False}),
        ('pebble-web', {'rename': 'front', 'fail_after': 3}),
        ('pebble-web', {'fail_after': 2, 'pass_after': 4}),
        ('pebble-x', {'flap_low': 50}),
    )
    assert [fault[1] for fault in faults(found)] == ['checks.pebble-x.flap_low']
    assert found.answers['pebble-web'] == AnswerChange(
        True, 'front', SettlingRule(fail_after=2, pass_after=4)
    )
    results = [CheckResult(f'pebble-{word}', Health.WARN) for word in ('db', 'web', 'y')]
    assert [one.name for one in amended(results, found.answers)] == ['front', 'pebble-y']


def test_what_is_defined_for_another_service_is_no_mistake_here() -> None:
    found = tuned(
        ('web', {'kind': 'tcp', 'port': 80, 'service': 'db'}), ('web', {'enabled': False})
    )
    assert found.faults == ()


def test_a_check_of_no_kind_has_no_options_least_of_all_its_command() -> None:
    found = tuned(('nrpe-check_it', {'line': 'rm -rf /'}), ('check_db', {'timout': 4}))
    assert [fault[1] for fault in faults(found)] == [
        'checks.nrpe-check_it.line',
        'checks.check_db.timout',
    ]
    assert "did you mean 'timeout'?" in faults(found)[1][2]
    assert found.specs == GIVEN


def test_a_change_that_cannot_be_made_leaves_the_check_as_it_was() -> None:
    # Each is right by itself; together they are not.
    found = tuned(('disk', {'fail_used_percent': 85}), ('disk', {'warn_used_percent': 88}))
    assert [fault[:2] for fault in faults(found)] == [('1.yaml', 'checks.disk.warn_used_percent')]
    spec = next(spec for spec in found.specs if spec.name == 'disk')
    assert spec.check == CHECKS['disk'](fail_used_percent=85.0)


def test_a_change_may_be_right_only_with_that_of_another_file() -> None:
    found = tuned(('disk', {'fail_used_percent': 97}), ('disk', {'warn_used_percent': 95}))
    assert only(found, 'disk').check == CHECKS['disk'](
        warn_used_percent=95.0, fail_used_percent=97.0
    )
    spec = only(tuned(('load', {'flap_high': 60}), ('load', {'flap_low': 50})), 'load')
    assert spec.settling == SettlingRule(flap_low=50, flap_high=60)
    assert faults(tuned(('load', {'flap_low': 50}))) == [
        ('0.yaml', 'checks.load.flap_low', '50 is above flap_high')
    ]


def test_a_new_name_that_is_taken_is_refused_and_the_old_one_stays() -> None:
    found = tuned(('disk', {'rename': 'load'}))
    assert faults(found) == [
        ('0.yaml', 'checks.disk.rename', "'load' is already what load is called")
    ]
    assert 'disk' in names(found)
    swapped = tuned(('load', {'enabled': False}), ('disk', {'rename': 'load'}))
    assert names(swapped) == ['check_db', 'load', 'nrpe-check_it']


def test_a_check_is_changed_by_its_own_name_and_the_other_is_pointed_out() -> None:
    found = tuned(('disk', {'rename': 'space'}), ('space', {'timeout': 3}))
    assert faults(found) == [('1.yaml', 'checks.space', 'it is disk renamed: change that')]


def test_callbacks_of_one_name_are_changed_together() -> None:
    twins = (GIVEN[0], GIVEN[0])
    found = effective(twins, entries(('check_db', {'timeout': 2})), 'web')
    assert [spec.timeout_seconds for spec in found.specs] == [2.0, 2.0]
    assert effective(twins, entries(('check_db', {'enabled': False})), 'web').specs == ()


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        'timeout': st.integers(1, 60),
        'interval': st.integers(1, 60),
        'fail_after': st.integers(1, 9),
        'enabled': st.booleans(),
    },
)
NAMED = st.tuples(st.sampled_from([spec.name for spec in GIVEN]), CHANGES)


@given(st.lists(NAMED, max_size=8))
def test_taking_the_same_entries_in_twice_is_taking_them_once(
    given_entries: list[tuple[str, dict[str, Any]]],
) -> None:
    assert tuned(*given_entries, *given_entries).specs == tuned(*given_entries).specs


@given(st.lists(NAMED, max_size=8))
def test_entries_about_one_check_leave_the_others_alone(
    given_entries: list[tuple[str, dict[str, Any]]],
) -> None:
    apart = [
        spec
        for name in (spec.name for spec in GIVEN)
        for spec in tuned(*[one for one in given_entries if one[0] == name]).specs
        if spec.name == name
    ]
    assert tuple(apart) == tuned(*given_entries).specs
