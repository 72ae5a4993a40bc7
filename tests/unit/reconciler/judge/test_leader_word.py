"""What a leader says of its application as a whole counts, beside what its units came to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from charm.kernel.report import Health, StateName
from reconciler.causes.explain import explain
from reconciler.collect.interpret import silent_reading
from reconciler.config.settings import Config, ServiceConfig
from reconciler.config.suppressions import SuppressionEntry
from reconciler.judge.conclude import Evidence, conclude
from reconciler.render import RENDERERS, RenderOptions
from reconciler.saved.sweep_document import decode
from reconciler.values.model import Application, Model, StatusInfo
from reconciler.values.readings import JUJU_STATUS, Outcome, ServiceHealth, Snapshot
from tests.support.asked import NOW
from tests.support.juju_said import seen, unit_of, words_of, world

BLOCKED = StatusInfo('blocked', 'Missing relations: database', NOW - timedelta(minutes=3))


def model_of(said: StatusInfo, workload: StatusInfo | None = None) -> Model:
    model = world(unit_of(workload))
    application = replace(model.applications['web'], status=said)
    return replace(model, applications={'web': application})


def swept(model: Model, *entries: SuppressionEntry, config: Config | None = None) -> Snapshot:
    readings = {unit.name: seen(model, unit) for unit in model.units()}
    return conclude(Evidence(model, readings, NOW, 1.0), (), config or Config(), entries)


def only(snapshot: Snapshot) -> ServiceHealth:
    (service,) = snapshot.services
    return service


def test_an_application_that_its_leader_calls_blocked_is_blocked_though_its_units_are_well() -> (
    None
):
    service = only(swept(model_of(BLOCKED)))
    assert service.health is Health.FAIL
    assert service.message == (
        'Juju says of the whole application blocked: Missing relations: database'
    )
    assert service.state is not None
    assert (service.state.name, service.state.blockers) == (StateName.BLOCKED, ('database',))
    assert service.readings[0].health is Health.PASSED


@pytest.mark.parametrize('word', words_of('workload'))
def test_no_word_of_a_leader_makes_it_better(word: str) -> None:
    worse = {'maintenance', 'waiting', 'allocating', 'blocked', 'error', 'terminated'}
    found = only(swept(model_of(StatusInfo(word, 'so'))))
    bad = word in worse or 'tomorrow' in word
    assert (found.health is Health.PASSED) is not bad
    blocked = only(swept(model_of(StatusInfo(word, 'so'), StatusInfo('blocked', 'here'))))
    assert blocked.health is Health.FAIL


def test_what_juju_derives_from_the_units_counts_by_the_rule_of_the_service() -> None:
    first = unit_of(BLOCKED)
    other = replace(unit_of(name='web/1'), machine='0')
    model = world(first)
    rule = {'rule': 'at-least', 'count': 1}
    application = Application('web', status=BLOCKED, units=(first, other))
    model = replace(model, applications={'web': application})
    readings = {
        unit.name: replace(
            reading, report=replace(reading.report, rollup=rule) if reading.report else None
        )
        for unit in model.units()
        for reading in [seen(model, unit)]
    }
    found = conclude(Evidence(model, readings, NOW, 1.0))
    assert only(found).health is Health.PASSED
    assert only(found).juju is None


def test_that_juju_cannot_tell_of_it_is_no_good_news() -> None:
    found = only(swept(model_of(StatusInfo(message='not allowed', failed=True))))
    assert found.health is Health.UNKNOWN
    assert 'status-error: not allowed' in found.message


def test_the_operator_may_have_it_count_otherwise() -> None:
    config = Config(services=(ServiceConfig('w*', juju=(('blocked', Health.WARN),)),))
    found = only(swept(model_of(BLOCKED), config=config))
    assert found.health is Health.WARN
    assert '(health.yaml counts blocked as warn)' in found.message


def test_who_asks_for_one_unit_is_told_of_that_unit() -> None:
    model = model_of(BLOCKED)
    evidence = Evidence(model, {'web/0': seen(model, unit_of())}, NOW, 1.0)
    assert only(conclude(evidence, ('web/0',))).health is Health.PASSED


def test_it_is_acknowledged_by_the_name_of_jujus_word() -> None:
    until = NOW + timedelta(days=1)
    entry = SuppressionEntry('acknowledged', 'web', until, 'known', JUJU_STATUS)
    assert only(swept(model_of(BLOCKED), entry)).suppressed
    assert not only(swept(model_of(BLOCKED), replace(entry, check='cxn'))).suppressed
    assert only(swept(model_of(BLOCKED), replace(entry, check=''))).suppressed


def test_an_application_without_units_is_told_of_by_its_leader_alone() -> None:
    model = replace(model_of(BLOCKED), applications={'web': Application('web', status=BLOCKED)})
    assert only(swept(model)).health is Health.FAIL


def test_every_format_tells_it_and_a_saved_sweep_keeps_it() -> None:
    found = swept(model_of(BLOCKED))
    for name, render in RENDERERS.items():
        text = render(found, RenderOptions(NOW, width=200))
        assert 'Missing relations: database' in text or name in ('textfile', 'openmetrics'), name
    again = decode(RENDERERS['json'](found, RenderOptions(NOW)).encode())
    assert only(again).juju == only(found).juju
    told = explain(again, 'web')
    assert told.health is Health.FAIL


@pytest.mark.parametrize('word', ['waiting', 'maintenance'])
def test_a_mild_word_is_told_beside_what_nobody_looked_at(word: str) -> None:
    model = model_of(StatusInfo(word, 'Waiting for leader'))
    silent = silent_reading(model, unit_of(), Outcome.NOT_SHIPPED, '', NOW)
    found = only(conclude(Evidence(model, {'web/0': silent}, NOW, 1.0)))
    assert found.health is Health.UNKNOWN
    assert 'Waiting for leader' in found.message
    assert found.juju is not None


def test_what_was_seen_to_fail_is_told_before_a_mild_word() -> None:
    model = model_of(StatusInfo('waiting', 'for its turn'))
    readings = {'web/0': seen(model, unit_of(), Health.FAIL)}
    found = only(conclude(Evidence(model, readings, NOW, 1.0)))
    assert found.health is Health.FAIL
    assert 'for its turn' not in found.message


def test_a_leader_that_says_the_same_of_itself_and_of_the_whole_is_heard() -> None:
    later = replace(BLOCKED, since=NOW)
    assert only(swept(model_of(later, BLOCKED))).juju is not None
    assert only(swept(model_of(BLOCKED, BLOCKED))).juju is None


def test_it_says_that_not_the_rule_but_juju_made_it_so() -> None:
    assert only(swept(model_of(BLOCKED))).because.endswith("; Juju's word makes it fail")
