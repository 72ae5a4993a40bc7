"""Working hours by the clocks of a place, also on the days when these are set."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from zoneinfo import ZoneInfo

from reconciler.config.working_hours import WorkingHours

BERLIN = ZoneInfo('Europe/Berlin')
UTC = timezone.utc
ZONES = st.sampled_from(
    [BERLIN, ZoneInfo('America/St_Johns'), ZoneInfo('Australia/Lord_Howe'), ZoneInfo('UTC'), None]
)
HOURS = st.tuples(
    st.integers(0, 1439),
    st.integers(1, 1440),
    st.lists(st.integers(0, 6), min_size=1, unique=True).map(tuple),
    ZONES,
).filter(lambda given: given[0] != given[1] % 1440)
# Around the days on which clocks are set, and any other.
MOMENTS = st.builds(
    lambda day, seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day, seconds=seconds),
    st.sampled_from([86, 87, 88, 93, 296, 297, 298, 303]) | st.integers(0, 400),
    st.integers(0, 86400),
)


def hours(given: tuple[int, int, tuple[int, ...], ZoneInfo | None]) -> WorkingHours:
    begins, ends, days, zone = given
    return WorkingHours(begins=begins, ends=ends, days=days, zone=zone)


@given(HOURS, MOMENTS)
def test_they_next_begin_when_they_do_and_not_before(
    given: tuple[int, int, tuple[int, ...], ZoneInfo | None], moment: datetime
) -> None:
    own = hours(given)
    begin = own.next_begin(moment)
    assert moment < begin <= moment + timedelta(days=8, hours=2)
    assert own.contain(begin)
    assert own.next_begin(begin - timedelta(seconds=1)) == begin
    if not own.contain(moment):
        between = moment + (begin - moment) / 2
        assert not own.contain(between)
        assert not own.contain(begin - timedelta(microseconds=1))


@given(HOURS, MOMENTS)
def test_where_no_clock_is_set_the_wall_decides(
    given: tuple[int, int, tuple[int, ...], ZoneInfo | None], moment: datetime
) -> None:
    own = hours(given)
    about = [moment + timedelta(hours=step) for step in (-49, 0, 49)]
    assume(len({one.astimezone(own.zone).utcoffset() for one in about}) == 1)
    wall = moment.astimezone(own.zone)
    minute = wall.hour * 60 + wall.minute
    yesterday = (wall.weekday() - 1) % 7
    if own.begins < own.ends:
        expected = wall.weekday() in own.days and own.begins <= minute < own.ends
    else:
        expected = (wall.weekday() in own.days and minute >= own.begins) or (
            yesterday in own.days and minute < own.ends
        )
    assert own.contain(moment) == expected


@pytest.mark.parametrize(
    ('day', 'begins', 'ends', 'first', 'last'),
    [
        # 02:30 is not on 29 March: it counts as 03:30, summer time.
        ((2026, 3, 29), (2, 30), (17, 0), (1, 30), (15, 0)),
        # A window within what is skipped is so much later as a whole.
        ((2026, 3, 29), (2, 15), (2, 45), (1, 15), (1, 45)),
        # 02:30 is twice on 25 October: from the first one, or until the second.
        ((2026, 10, 25), (2, 30), (17, 0), (0, 30), (16, 0)),
        ((2026, 10, 25), (1, 0), (2, 30), (-1, 0), (1, 30)),
        ((2026, 10, 26), (9, 0), (17, 0), (8, 0), (16, 0)),
    ],
)
def test_on_days_when_clocks_are_set(
    day: tuple[int, int, int],
    begins: tuple[int, int],
    ends: tuple[int, int],
    first: tuple[int, int],
    last: tuple[int, int],
) -> None:
    own = WorkingHours(begins=begins[0] * 60 + begins[1], ends=ends[0] * 60 + ends[1], zone=BERLIN)
    midnight = datetime(*day, tzinfo=UTC)
    begin, end = (midnight + timedelta(hours=h, minutes=m) for h, m in (first, last))
    assert own.next_begin(begin - timedelta(minutes=1)) == begin
    second = timedelta(seconds=1)
    found = [own.contain(one) for one in (begin - second, begin, end - second, end)]
    assert found == [False, True, True, False]


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    friday_night = WorkingHours(begins=22 * 60, ends=6 * 60, days=(4,), zone=BERLIN)
    found = [
        friday_night.contain(datetime(2026, 11, day, hour, tzinfo=BERLIN))
        for day, hour in ((27, 5), (27, 23), (28, 5), (28, 23))
    ]
    assert found == [False, True, True, False]
