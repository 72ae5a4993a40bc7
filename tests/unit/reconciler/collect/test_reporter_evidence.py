"""A fresh report of a principal is the evidence that who made it works, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.kernel.deadline import Deadline
from charm.kernel.report import Health, Reporter
from charm.kernel.report_json import encode
from reconciler.ask.base import MachineAnswer
from reconciler.ask.frames import Request, UnitAnswer
from reconciler.ask.modes import AskMode
from reconciler.ask.script_asker import ScriptAsker
from reconciler.collect.collect import CollectPlan
from reconciler.collect.fanout import FanoutLimits
from reconciler.collect.interpret import silent_reading
from reconciler.collect.reporter_evidence import vouched
from reconciler.inbox.store import Inbox, PushedReports
from reconciler.judge.cap_by_juju import capped
from reconciler.render import RenderOptions
from reconciler.render.programs import nagios
from reconciler.sweeps.one_model import SweepPlan, survey
from reconciler.values.model import Application, Machine, Model, StatusInfo, Unit
from reconciler.values.outcomes import HEARD
from reconciler.values.readings import Outcome, Reading, Snapshot
from tests.support.asked import NOW, FakeReach, report
from tests.support.patience import PATIENCE

ACTIVE = StatusInfo('active')
MYSQL = Unit('mysql/0', 'mysql', '0', workload=ACTIVE)
OWN = Unit('health/0', 'health', '0', principal='mysql/0', workload=ACTIVE)
MODEL = Model(
    'prod',
    machines={'0': Machine('0')},
    applications={
        'mysql': Application('mysql', units=(MYSQL,)),
        'health': Application(
            'health', charm='juju-health', subordinate_to=('mysql',), units=(OWN,)
        ),
    },
)


def said(reporter: str = 'health/0', health: Health = Health.FAIL) -> bytes:
    one = replace(report('mysql/0', health), reporter=Reporter(reporter, '1'))
    return encode(replace(one, reported_at=datetime.now(timezone.utc))).encode()


def pushed(root: Path, *patterns: str, held: float = 1.0, reporter: str = 'health/0') -> Snapshot:
    sent = datetime.now(timezone.utc) + timedelta(seconds=held)
    Inbox(root).accept('mysql/0', '', sent, [said(reporter)])
    mode, inbox = AskMode('push', 120.0), PushedReports(Inbox(root))
    way = CollectPlan(ScriptAsker(FakeReach({})), FanoutLimits(), mode, inbox)
    return survey(SweepPlan(MODEL, way), patterns, Deadline.after(PATIENCE))


def own_of(snapshot: Snapshot) -> Reading:
    return {one.unit.name: one for one in snapshot.readings()}['health/0']


def test_who_reports_for_a_principal_is_well_though_the_principal_is_not(tmp_path: Path) -> None:
    found = pushed(tmp_path)
    own = own_of(found)
    assert (own.outcome, own.health) == (Outcome.VOUCHED, Health.PASSED)
    assert (own.message, own.via, own.report) == ('reports for mysql/0', 'push', None)
    assert own.age_seconds is not None
    assert own.made_at is not None
    assert {one.name: one.health for one in found.services} == {
        'mysql': Health.FAIL,
        'health': Health.PASSED,
    }
    assert {one.coverage.reported for one in found.services} == {1}
    assert "'units_reported'=2;;;0;2" in nagios.render(found, RenderOptions(NOW))


def test_it_needs_not_be_asked_together_with_its_principal(tmp_path: Path) -> None:
    found = pushed(tmp_path, 'health')
    assert [one.unit.name for one in found.readings()] == ['health/0']
    assert own_of(found).outcome is Outcome.VOUCHED


@pytest.mark.parametrize(
    ('held', 'reporter'), [(3600.0, 'health/0'), (1.0, 'health/1'), (1.0, '')]
)
def test_a_stale_report_or_one_by_another_is_no_evidence(
    tmp_path: Path, held: float, reporter: str
) -> None:
    own = own_of(pushed(tmp_path, held=held, reporter=reporter))
    assert (own.outcome, own.health) == (Outcome.NOT_PUSHED, Health.UNKNOWN)


class Agents:
    """Agents that have a report of mysql/0 only, as over TLS."""

    name = 'tls'

    def ask(self, target: str, requests: list[Request], deadline: Deadline) -> MachineAnswer:
        refused = UnitAnswer(b'', b'its agent answered 404', 3, complete=True, by='agent')
        good = UnitAnswer(said(), b'', 0, complete=True, held_seconds=1.0, by='agent')
        return MachineAnswer(tuple(good if one.unit == 'mysql/0' else refused for one in requests))


def test_agents_that_are_asked_over_tls_vouch_as_well() -> None:
    way = CollectPlan(Agents(), FanoutLimits(), AskMode('agent'))  # type: ignore[arg-type]
    own = own_of(survey(SweepPlan(MODEL, way), (), Deadline.after(PATIENCE)))
    assert (own.outcome, own.health, own.via) == (Outcome.VOUCHED, Health.PASSED, 'tls, agent')


READINGS = st.builds(
    lambda outcome, reported, reporter: Reading(
        MYSQL,
        outcome,
        Health.FAIL,
        report=replace(report('mysql/0'), reporter=Reporter(reporter, '1')) if reported else None,
    ),
    st.sampled_from(Outcome),
    st.booleans(),
    st.sampled_from(['health/0', 'health/1', 'mysql/0']),
)


@given(READINGS, st.sampled_from([one for one in Outcome if one not in HEARD]), st.booleans())
def test_no_evidence_is_never_good_news(principal: Reading, outcome: Outcome, bad: bool) -> None:
    unit = replace(OWN, workload=StatusInfo('error', 'hook failed')) if bad else OWN
    silent = silent_reading(MODEL, unit, outcome, '', NOW)
    after = vouched({'mysql/0': principal, 'health/0': silent})
    assert after['mysql/0'] is principal
    assert vouched({'health/0': silent}) == {'health/0': silent}
    own = after['health/0']
    by_it = principal.report is not None and principal.report.reporter == Reporter('health/0', '1')
    if own is not silent:
        assert by_it
        assert own.outcome is Outcome.VOUCHED
        assert (capped(own, MODEL, {}, NOW).health is Health.FAIL) == bad
    if outcome in (Outcome.NOT_PUSHED, Outcome.NO_AGENT):
        assert (own is not silent) == by_it
    if outcome in (Outcome.HOOK_BROKEN, Outcome.TIMEOUT, Outcome.UNREACHABLE, Outcome.STALE):
        assert own is silent
