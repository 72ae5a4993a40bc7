"""A week of sweeps with planted outages: what is asked of it tells these, and nothing else."""

from __future__ import annotations

from bench.history_world import BEGIN, NAME, WEEK, World, world
from charm.kernel.deadline import Deadline
from charm.kernel.report import Health
from reconciler.history.availability import Availability, Period, availability
from reconciler.history.database import Database
from reconciler.history.find import find_model
from reconciler.history.moments import to_number
from reconciler.history.record import HistoryRules, record
from reconciler.history.subject import SERVICE
from reconciler.history.timeline import FlipSeen, Span, timeline
from tests.support.patience import PATIENCE
from tests.support.recorded import MINUTE

# As far apart as makes the week short; outages last from five minutes.
EVERY = 20
BEGUN = to_number(BEGIN)


def seen(planted: World) -> list[tuple[str, int, int]]:
    """Return of each outage that two looks saw its service, and when it was seen first and not."""
    found = []
    for outage in planted.outages:
        first = -(-outage.since // EVERY) * EVERY
        after = -(-outage.until // EVERY) * EVERY
        if after - first >= 2 * EVERY:
            found.append((outage.service, BEGUN + first * MINUTE, BEGUN + after * MINUTE))
    return sorted(found)


def test_a_week_tells_the_outages_that_were_planted(database: Database) -> None:
    planted = world(units=60, minutes=WEEK, outages=30)
    rules = HistoryRules(longest_pause=3 * EVERY * MINUTE)
    for sweep in planted.sweeps(EVERY):
        record(database, sweep, Deadline.after(PATIENCE), rules)
    expected = seen(planted)
    assert 5 < len(expected) < 30
    end = BEGUN + (WEEK - EVERY) * MINUTE
    with database.reading() as connection:
        model = find_model(connection, NAME)
        happened = timeline(connection, model, Span(BEGUN, end)).happened
        up = availability(connection, model, Period('week', BEGUN, end, end))
    flips = [each for each in happened if isinstance(each, FlipSeen)]
    down = [flip for flip in flips if flip.subject.kind == SERVICE and flip.after is Health.FAIL]
    ends = [(flip.subject.name, flip.at, flip.until) for flip in down]
    assert sorted(ends) == expected
    assert {flip.subject.kind for flip in flips} == {SERVICE}
    assert {name for name, _, _ in expected} <= {one.subject.name for one in up}
    for one in up:
        own = [(since, until) for name, since, until in expected if name == one.subject.name]
        _check(one, own)


def _check(one: Availability, outages: list[tuple[int, int]]) -> None:
    assert one.outages == len(outages)
    assert one.down == sum(until - since for since, until in outages)
    assert one.unknown == 0
    assert one.not_looked == 0
    assert one.up + one.down == one.period.length
