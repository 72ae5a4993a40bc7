"""What Juju says of a unit: what operators have it count as, who sees it, and its page."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from charm.kernel.command import Completed
from charm.kernel.deadline import Deadline
from charm.kernel.report import CheckResult, Health
from charm.kernel.report_json import encode
from reconciler.ask.modes import AskMode
from reconciler.ask.script_asker import ScriptAsker
from reconciler.causes.explain import explain
from reconciler.collect.collect import CollectPlan
from reconciler.collect.fanout import FanoutLimits
from reconciler.config.settings import Config, ServiceConfig
from reconciler.config.suppressions import SuppressionEntry
from reconciler.inbox.store import Inbox, PushedReports
from reconciler.judge.cap_by_juju import capped
from reconciler.judge.conclude import Evidence, conclude
from reconciler.juju.ceiling_table import CEILINGS, KEYS
from reconciler.reach.base import ReachError
from reconciler.render import RENDERERS, RenderOptions
from reconciler.saved.sweep_document import decode
from reconciler.sweeps.one_model import SweepPlan, survey
from reconciler.values.model import StatusInfo
from reconciler.values.readings import JUJU_STATUS, Outcome
from tests.support.asked import NOW, FakeReach, report
from tests.support.juju_said import HOOK_FAILED, concluded, only, seen, unit_of, world
from tests.support.patience import PATIENCE
from tests.support.tree import DOCS

PAGE = DOCS / 'juju-status.md'


# -- what the operator says ------------------------------------------------------------------


def relaxed(**words: Health) -> Config:
    return Config(services=(ServiceConfig('w*', juju=tuple(words.items())),))


def test_the_operator_may_have_a_word_count_otherwise_and_the_report_says_so() -> None:
    unit = unit_of(StatusInfo('blocked', 'licence expires soon'))
    reading = only(concluded(seen(world(unit), unit), world(unit), relaxed(blocked=Health.WARN)))
    assert reading.health is Health.WARN
    assert reading.message == (
        'Juju says blocked: licence expires soon (health.yaml counts blocked as warn); '
        'we saw 1 check passed'
    )
    passed = only(concluded(seen(world(unit), unit), world(unit), relaxed(blocked=Health.PASSED)))
    assert passed.health is Health.PASSED
    assert 'health.yaml counts blocked as passed' in passed.message


def test_what_was_seen_to_fail_fails_however_little_juju_counts() -> None:
    unit = unit_of(HOOK_FAILED)
    reading = seen(world(unit), unit, Health.FAIL)
    assert concluded(reading, world(unit), relaxed(error=Health.PASSED)).health is Health.FAIL


def test_the_entry_of_its_name_comes_before_a_glob_for_each_word() -> None:
    config = Config(
        services=(
            ServiceConfig('*', juju=(('blocked', Health.PASSED), ('lost', Health.PASSED))),
            ServiceConfig('web', juju=(('blocked', Health.WARN),)),
        )
    )
    assert config.juju('web') == {'blocked': Health.WARN, 'lost': Health.PASSED}


def test_jujus_word_is_acknowledged_by_its_name() -> None:
    unit = unit_of(HOOK_FAILED)
    model = world(unit)
    until = NOW + timedelta(days=1)
    entry = SuppressionEntry('acknowledged', 'web/0', until, 'known', JUJU_STATUS)
    evidence = Evidence(model, {'web/0': seen(model, unit)}, NOW, 1.0)
    assert conclude(evidence, suppressions=[entry]).services[0].suppressed
    other = replace(entry, check='cxn')
    assert not conclude(evidence, suppressions=[other]).services[0].suppressed


# -- everybody sees the same -----------------------------------------------------------------


class Refusing(FakeReach):
    """The reach of a user who may read the model and no more."""

    def run(self, *args: object, **kwargs: object) -> object:  # type: ignore[override]
        raise ReachError(Outcome.NO_PERMISSION, 'permission denied', Completed(1, b'', b''))


@pytest.mark.parametrize('workload', ['active', 'blocked', 'error', 'waiting'])
def test_who_may_only_read_sees_the_same_health_by_the_same_reports(
    workload: str, tmp_path: Path
) -> None:
    unit = unit_of(StatusInfo(workload, 'so'))
    model = world(unit)
    sent = datetime.now(timezone.utc)
    line = encode(replace(report('web/0'), reported_at=sent)).encode()
    Inbox(tmp_path).accept('web/0', '', sent, [line])
    healths = set()
    for reach, mode in itertools.product((FakeReach({}), Refusing({})), ('auto', 'push')):
        pushed = PushedReports(Inbox(tmp_path))
        way = CollectPlan(ScriptAsker(reach), FanoutLimits(), AskMode(mode, 120.0), pushed)
        healths.add(survey(SweepPlan(model, way), (), Deadline.after(PATIENCE)).health)
    kept = decode(
        RENDERERS['json'](concluded(seen(model, unit), model), RenderOptions(NOW)).encode()
    )
    assert {*healths, kept.health} == {only(concluded(seen(model, unit), model)).health}


def test_a_saved_sweep_keeps_what_juju_said() -> None:
    unit = unit_of(HOOK_FAILED)
    found = concluded(seen(world(unit), unit), world(unit))
    again = decode(RENDERERS['json'](found, RenderOptions(NOW)).encode())
    assert only(again).juju == only(found).juju
    assert [one.name for one in only(again).checks] == ['cxn', JUJU_STATUS]


def test_what_to_do_is_where_juju_tells_how_it_got_there() -> None:
    unit = unit_of(HOOK_FAILED)
    found = explain(concluded(seen(world(unit), unit), world(unit)), 'web')
    assert [one.command for one in found.advice] == [
        'juju show-status-log -m lab:prod web/0',
        'juju debug-log -m lab:prod --replay --no-tail --include web/0',
    ]


# -- the page --------------------------------------------------------------------------------


@pytest.mark.parametrize('row', CEILINGS, ids=lambda row: f'{row.of}-{row.word}')
def test_every_row_of_the_table_is_documented_as_it_is(row: object) -> None:
    text = PAGE.read_text()
    wanted = next(one for one in CEILINGS if one is row)
    line = re.compile(
        rf'\| {wanted.of} \| `{wanted.word}`[^|]*\| {wanted.health.value} \| (.*) \|'
    )
    found = line.search(text)
    assert found is not None, f'{wanted.of} {wanted.word}'
    assert found[1] == wanted.why


def test_every_word_of_the_configuration_is_documented() -> None:
    text = PAGE.read_text()
    assert [word for word in KEYS if f'`{word}`' not in text] == []


def test_a_check_is_never_of_a_unit_whose_report_has_none() -> None:
    unit = unit_of(HOOK_FAILED)
    model = world(unit)
    empty = replace(seen(model, unit), report=replace(report('web/0'), checks=()))
    assert capped(empty, model, {}, NOW).checks == ()
    assert isinstance(capped(seen(model, unit), model, {}, NOW).checks[-1], CheckResult)
