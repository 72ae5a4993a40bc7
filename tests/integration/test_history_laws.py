"""What holds of runs in both databases, whatever sweeps see: as a list of all looks would tell."""

from __future__ import annotations

import itertools
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from charm.kernel.report import Health
from reconciler.history.database import Database
from reconciler.history.examine import examine
from reconciler.history.looks import Look
from reconciler.history.record import HistoryRules
from reconciler.history.subject import SERVICE, UNIT, Subject
from reconciler.history.tables import facts, models, points, runs, series, spells, subjects
from tests.support.recorded import BEGIN, DAY, WEB, WHOLE, Sweeps, minutes, rows

PASSED, WARN, FAIL, UNKNOWN = Health.PASSED, Health.WARN, Health.FAIL, Health.UNKNOWN
NAMES = (Subject(SERVICE, 'web'), Subject(UNIT, 'web/0'), Subject(UNIT, 'web/1'))
LOOK = st.builds(Look, st.sampled_from(Health), state=st.sampled_from(['', 'blocked']))
# The pause before it in minutes, whether it is of the whole model, and what it saw.
SWEEP = st.tuples(
    st.sampled_from([1, 1, 1, 2, 90]),
    st.booleans(),
    st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, LOOK)),
)
# As they came: when, whether of all, and what.
Seen = tuple[int, bool, dict[Subject, Look]]
_counter = itertools.count()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(SWEEP, min_size=1, max_size=20), st.integers(1, 3))
def test_a_replay_tells_what_a_list_of_all_looks_tells(
    database: Database, seen: list[tuple[int, bool, dict[Subject, Look]]], wanted: int
) -> None:
    uuid = f'uuid-{next(_counter)}'
    sweeps = Sweeps(database, uuid, uuid, HistoryRules(looks=wanted))
    minute = 0
    all_seen: list[Seen] = []
    for pause, whole, looks in seen:
        minute += pause
        sweeps.sweep(minute, {**looks, WHOLE: Look(PASSED)}, whole=whole)
        all_seen.append((minute, whole, looks))
    for subject in NAMES:
        told = _Told(_runs(database, uuid, subject), _ends(database, uuid))
        told.check(subject, all_seen, wanted)


def _model(database: Database, uuid: str) -> int:
    (number,) = [row.id for row in rows(database, models) if row.uuid == uuid]
    return int(number)


def _ends(database: Database, uuid: str) -> set[float | None]:
    number = _model(database, uuid)
    ends = {minutes(row.until) for row in rows(database, spells) if row.model_id == number}
    return ends - {max(ends, key=lambda end: end or 0)}


def _runs(database: Database, uuid: str, subject: Subject) -> Sequence[Any]:
    number = _model(database, uuid)
    own = [
        row.id
        for row in rows(database, subjects)
        if (row.model_id, row.kind, row.name) == (number, *subject)
    ]
    kept = [row for row in rows(database, runs) if row.subject_id in own]
    kept.sort(key=lambda row: (row.since, row.id))
    for one, after in itertools.pairwise(kept):
        assert one.until is not None
        assert one.since <= one.until <= after.since
    return kept


@dataclass(frozen=True)
class _Told:
    """What the history tells of a subject: its runs, and when gaps began."""

    kept: Sequence[Any]
    ends: Set[float | None]

    def check(self, subject: Subject, seen: Sequence[Seen], wanted: int) -> None:
        """See that the one run at each look says what was seen, and what counted."""
        stretch: list[tuple[int, Look]] = []
        for minute, whole, looks in seen:
            if subject in looks:
                stretch.append((minute, looks[subject]))
            elif whole:
                self._check_stretch(stretch, wanted)
                stretch = []
                assert self._at(minute) == []
        self._check_stretch(stretch, wanted)

    def _check_stretch(self, stretch: Sequence[tuple[int, Look]], wanted: int) -> None:
        healths = _settled([look.health for _, look in stretch], wanted)
        for (at, look), health in zip(stretch, healths, strict=True):
            (run,) = self._at(at, self.ends)
            assert (run.health, run.state) == (look.health.value, look.state)
            assert run.settled == health.value

    def _at(self, minute: int, ends: Set[float | None] = frozenset()) -> list[Any]:
        """Return the run of then, where the last look before a gap is the end of its run."""
        found = [
            run
            for run in self.kept
            if (minutes(run.since) or 0) <= minute
            and (run.until is None or minute < (end := minutes(run.until) or 0) or end in ends)
            and (run.until is None or minute <= (minutes(run.until) or 0))
        ]
        return found[-1:]


def _settled(healths: list[Health], wanted: int) -> list[Health]:
    """Return what counted at each look, as it is known at the end."""
    if not healths:
        return []
    good = healths[0] in (PASSED, UNKNOWN) or wanted == 1
    now = healths[0] if good else UNKNOWN
    found: list[Health] = []
    while len(found) < len(healths):
        at = len(found)
        following = healths[at : at + wanted]
        if len(following) == wanted and now not in following:
            now = following[-1]
            found += [now] * wanted
        else:
            found.append(now)
    return found


def test_rows_grow_with_flips_and_not_with_sweeps(database: Database) -> None:
    sweeps = Sweeps(database)
    for minute in range(300):
        sweeps.see(minute)
    tables = (models, spells, subjects, runs, facts, series, points)
    before = {table.name: len(rows(database, table)) for table in tables}
    assert before['runs'] == before['subjects'] == 2
    assert before['spells'] == 1
    for minute in range(300, 310):
        sweeps.see(minute)
    assert {table.name: len(rows(database, table)) for table in tables} == before
    sweeps.see(310, FAIL)
    assert len(rows(database, runs)) == 4


def test_a_flip_is_told_once_and_dated_back(database: Database) -> None:
    sweeps = Sweeps(database)
    flips = [
        [
            (flip.before, flip.after, minutes(flip.since))
            for flip in one.flips
            if flip.subject == WEB
        ]
        for one in (sweeps.see(minute, health) for minute, health in enumerate([PASSED, FAIL] * 2))
    ]
    assert flips == [[(None, PASSED, 0)], [], [], []]
    (flip,) = [flip for flip in sweeps.see(4, FAIL).flips if flip.subject == WEB]
    assert (flip.before, flip.after, minutes(flip.since)) == (PASSED, FAIL, 3)
    assert sweeps.see(5, FAIL).flips == ()
    web = [row for row in rows(database, runs) if row.message]
    # What one look saw stands there and does not count.
    assert [row.settled for row in web] == ['passed', 'fail']


def test_what_was_before_a_gap_is_known_until_it_and_no_longer(database: Database) -> None:
    sweeps = Sweeps(database)
    for minute in (0, 5, 10):
        sweeps.see(minute)
    assert sweeps.see(100, FAIL).gap == 90 * 60_000
    spoken = [(minutes(row.since), minutes(row.until)) for row in rows(database, spells)]
    assert spoken == [(0, 10), (100, 100)]
    ended = [minutes(row.until) for row in rows(database, runs) if row.until is not None]
    assert ended == [10, 10]


def test_a_clock_that_is_set_back_turns_nothing_round(database: Database) -> None:
    sweeps = Sweeps(database)
    sweeps.see(60)
    late = sweeps.see(0, FAIL)
    assert late.set_back == 60 * 60_000 + 1
    sweeps.see(1, FAIL)
    assert sweeps.see(61, FAIL).set_back == 0
    now = round(BEGIN.timestamp() * 1000) + DAY
    assert examine(database, now).faults == ()


def test_two_models_of_one_name_are_kept_apart(database: Database) -> None:
    old, other = Sweeps(database), Sweeps(database, uuid='uuid-2')
    old.see(0)
    old.see(1)
    assert other.see(2, FAIL).first
    # Whoever cannot tell the UUID means the one that was made last.
    assert not Sweeps(database, uuid='').see(3, FAIL).first
    assert not old.see(4).first
    assert [row.uuid for row in rows(database, models)] == ['uuid-1', 'uuid-2']
    assert [row.sweeps for row in rows(database, spells)] == [3, 2]


def test_a_model_whose_uuid_is_learnt_later_is_the_same(database: Database) -> None:
    Sweeps(database, uuid='').see(0)
    assert not Sweeps(database).see(1).first
    assert [row.uuid for row in rows(database, models)] == ['uuid-1']


def test_a_renamed_model_keeps_its_history(database: Database) -> None:
    Sweeps(database).see(0)
    assert not Sweeps(database, model='lab:production').see(1).first
    assert [row.name for row in rows(database, models)] == ['lab:production']


@pytest.mark.parametrize('text', ['a\x00b', '\ud800', 'ünïcode ☃', "'; DROP TABLE runs; --"])
def test_what_units_say_is_kept_whatever_it_is(database: Database, text: str) -> None:
    sweeps = Sweeps(database)
    sweeps.sweep(0, {WHOLE: Look(PASSED), WEB: Look(FAIL, message=text)})
    assert len(rows(database, runs)) == 2
