"""What was reported between two sweeps: which of it counts, and when it was."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from charm.kernel.errors import FileError
from charm.kernel.merge_checks import make_report
from charm.kernel.report import CheckResult, Health, Report
from reconciler.history.between import MOST_CHANGES, with_between
from reconciler.history.database import Database
from reconciler.history.looks import Look, SweepLooks, looks_of
from reconciler.history.subject import CHECK, UNIT, Subject
from reconciler.values.freshness import DatedReport
from reconciler.values.model import Unit
from reconciler.values.outcomes import Depth, Outcome
from reconciler.values.readings import JujuWord, Reading
from tests.support.recorded import BEGIN, WHOLE, Sweeps
from tests.support.snapshots import snapshot

MYSQL = Subject(UNIT, 'mysql/0')
DISK = Subject(CHECK, 'mysql/0 disk')
BOOTED = BEGIN - timedelta(days=3)
P, W, F = 'passed', 'warn', 'fail'


def made(minute: float, word: str, boot: str = 'now', clock: float = 0.0) -> Report:
    """Return what a unit says so long after the last sweep; its clock is off by `clock`."""
    at = BEGIN + timedelta(minutes=minute)
    check = CheckResult('disk', Health(word), message=f'it is {word} at {minute}')
    sequence = (at - BOOTED) // timedelta(milliseconds=1)
    one = make_report('mysql', 'mysql/0', (check,), boot_id=boot, sequence=sequence)
    return replace(one, reported_at=at + timedelta(minutes=clock))


def kept(report: Report, came: float = 10.0) -> DatedReport:
    return DatedReport(report, BEGIN + timedelta(minutes=came), None, 'agent log')


@dataclass
class Lab:
    """A model that was swept at the beginning, and is ten minutes later."""

    database: Database
    newest: Report = field(default_factory=lambda: made(9.5, P))
    read: int = 0

    def __post_init__(self) -> None:
        look = Look(Health.PASSED)
        Sweeps(self.database).sweep(0, {WHOLE: look, MYSQL: look, DISK: look})

    def reading(self, **told: Any) -> Reading:
        unit = Unit('mysql/0', 'mysql', '0')
        at = BEGIN + timedelta(minutes=9.5)
        known: dict[str, Any] = {'report': self.newest, 'made_at': at, 'evidence': Depth.OWN}
        known['via'] = 'juju ssh, agent log'
        return Reading(unit, Outcome.REPORTED, self.newest.health, **{**known, **told})

    def sweep(self, *reports: DatedReport, reading: Reading | None = None) -> SweepLooks:
        """Return what a sweep tells, where these are kept, the oldest first."""

        def backwards(unit: str) -> Generator[DatedReport]:
            assert unit == 'mysql/0'
            for report in reversed(reports):
                self.read += 1
                yield report

        found = snapshot((reading or self.reading(),))
        looks = replace(looks_of(found, 'lab:prod', 'uuid-1'), at=BEGIN + timedelta(minutes=10))
        return with_between(self.database, looks, found, {'agent log': backwards})

    def told(self, *reports: DatedReport, of: Subject = MYSQL, **told: Any) -> list[Any]:
        """Return of each look its minute, its health, how often, and whether it is a flip."""
        sweep = self.sweep(*reports, reading=self.reading(**told))
        return [
            (round(_minutes(one.at), 2), one.look.health.value, one.times, one.flip)
            for one in sweep.between.get(of, ())
        ]


def _minutes(at: datetime) -> float:
    return (at - BEGIN) / timedelta(minutes=1)


@pytest.fixture
def lab(database: Database) -> Lab:
    return Lab(database)


def log(*told: tuple[float, str], **how: Any) -> Sequence[DatedReport]:
    return [kept(made(minute, word, **how)) for minute, word in told]


def test_of_reports_that_say_the_same_the_first_and_the_last_are_told(lab: Lab) -> None:
    lines = log((1, P), (2, P), (3, F), (4, F), (5, F), (6, P), (7, P), (9.5, P))
    expected = [(1, P, 1, False), (2, P, 1, False), (3, F, 1, True), (5, F, 2, False)]
    expected += [(6, P, 1, True), (7, P, 1, False)]
    assert lab.told(*lines) == expected
    assert lab.told(*lines, of=DISK) == expected
    said = [one.look.message for one in lab.sweep(*lines).between[MYSQL]]
    assert said[2:4] == ['disk: it is fail at 3', 'disk: it is fail at 5']
    assert said[0] == said[-1] == ''


def test_what_came_before_the_last_sweep_is_compared_with_and_not_told(lab: Lab) -> None:
    before = kept(made(-0.5, P), came=-0.4)
    assert lab.told(before, *log((1, F), (2, P))) == [(1, F, 1, True), (2, P, 1, True)]
    assert lab.told(*log((1, F), (2, P))) == [(1, F, 1, False), (2, P, 1, True)]
    # Its time may be told as a little later than then; that sweep has told of it all the same.
    assert lab.told(kept(made(0.01, F), came=-0.01), *log((1, P)))[0] == (1, P, 1, True)


def test_what_was_made_before_the_last_sweep_is_left_out_however_late_it_came(lab: Lab) -> None:
    assert lab.told(*log((-3, P), (-2, F), (-1, P), (1, P))) == [(1, P, 1, False)]


def test_of_a_log_no_more_is_read_than_the_first_line_of_before(lab: Lab) -> None:
    old = [kept(made(-minute, P), came=-minute) for minute in range(50, 0, -1)]
    lab.sweep(*old, *log((1, P), (2, F)))
    assert lab.read == 3


@pytest.mark.parametrize('clock', [-1e5, -60.0, 0.0, 7.5, 1e6])
def test_a_units_clock_may_say_anything(lab: Lab, clock: float) -> None:
    lab.newest = made(9.5, P, clock=clock)
    lines = log((1, P), (3, F), (4, P), clock=clock)
    assert lab.told(*lines) == [(1, P, 1, False), (3, F, 1, True), (4, P, 1, True)]


def test_a_clock_that_is_set_while_the_unit_runs_moves_nothing(lab: Lab) -> None:
    lines = [*log((1, P), (3, F), clock=-500), *log((4, P))]
    assert lab.told(*lines) == [(1, P, 1, False), (3, F, 1, True), (4, P, 1, True)]


def test_reports_of_an_earlier_boot_are_dated_by_how_far_its_clock_is_off_now(lab: Lab) -> None:
    lab.newest = made(9.5, P, clock=3)
    lines = [*log((1, P), (3, F), boot='before', clock=3), *log((6, P), clock=3)]
    assert lab.told(*lines) == [(1, P, 1, False), (3, F, 1, True), (6, P, 1, True)]
    # What would be later than what follows it is no time: before its clock was set, say.
    lines = [*log((1, F), boot='before', clock=60), *log((6, P), clock=3)]
    assert lab.told(*lines) == [(6, P, 1, False)]


def test_lines_that_a_crash_had_kept_twice_count_once(lab: Lab) -> None:
    once = log((1, P), (3, F), (4, P), (5, P))
    assert lab.told(*once[:3], *once) == lab.told(*once)
    assert lab.told(*once[:3], *once[1:]) == lab.told(*once)


def test_the_sweeps_own_report_and_what_came_after_it_are_no_looks_between(lab: Lab) -> None:
    assert lab.told(*log((1, P), (9.5, P), (9.8, F))) == [(1, P, 1, False)]


def test_a_report_that_is_too_old_for_the_sweep_is_a_look_between(lab: Lab) -> None:
    lab.newest = made(9.5, F)
    lines = log((1, P), (2, P), (9.5, F))
    stale: dict[str, Any] = {'report': None, 'last': lab.newest}
    assert lab.told(*lines, **stale)[-1] == (9.5, F, 1, True)
    old = BEGIN - timedelta(minutes=1)
    assert lab.told(*log((1, P)), **stale, made_at=old) == []


def test_of_more_changes_than_are_told_the_newest_are(lab: Lab) -> None:
    lines = log(*[(number / 100, (P, F)[number % 2]) for number in range(1, 900)])
    told = lab.told(*lines)
    assert len([one for one in told if one[3]]) == MOST_CHANGES
    assert told[-1] == (8.99, F, 1, True)
    assert lab.read < MOST_CHANGES + 5


def test_juju_says_no_better_between_than_at_the_sweep(lab: Lab) -> None:
    juju = JujuWord('blocked', Health.WARN)
    told = lab.told(*log((1, P), (3, F), (4, P)), juju=juju)
    assert told == [(1, W, 1, False), (3, F, 1, True), (4, W, 1, True)]
    checks = lab.told(*log((1, P), (3, F), (4, P)), of=DISK, juju=juju)
    assert [one[1] for one in checks] == [P, F, P]


def test_without_an_age_or_a_sweep_before_nothing_is_told(lab: Lab, database: Database) -> None:
    lines = log((1, P), (3, F))
    assert lab.told(*lines, made_at=None) == []
    assert lab.told(*lines, via='juju ssh, hook') == []
    assert lab.read == 0
    other = replace(lab.sweep(*lines), uuid='uuid-2', between={})
    assert with_between(database, other, snapshot((lab.reading(),)), {}).between == {}


def test_a_log_that_cannot_be_read_costs_its_unit_alone(
    lab: Lab, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    def backwards(unit: str) -> Generator[DatedReport]:
        if unit == 'mysql/0':
            raise FileError('cannot read the log')
        yield kept(replace(made(1, F), unit=unit))

    other = replace(lab.reading(), unit=Unit('mysql/1', 'mysql', '1'))
    found = snapshot((lab.reading(), other))
    looks = looks_of(found, 'lab:prod', 'uuid-1')
    told = with_between(database, looks, found, {'agent log': backwards}).between
    assert {of.name for of in told} == {'mysql/1', 'mysql/1 disk'}
    assert 'cannot read the log: what was between two sweeps is not told' in caplog.text
