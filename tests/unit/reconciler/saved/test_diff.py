"""What changed between two sweeps: flips, states, what is new and what is gone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings

from charm.kernel.report import Health
from reconciler.render import RenderOptions
from reconciler.render.people.changes import CHANGES
from reconciler.saved.diff import Change, Diff, diff
from reconciler.values.model import Unit
from reconciler.values.readings import Outcome, Snapshot, ViewHealth
from tests.support.golden import check_golden
from tests.support.snapshots import BLOCKED, NOW, UP, check, reported, silent, snapshot
from tests.unit.reconciler.saved.test_sweep_document import SNAPSHOTS

UNIT = Unit('web/0', 'web', '0')


def of(*names: str, **changes: Health) -> Snapshot:
    """Return web/0 with these checks, passed where nothing else is said."""
    checks = [check(name, changes.get(name, Health.PASSED), f'{name} says') for name in names]
    return snapshot((reported(UNIT, *checks, state=UP),))


def before() -> Snapshot:
    units = [Unit(f'web/{n}', 'web', str(n)) for n in range(3)]
    return replace(
        snapshot(
            (
                reported(units[0], check('http', Health.PASSED, '200'), state=UP),
                reported(units[1], check('http', Health.FAIL, 'refused'), state=BLOCKED),
                reported(units[2], check('http', Health.PASSED, '200'), state=UP),
                reported(Unit('old/0', 'old'), check('load', Health.PASSED, 'idle')),
            )
        ),
        views=(ViewHealth('shop', Health.PASSED),),
        started_at=NOW - timedelta(hours=1),
    )


def after() -> Snapshot:
    units = [Unit(f'web/{n}', 'web', str(n)) for n in range(4)]
    disk = check('disk', Health.WARN, '91 % | full')
    hostile = 'down\x1b[31m [bold]x[/bold]\n'
    return replace(
        snapshot(
            (
                reported(units[0], check('http', Health.PASSED, '200'), disk, state=UP),
                reported(units[1], check('http', Health.PASSED, '200'), state=UP),
                silent(units[2], Outcome.UNREACHABLE, 'no route to host'),
                reported(units[3], check('http', Health.FAIL, hostile), state=UP),
                reported(Unit('new/0', 'new'), check('load', Health.PASSED, 'idle')),
            )
        ),
        views=(ViewHealth('shop', Health.FAIL, because='web fails'),),
    )


def names(found: Diff, kind: str) -> set[str]:
    changes = [change for change in found.changes if change.what != 'model']
    return {change.name for change in changes if change.kind == kind}


@settings(deadline=None, max_examples=15)
@given(SNAPSHOTS)
def test_a_sweep_does_not_differ_from_itself(one: Snapshot) -> None:
    assert diff(one, one).changes == ()


@settings(deadline=None, max_examples=15)
@given(SNAPSHOTS, SNAPSHOTS)
def test_what_is_new_one_way_is_gone_the_other_way(one: Snapshot, other: Snapshot) -> None:
    there, back = diff(one, other), diff(other, one)
    assert names(there, 'new') == names(back, 'gone')
    assert names(there, 'flip') == names(back, 'flip')


def test_a_flip_of_a_check_shows_in_its_unit_its_service_and_its_model() -> None:
    found = diff(of('http'), of('http', http=Health.FAIL))
    assert [(change.what, change.name) for change in found.changes] == [
        ('model', 'prod'),
        ('service', 'web'),
        ('unit', 'web/0'),
        ('check', 'web/0 http'),
    ]
    assert all(change.worse for change in found.changes)
    assert found.changes[-1] == Change(
        'flip', 'check', 'web/0 http', 'passed', 'fail', 'http says', worse=True
    )


def test_what_got_better_is_a_change_and_not_worse() -> None:
    found = diff(of('http', http=Health.FAIL), of('http'))
    assert found.changes
    assert not found.worse


def test_a_failing_unit_that_falls_silent_is_nowhere_told_to_be_better() -> None:
    silence = snapshot((silent(UNIT, Outcome.UNREACHABLE, 'no route'),))
    found = diff(of('http', http=Health.FAIL), silence)
    told = CHANGES['table'](found, RenderOptions(NOW))
    assert 'fail -> unknown' in told
    assert 'better' not in told
    assert 'better' in CHANGES['table'](diff(silence, of('http')), RenderOptions(NOW))


def test_a_check_that_comes_is_worse_only_if_it_does_not_pass() -> None:
    assert not diff(of('http'), of('http', 'disk')).worse
    assert diff(of('http'), of('http', 'disk', disk=Health.WARN)).worse


def test_a_unit_that_falls_silent_is_told_once_and_not_for_each_of_its_checks() -> None:
    found = diff(of('a', 'b', 'c'), snapshot((silent(UNIT, Outcome.UNREACHABLE, 'no route'),)))
    assert {change.what for change in found.changes} == {'model', 'service', 'unit'}
    assert Change('state', 'unit', 'web/0', 'reported', 'unreachable', 'no route', True) in (
        found.changes
    )


def test_a_unit_that_is_vouched_for_now_is_not_worse() -> None:
    alive = replace(silent(UNIT, Outcome.VOUCHED, 'reports for a/0'), health=Health.PASSED)
    found = diff(of('a'), snapshot((alive,)))
    assert ('reported', 'vouched') in [(one.before, one.after) for one in found.changes]
    assert not found.worse


def test_an_incomplete_sweep_is_worse_than_a_complete_one() -> None:
    found = diff(of('a'), replace(of('a'), complete=False, faults=('ended',)))
    assert [(one.after, one.message, one.worse) for one in found.changes] == [
        ('incomplete', 'ended', True)
    ]


def test_a_sweep_that_could_not_begin_does_not_tell_that_everything_is_gone() -> None:
    nothing = replace(
        of('a'), services=(), health=Health.UNKNOWN, complete=False, faults=('no juju',)
    )
    found = diff(before(), nothing)
    assert {change.what for change in found.changes} == {'model'}
    assert found.worse
    assert {change.what for change in diff(nothing, before()).changes} == {'model'}


@pytest.mark.parametrize('form', CHANGES)
def test_the_output_is_the_golden_one(form: str) -> None:
    found = diff(before(), after())
    text = CHANGES[form](found, RenderOptions(NOW))
    check_golden(f'diff.2.{form}', text)
    assert '\x1b[31m' not in text


def test_the_json_says_what_the_table_says() -> None:
    found = diff(before(), after())
    document = json.loads(CHANGES['json'](found, RenderOptions(NOW)))
    assert [Change(**change) for change in document['changes']] == list(found.changes)
    assert document['worse'] is True


def test_nothing_changed_is_one_line() -> None:
    text = CHANGES['table'](diff(before(), before()), RenderOptions(NOW))
    assert text.splitlines()[0].startswith('lab:prod  0 changes, 0 for the worse')
    assert len(text.splitlines()) == 1
