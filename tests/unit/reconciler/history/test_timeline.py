"""What happened, and what had changed before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from charm.kernel.report import Health
from reconciler.history.changes import Change
from reconciler.history.database import Database
from reconciler.history.facts import RELATION, THERE
from reconciler.history.find import find_model, refuse_unknown
from reconciler.history.looks import Look
from reconciler.history.moments import to_number
from reconciler.history.subject import CHECK, MACHINE, SERVICE, UNIT, Subject
from reconciler.history.timeline import FlipSeen, Gap, Span, Timeline, timeline
from reconciler.values.errors import UsageError
from tests.support.recorded import BEGIN, DAY, WEB, Sweeps, minutes

MYSQL, MYSQL_0 = Subject(SERVICE, 'mysql'), Subject(UNIT, 'mysql/0')
DISK, MACHINE_0 = Subject(CHECK, 'mysql/0 disk'), Subject(MACHINE, '0')
WELL, ILL = Look(Health.PASSED), Look(Health.FAIL, message='refused')


def told(database: Database, *names: str, raw: bool = False) -> Timeline:
    begin = to_number(BEGIN)
    with database.reading() as connection:
        span = Span(begin, begin + DAY, names, raw)
        return timeline(connection, find_model(connection, ''), span)


def flips(found: Timeline) -> list[tuple[str, str, Any, Any]]:
    return [
        (each.subject.name, each.after.value, minutes(each.at), minutes(each.until))
        for each in found.happened
        if isinstance(each, FlipSeen)
    ]


def inventory(revision: str = '218', other: str = '9') -> dict[Subject, dict[str, str]]:
    return {
        MYSQL: {THERE: 'yes', 'revision': revision},
        MYSQL_0: {THERE: 'yes', 'machine': '0'},
        WEB: {THERE: 'yes', 'revision': other, f'{RELATION}db mysql': 'mysql'},
        MACHINE_0: {THERE: 'yes'},
    }


def test_a_flip_begins_at_the_first_look_and_ends_where_the_next_began(
    database: Database,
) -> None:
    sweeps = Sweeps(database)
    for minute, health in enumerate(['passed', 'fail', 'fail', 'fail', 'passed', 'passed']):
        sweeps.see(minute, Health(health))
    assert flips(told(database)) == [('web', 'fail', 1, 4), ('web', 'passed', 4, None)]


def test_one_bad_look_is_only_in_the_raw_line(database: Database) -> None:
    sweeps = Sweeps(database)
    for minute, health in enumerate(['passed', 'fail', 'passed', 'passed']):
        sweeps.see(minute, Health(health))
    assert flips(told(database)) == []
    assert flips(told(database, raw=True)) == [('web', 'fail', 1, 2), ('web', 'passed', 2, None)]


def test_what_is_ill_at_the_very_first_looks_is_told_and_what_is_well_is_not(
    database: Database,
) -> None:
    sweeps = Sweeps(database)
    for minute in range(3):
        sweeps.sweep(minute, {WEB: WELL, MYSQL: ILL})
    assert flips(told(database)) == [('mysql', 'fail', 0, None)]


@pytest.mark.parametrize(
    ('changed', 'near'),
    [
        (inventory('219'), ['mysql: refreshed from revision 218 to 219']),
        (inventory('219', '10'), ['mysql: refreshed from revision 218 to 219']),
        (inventory(other='10'), []),
        ({**inventory(), MACHINE_0: {THERE: 'yes', 'base': '24'}}, []),
    ],
)
def test_a_flip_names_what_changed_just_before_it(
    database: Database, changed: Any, near: Sequence[str]
) -> None:
    sweeps = Sweeps(database)
    sweeps.sweep(0, {MYSQL: WELL}, facts=inventory())
    sweeps.sweep(1, {MYSQL: WELL}, facts=changed)
    for minute in (2, 3):
        sweeps.sweep(minute, {MYSQL: ILL}, facts=changed)
    (flip,) = [each for each in told(database, 'mysql').happened if isinstance(each, FlipSeen)]
    assert [change.sentence for change in flip.just_before] == near


def test_what_depends_on_another_names_its_change_too(database: Database) -> None:
    sweeps = Sweeps(database)
    sweeps.sweep(0, {WEB: WELL}, facts=inventory())
    for minute in (1, 2):
        sweeps.sweep(minute, {WEB: ILL}, facts=inventory('219'))
    (flip,) = [each for each in told(database, 'web').happened if isinstance(each, FlipSeen)]
    assert [change.subject for change in flip.just_before] == [MYSQL]


def test_a_change_an_hour_ago_is_not_just_before(database: Database) -> None:
    sweeps = Sweeps(database)
    sweeps.sweep(0, {MYSQL: WELL}, facts=inventory())
    for minute in (1, 30, 59):
        sweeps.sweep(minute, {MYSQL: WELL}, facts=inventory('219'))
    for minute in (62, 63):
        sweeps.sweep(minute, {MYSQL: ILL}, facts=inventory('219'))
    (flip,) = [each for each in told(database).happened if isinstance(each, FlipSeen)]
    assert flip.just_before == ()


def test_a_gap_is_told_and_a_pause_is_none(database: Database) -> None:
    sweeps = Sweeps(database)
    for minute in (0, 1, 2, 40, 41):
        sweeps.see(minute)
    gaps = [each for each in told(database).happened if isinstance(each, Gap)]
    assert [(minutes(gap.at), minutes(gap.until)) for gap in gaps] == [(2, 40)]


def test_what_comes_and_goes_is_a_change_and_a_failing_sweep_one_outage(
    database: Database,
) -> None:
    sweeps = Sweeps(database)
    sweeps.sweep(0, {MYSQL: WELL}, facts=inventory())
    less = {subject: facts for subject, facts in inventory().items() if subject != MYSQL_0}
    sweeps.sweep(1, {MYSQL: WELL}, facts=less)
    for minute, why in ((2, 'no controller'), (3, 'timed out')):
        sweeps.sweep(minute, {}, seen=False, faults=(why,))
    sweeps.sweep(4, {MYSQL: WELL}, facts=less)
    changes = [each for each in told(database).happened if isinstance(each, Change)]
    assert [(minutes(each.at), each.sentence) for each in changes] == [
        (1, 'mysql/0: unit removed'),
        (2, 'the model: sweeps fail: no controller'),
        (4, 'the model: sweeps see it again'),
    ]


@pytest.mark.parametrize(
    ('name', 'shown'),
    [
        ('mysql', {'mysql', 'mysql/0', 'mysql/0 disk'}),
        ('mysql/0', {'mysql/0', 'mysql/0 disk'}),
        ('mysql/0:disk', {'mysql/0 disk'}),
        ('mysql/0 disk', {'mysql/0 disk'}),
        ('0', {'0'}),
        ('machine 0', {'0'}),
    ],
)
def test_a_name_means_what_it_is_of_and_all_in_it(
    database: Database, name: str, shown: set[str]
) -> None:
    sweeps = Sweeps(database)
    everything = (MYSQL, MYSQL_0, DISK, MACHINE_0, WEB, Subject(SERVICE, 'mysql-router'))
    for minute in range(2):
        sweeps.sweep(minute, dict.fromkeys(everything, ILL))
    assert {subject for subject, *_ in flips(told(database, name))} == shown


def test_a_name_that_nothing_had_is_refused_with_the_nearest(database: Database) -> None:
    Sweeps(database).sweep(0, {MYSQL: WELL})
    with database.reading() as connection:
        model = find_model(connection, 'prod')
        with pytest.raises(UsageError, match="did you mean 'mysql'"):
            refuse_unknown(connection, model, ['mysq'])


def test_a_model_is_found_by_as_much_of_its_name_as_is_needed(database: Database) -> None:
    for uuid, name in (('a', 'lab:ann/prod'), ('b', 'lab:bob/prod'), ('c', 'lab:ann/dev')):
        Sweeps(database, name, uuid).see(0)
    with database.reading() as connection:
        assert find_model(connection, 'dev').uuid == 'c'
        assert find_model(connection, 'bob/prod').uuid == 'b'
        assert find_model(connection, 'a').name == 'lab:ann/prod'
        for several in ('prod', ''):
            with pytest.raises(UsageError, match='lab:ann/prod, lab:bob/prod'):
                find_model(connection, several)
        with pytest.raises(UsageError, match="cannot find model 'live'"):
            find_model(connection, 'live')
