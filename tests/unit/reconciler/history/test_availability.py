"""For how long services were up: time, not looks."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from charm.kernel.report import Health
from reconciler.history.availability import Availability, Period, availability
from reconciler.history.database import Database
from reconciler.history.facts import MAINTENANCE, THERE
from reconciler.history.find import find_model
from reconciler.history.looks import Look
from reconciler.history.moments import to_number
from tests.support.recorded import BEGIN, MINUTE, WEB, Sweeps

BEGUN = to_number(BEGIN)


def of_web(
    database: Database, since: float, until: float, slo: float | None = None
) -> Availability:
    begin, end = (BEGUN + round(minute * MINUTE) for minute in (since, until))
    with database.reading() as connection:
        model = find_model(connection, '')
        period = Period('some time', begin, end, end)
        (found,) = availability(connection, model, period, slo=lambda name: slo)
    return found


def in_minutes(found: Availability) -> tuple[float, float, float, float]:
    lengths = (found.up, found.down, found.unknown, found.not_looked)
    up, down, unknown, not_looked = (length / MINUTE for length in lengths)
    return up, down, unknown, not_looked


def test_warn_is_up_fail_is_down_and_unknown_is_neither(database: Database) -> None:
    sweeps = Sweeps(database)
    for minute in range(9):
        word = ('passed', 'warn', 'unknown', 'fail')[minute // 2] if minute < 8 else 'fail'
        sweeps.see(minute, Health(word))
    found = of_web(database, 0, 8)
    assert in_minutes(found) == (4, 2, 2, 0)
    assert found.ratio == 4 / 6
    assert found.outages == 1


def test_a_gap_and_what_is_still_to_come_are_neither_up_nor_down(database: Database) -> None:
    sweeps = Sweeps(database)
    for minute in (0, 1, 2, 50, 51):
        sweeps.see(minute)
    found = of_web(database, 0, 60)
    assert in_minutes(found) == (3, 0, 0, 57)
    assert found.ratio == 1.0


def test_what_was_announced_costs_no_budget(database: Database) -> None:
    sweeps = Sweeps(database)
    announced = {WEB: {THERE: 'yes', MAINTENANCE: 'upgrade, until 02:00'}}
    plain = {WEB: {THERE: 'yes', MAINTENANCE: ''}}
    for minute in range(101):
        ill = 10 <= minute < 14 or 20 <= minute < 23
        look = {WEB: Look(Health.FAIL if ill else Health.PASSED)}
        sweeps.sweep(minute, look, facts=announced if 10 <= minute < 14 else plain)
    found = of_web(database, 0, 100, slo=0.95)
    assert (found.down, found.planned, found.outages) == (7 * MINUTE, 4 * MINUTE, 2)
    assert (found.budget, found.left) == (5 * MINUTE, 2 * MINUTE)
    assert found.ratio == 93 / 96


def test_a_period_has_only_what_is_in_it(database: Database) -> None:
    sweeps = Sweeps(database)
    for minute in range(11):
        sweeps.see(minute, Health.FAIL if minute < 5 else Health.PASSED)
    assert in_minutes(of_web(database, 4, 8)) == (3, 1, 0, 0)
    assert of_web(database, 6, 8).outages == 0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    words=st.lists(
        st.sampled_from(['passed', 'warn', 'unknown', 'fail']), min_size=2, max_size=30
    ),
    cut=st.integers(1, 28),
)
def test_two_halves_make_the_whole(database: Database, words: list[str], cut: int) -> None:
    model = f'lab:prod{abs(hash((tuple(words), cut)))}'
    sweeps = Sweeps(database, model, model)
    for minute, word in enumerate(words):
        sweeps.see(minute, Health(word))
    end = len(words) - 1
    middle = min(cut, end)

    def looked(since: int, until: int) -> tuple[int, int, int]:
        begin, stop = BEGUN + since * MINUTE, BEGUN + until * MINUTE
        with database.reading() as connection:
            meant = find_model(connection, model)
            period = Period('', begin, stop, stop)
            (found,) = availability(connection, meant, period) or (None,)
        return (found.up, found.down, found.unknown) if found else (0, 0, 0)

    halves = zip(looked(0, middle), looked(middle, end), strict=True)
    whole = looked(0, end)
    assert tuple(a + b for a, b in halves) == whole
    assert sum(whole) == end * MINUTE
