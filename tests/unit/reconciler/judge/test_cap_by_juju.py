"""Never greener than Juju: each of its words is a ceiling, whatever was seen of the unit."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from charm.juju.workload_status import describe, with_troubles
from charm.kernel.report import Health, State, StateName, worst
from reconciler.collect.interpret import dated_reading, silent_reading
from reconciler.judge.cap_by_juju import capped
from reconciler.judge.conclude import Evidence, conclude
from reconciler.judge.sweep_exit_code import exit_code
from reconciler.juju import status
from reconciler.juju.ceiling_table import CEILINGS
from reconciler.render import RENDERERS, RenderOptions
from reconciler.values.freshness import DatedReport
from reconciler.values.model import Machine, StatusInfo
from reconciler.values.outcomes import HEARD
from reconciler.values.readings import JUJU_STATUS, Outcome
from tests.support.asked import NOW, report
from tests.support.juju_said import (
    DATA,
    HOOK_FAILED,
    LOST,
    concluded,
    only,
    seen,
    unit_of,
    words_of,
    world,
)

# What goes has a rule of its own: see test_leaving.
EVIDENCE = [*Health, *(one for one in Outcome if one not in HEARD | {Outcome.LEAVING})]


@pytest.mark.parametrize('evidence', EVIDENCE, ids=lambda one: one.value)
def test_each_of_jujus_states_is_a_ceiling_for_whatever_was_seen(
    evidence: Health | Outcome,
) -> None:
    table = {(row.of, row.word): row.health for row in CEILINGS}
    hours_ago = NOW - timedelta(hours=3)
    for workload, agent, machine, instance in itertools.product(
        words_of('workload'), words_of('agent'), words_of('machine'), words_of('instance')
    ):
        unit = unit_of(StatusInfo(workload), StatusInfo(agent, since=hours_ago))
        model = world(unit, Machine('0', agent=StatusInfo(machine), instance=StatusInfo(instance)))
        before = (
            seen(model, unit, evidence)
            if isinstance(evidence, Health)
            else silent_reading(model, unit, evidence, '', NOW)
        )
        said = [('workload', workload), ('agent', agent), ('machine', machine)]
        ceilings = [table.get(pair, Health.UNKNOWN) for pair in said if pair[1]]
        ceilings.append(table.get(('instance', instance), Health.PASSED))
        after = capped(before, model, {}, NOW)
        assert after.health is worst((before.health, *ceilings))
        assert (after.juju is None) == (worst(ceilings) is Health.PASSED)
        assert capped(after, model, {}, NOW) == after


@pytest.mark.parametrize(
    ('workload', 'agent', 'best'),
    [
        ('active', 'idle', Health.PASSED),
        ('unknown', 'idle', Health.PASSED),
        ('active', 'executing', Health.PASSED),
        ('error', 'idle', Health.FAIL),
        ('blocked', 'idle', Health.FAIL),
        ('maintenance', 'executing', Health.WARN),
        ('waiting', 'idle', Health.WARN),
        ('unknown', 'lost', Health.WARN),
    ],
)
def test_what_passes_is_at_best_what_juju_allows(workload: str, agent: str, best: Health) -> None:
    unit = unit_of(StatusInfo(workload, 'so'), StatusInfo(agent, since=NOW))
    found = concluded(seen(world(unit), unit), world(unit))
    assert (found.health, only(found).health) == (best, best)
    assert (exit_code(found) == 0) == (best is Health.PASSED)


def test_a_hook_that_has_run_for_an_hour_is_told() -> None:
    running = 'running upgrade-charm hook'
    unit = unit_of(agent=StatusInfo('executing', running, NOW - timedelta(hours=2)))
    reading = only(concluded(seen(world(unit), unit), world(unit)))
    assert reading.health is Health.WARN
    assert reading.message.startswith(f'Juju says agent executing for 2h: {running}; we saw ')


@pytest.mark.parametrize('form', RENDERERS)
def test_every_format_tells_what_juju_says_and_what_we_saw(form: str) -> None:
    unit = unit_of(HOOK_FAILED)
    found = concluded(seen(world(unit), unit), world(unit))
    options = RenderOptions(NOW, width=200)
    told = RENDERERS[form](found, options)
    well = RENDERERS[form](concluded(seen(world(unit_of()), unit_of()), world(unit_of())), options)
    if form in ('openmetrics', 'textfile'):
        assert f'check="{JUJU_STATUS}"' in told
    elif form == 'summary':
        assert 'Juju says error' in told
    else:
        assert 'we saw 1 check passed' in told
        assert 'config-changed' in told
    assert JUJU_STATUS not in well
    assert 'Juju says' not in well


def test_a_machine_out_of_reach_does_not_hide_that_a_hook_failed() -> None:
    unit = unit_of(HOOK_FAILED, LOST)
    model = world(unit, Machine('0', agent=StatusInfo('down', 'agent is not communicating')))
    gone = silent_reading(model, unit, Outcome.UNREACHABLE, 'cannot reach it: timed out', NOW)
    reading = only(concluded(gone, model))
    assert reading.health is Health.FAIL
    assert reading.message == (
        'Juju says error: hook failed: "config-changed", agent lost, machine 0 down; '
        'we saw nothing: cannot reach it: timed out'
    )


def test_a_unit_that_is_stuck_is_so_in_its_state_too() -> None:
    up = State(StateName.UP, 60.0, NOW - timedelta(minutes=1))
    unit = unit_of(StatusInfo('blocked', 'Missing relation: db'))
    reading = only(concluded(replace(seen(world(unit), unit), state=up), world(unit)))
    assert reading.state is not None
    assert (reading.state.name, reading.state.blockers) == (StateName.BLOCKED, ('db',))
    lost = unit_of(StatusInfo('unknown'), LOST)
    assert only(concluded(replace(seen(world(lost), lost), state=up), world(lost))).state == up


def test_a_failed_hook_is_dated_by_the_last_try_and_never_by_what_was_before() -> None:
    document = json.loads((DATA / 'observed-error-lost-down-4.0.15.json').read_text())
    model = status.decode(json.dumps(document).encode())
    now = datetime(2026, 11, 25, 20, 15, 13, tzinfo=timezone.utc)
    units = {unit.name: unit for unit in model.units()}
    readings = {name: seen(model, unit) for name, unit in units.items()}
    found = conclude(Evidence(model, readings, now, 1.0))
    by_unit = {one.unit.name: one for one in found.readings()}
    front, db = by_unit['front/0'], by_unit['db/0']
    assert front.message.startswith(
        'Juju says error for at least 30s: hook failed: "config-changed"; we saw '
    )
    assert front.state is not None
    assert (front.state.name, front.state.duration) == (StateName.ERROR, None)
    assert db.health is Health.WARN
    assert db.message.startswith(
        'Juju says agent lost: agent is not communicating with the server, machine 0 down; we saw '
    )
    assert db.state is not None
    assert db.state.duration is None
    assert {one.name: one.health for one in found.services} == {
        'front': Health.FAIL,
        'boss': Health.PASSED,
        'db': Health.WARN,
        'juju-health': Health.WARN,
    }


def test_without_the_charm_the_same_model_is_no_better_and_no_worse_for_what_juju_says() -> None:
    model = status.decode((DATA / 'observed-blocked-4.0.15.json').read_bytes())
    (front,) = (one for one in model.units() if one.name == 'front/0')
    silent = silent_reading(model, front, Outcome.NOT_SHIPPED, '', NOW)
    for reading in (silent, seen(model, front)):
        assert capped(reading, model, {}, NOW).health is Health.FAIL
    told = capped(silent, model, {}, NOW).message
    assert told == 'juju status says blocked: need db'


# -- our own charm ---------------------------------------------------------------------------


def own_charm(workload: StatusInfo) -> Health:
    unit = unit_of(workload, name='health/0')
    model = world(unit, charm='juju-health')
    return capped(seen(model, unit), model, {}, NOW).health


@pytest.mark.parametrize('health', Health)
@pytest.mark.parametrize('state', [None, *(State(name, 5.0, NOW, 'x') for name in StateName)])
def test_what_our_own_charm_said_at_its_last_hook_is_an_older_report_of_ours(
    health: Health, state: State | None
) -> None:
    made = replace(report('health/0', health), state=state)
    assert own_charm(StatusInfo(*describe(made), since=NOW)) is Health.PASSED


@pytest.mark.parametrize('outcome', [Outcome.REPORTED, Outcome.VOUCHED])
@pytest.mark.parametrize('came_seconds', [0.0, 60.0])
@pytest.mark.parametrize('age_seconds', [0.0, 60.0, 100.0, 120.0, None])
def test_a_report_from_before_it_hides_nothing_that_our_own_charm_said(
    outcome: Outcome, came_seconds: float, age_seconds: float | None
) -> None:
    made = report('health/0', Health.FAIL)
    for seconds in (99.0, 100.0, 101.0, None):
        since = None if seconds is None else NOW - timedelta(seconds=seconds)
        unit = unit_of(StatusInfo(*describe(made), since=since), name='health/0')
        model = world(unit, charm='juju-health')
        since_seconds = min(came_seconds, age_seconds or 0.0)
        held_seconds = None if age_seconds is None else age_seconds - since_seconds
        came = NOW - timedelta(seconds=since_seconds)
        dated = DatedReport(report(unit.name), came, held_seconds, 'push')
        reading = replace(dated_reading(model, unit, dated, NOW, 120.0), outcome=outcome)
        hidden = seconds is not None and age_seconds is not None and age_seconds <= seconds
        best = Health.PASSED if hidden else Health.FAIL
        assert capped(reading, model, {}, NOW).health is best


@pytest.mark.parametrize(('seconds', 'best'), [(99.0, Health.FAIL), (100.0, Health.PASSED)])
def test_so_it_is_in_a_replay(seconds: float, best: Health) -> None:
    since, made_at = (NOW - timedelta(seconds=ago) for ago in (seconds, 100.0))
    status = StatusInfo(*describe(report('health/0', Health.FAIL)), since=since)
    unit = unit_of(status, name='health/0')
    model = world(unit, charm='juju-health')
    reading = dated_reading(model, unit, DatedReport(report(unit.name), made_at), made_at, 120.0)
    assert capped(reading, model, {}, NOW).health is best


def test_nor_is_it_stuck_in_what_it_said_then() -> None:
    made = replace(report('health/0'), state=State(StateName.BLOCKED, 5.0, NOW, 'x'))
    unit = unit_of(StatusInfo(*describe(made), since=NOW), name='health/0')
    assert unit.workload.current == 'blocked'
    model = world(unit, charm='juju-health')
    reading = seen(model, unit)
    assert capped(reading, model, {}, NOW).state == reading.state


def test_a_mistake_in_its_configuration_or_a_failed_hook_of_it_counts() -> None:
    trouble = with_troubles(('active', 'passed: 6 checks'), ['cannot use the option `checks`'])
    assert own_charm(StatusInfo(*trouble)) is Health.FAIL
    assert own_charm(HOOK_FAILED) is Health.FAIL
