"""What is planned or known is shown, covers what it names and no more, and changes no health."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charm.kernel.report import Health
from reconciler.cli.options.printing import PrintOptions
from reconciler.config.settings import Config
from reconciler.config.suppressions import ACKNOWLEDGED, MAINTENANCE, SuppressionEntry
from reconciler.config.times import parse_moment, parse_zone
from reconciler.judge.sweep_exit_code import exit_code
from reconciler.sweeps.fleet import Fleet
from reconciler.values.readings import Outcome, Reading, Snapshot
from tests.support.snapshots import NOW, check, reported, silent
from tests.support.suppressed import DISK, UNITS, entry, sweep

P, W, F = Health.PASSED, Health.WARN, Health.FAIL


def suppressed(snapshot: Snapshot, service: str = 'mysql') -> list[str]:
    (found,) = (one for one in snapshot.services if one.name == service)
    return [one.target for one in found.suppressed]


BOTH = reported(UNITS[0], check('disk', F, 'full'), check('replication', W, 'behind'))
GONE = silent(UNITS[0], Outcome.UNREACHABLE, 'no route')


@pytest.mark.parametrize(
    ('target', 'covered'),
    [
        ('mysql/0:disk', True),
        ('mysql:disk', True),
        ('mysql:di*', True),
        ('1/lxd/0:disk', True),
        ('machine 1:disk', True),
        ('mysql/*', True),
        ('*', True),
        ('mysql/1:disk', False),
        ('mysql/0:ping', False),
        ('mysql/0:no-report', False),
        ('mysq:disk', False),
        ('2:disk', False),
        ('web', False),
    ],
)
def test_a_target_covers_what_it_names(target: str, covered: bool) -> None:
    found = sweep(DISK, said=[entry(target)])
    assert suppressed(found) == ([target] if covered else [])


def test_what_is_known_of_one_check_does_not_cover_a_new_one() -> None:
    assert suppressed(sweep(DISK, said=[entry('mysql/0:disk')])) == ['mysql/0:disk']
    assert suppressed(sweep(BOTH, said=[entry('mysql/0:disk')])) == []
    assert suppressed(sweep(GONE, said=[entry('mysql/0:disk')])) == []
    both = [entry('mysql/0:disk'), entry('mysql/0:replication')]
    assert suppressed(sweep(BOTH, said=both)) == ['mysql/0:disk', 'mysql/0:replication']


def test_planned_work_on_one_unit_does_not_cover_another() -> None:
    other = reported(UNITS[1], check('disk', F, 'full'))
    planned = entry('mysql/0', MAINTENANCE)
    assert suppressed(sweep(GONE, said=[planned])) == ['mysql/0']
    assert suppressed(sweep(GONE, other, said=[planned])) == []
    assert suppressed(sweep(GONE, other, said=[planned, entry('mysql/1:*')])) != []


def test_a_units_silence_can_be_acknowledged_by_name() -> None:
    assert suppressed(sweep(GONE, said=[entry('mysql/0:no-report')])) == ['mysql/0:no-report']
    assert suppressed(sweep(GONE, said=[entry('machine 1:no-report')])) == ['machine 1:no-report']


def test_silence_that_is_known_does_not_cover_what_juju_says_of_the_unit() -> None:
    failed = replace(GONE, health=F, message='juju status says error: hook failed: "start"')
    assert suppressed(sweep(failed, said=[entry('mysql/0:no-report')])) == []
    both = [entry('mysql/0:no-report'), entry('mysql/0:juju-status')]
    assert len(suppressed(sweep(failed, said=both))) == 2


def test_it_holds_from_its_start_until_its_end_in_its_model() -> None:
    def held(**rest: object) -> bool:
        return bool(suppressed(sweep(DISK, said=[entry('mysql/0', **rest)])))  # type: ignore[arg-type]

    assert held(start=NOW)
    assert not held(start=NOW + timedelta(seconds=1))
    assert not held(until=NOW)
    assert held(until=NOW + timedelta(seconds=1))
    assert all(held(model=one) for one in ('prod', 'lab:prod', 'pr*', ''))
    assert not any(held(model=one) for one in ('other:prod', 'staging'))


def test_a_target_that_the_model_does_not_have_is_said() -> None:
    entries = [entry('mysl:disk', model='prod'), entry('mysql', model='prod'), entry('gone')]
    assert sweep(DISK, said=entries).faults == (
        "acknowledged: the model has no mysl; did you mean 'mysql'?",
    )


def test_the_configuration_says_it_too() -> None:
    config = Config(maintenance=(entry('mysql', MAINTENANCE),))
    assert suppressed(sweep(DISK, config=config)) == ['mysql']


TARGETS = st.sampled_from(['*', 'mysql', 'mysql/0', 'mysql/0:disk', 'web', '2', 'machine 1:*'])
ENTRIES = st.lists(
    st.builds(entry, TARGETS, st.sampled_from([MAINTENANCE, ACKNOWLEDGED])), max_size=4
)
READINGS = st.lists(st.sampled_from([DISK, BOTH, GONE]), max_size=1)


@given(ENTRIES, READINGS)
def test_it_deletes_nothing_and_recolours_nothing(
    said: list[SuppressionEntry], readings: list[Reading]
) -> None:
    with_it, without = sweep(*readings, said=said), sweep(*readings)
    plain = tuple(replace(one, suppressed=()) for one in with_it.services)
    assert replace(with_it, services=plain) == without
    assert exit_code(with_it) == exit_code(without)


@given(ENTRIES, ENTRIES, READINGS)
def test_to_say_more_never_covers_less(
    said: list[SuppressionEntry], more: list[SuppressionEntry], readings: list[Reading]
) -> None:
    fewer, most = sweep(*readings, said=said), sweep(*readings, said=[*said, *more])
    for before, after in zip(fewer.services, most.services, strict=True):
        assert set(before.suppressed) <= set(after.suppressed)


def test_the_exit_code_leaves_out_what_is_covered_only_when_asked_to() -> None:
    planned, known = entry('mysql', MAINTENANCE), entry('mysql/0:disk')
    found = sweep(DISK, said=[planned])
    kinds = ((), (ACKNOWLEDGED,), (MAINTENANCE,))
    assert [exit_code(found, excused=one) for one in kinds] == [2, 2, 0]
    mixed = sweep(DISK, said=[planned, known])
    assert [exit_code(mixed, excused=(one,)) for one in (MAINTENANCE, ACKNOWLEDGED)] == [0, 0]
    halves = sweep(BOTH, said=[known, entry('mysql/0:repl*', MAINTENANCE)])
    assert [exit_code(halves, excused=(one,)) for one in (MAINTENANCE, ACKNOWLEDGED)] == [2, 2]
    assert exit_code(halves, excused=(MAINTENANCE, ACKNOWLEDGED)) == 0
    other = reported(UNITS[2], check('http', W, 'slow'))
    assert exit_code(sweep(DISK, other, said=[planned]), excused=(MAINTENANCE,)) == 1
    cut_short = replace(found, complete=False)
    assert exit_code(cut_short, excused=(MAINTENANCE,)) == 3


BERLIN = parse_zone('Europe/Berlin')


@pytest.mark.parametrize(
    ('text', 'hour_utc', 'day'),
    [
        ('2026-11-25T18:00Z', 18, 25),
        ('2026-11-25T18:00:00+01:00', 17, 25),
        ('2026-11-25T18:00+0100', 17, 25),
        ('2026-11-25 18:00', 17, 25),
        ('2026-07-25 18:00', 16, 25),
        ('2026-11-25', 23, 24),
    ],
)
def test_a_moment_is_read_with_its_offset_or_by_the_clocks_of_its_zone(
    text: str, hour_utc: int, day: int
) -> None:
    found = parse_moment(text, BERLIN)
    assert (found.tzinfo, found.hour, found.day) == (timezone.utc, hour_utc, day)


def test_a_time_that_never_is_and_one_that_is_twice_are_refused() -> None:
    with pytest.raises(ValueError, match=r'02:30:00 never is in Europe/Berlin'):
        parse_moment('2026-03-29 02:30', BERLIN)
    with pytest.raises(ValueError, match='write 2026-10-25T00:30:00Z or 2026-10-25T01:30:00Z'):
        parse_moment('2026-10-25 02:30', BERLIN)
    assert parse_moment('2026-10-25 01:59', BERLIN).hour == 23
    assert parse_moment('2026-10-25 03:00', BERLIN).hour == 2


@given(st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1)))  # noqa: DTZ001 - a wall clock's
def test_a_wall_time_is_read_as_the_moment_whose_clocks_show_it(wall: datetime) -> None:
    wall = wall.replace(microsecond=0)
    moments = [wall.replace(fold=n, tzinfo=BERLIN).astimezone(timezone.utc) for n in (0, 1)]
    if moments[0] != moments[1]:
        with pytest.raises(ValueError, match='the clocks are set'):
            parse_moment(str(wall), BERLIN)
        return
    found = parse_moment(str(wall), BERLIN)
    assert found.astimezone(BERLIN).replace(tzinfo=None) == wall


@pytest.mark.parametrize('text', ['', 'tomorrow', '2026-13-01', '18:00', '2026-11-25 24:30', 'Z'])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match='is no time'):
        parse_moment(text)
    with pytest.raises(ValueError, match='is no time zone'):
        parse_zone(text)


def test_of_several_models_each_is_excused_by_what_is_said_of_it(tmp_path: Path) -> None:
    planned = sweep(DISK, said=[entry('mysql', MAINTENANCE)])
    printing = PrintOptions('json', str(tmp_path / 'out'), maintenance_is_ok=True)
    every = sweep(DISK, said=[entry('*', MAINTENANCE)])
    both = Fleet({'lab:admin/prod': planned, 'lab:admin/next': every}, NOW, 1.0)
    assert printing.show(both) == 0
    assert replace(printing, maintenance_is_ok=False).show(both) == 2
    worse = replace(both, snapshots={**both.snapshots, 'lab:admin/other': sweep(DISK)})
    assert printing.show(worse) == 2
