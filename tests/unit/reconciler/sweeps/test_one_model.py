"""One sweep: every unit has a reading, whatever happens."""

from __future__ import annotations

import signal
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from charm.kernel.deadline import Deadline
from charm.kernel.report import Health
from charm.kernel.report_json import encode
from reconciler.ask.modes import AskMode
from reconciler.ask.script_asker import ScriptAsker
from reconciler.collect.collect import CollectPlan, Progress
from reconciler.collect.fanout import FanoutLimits
from reconciler.inbox.store import Inbox, PushedReports
from reconciler.sweeps.one_model import SweepPlan, select, survey
from reconciler.values.errors import UsageError
from reconciler.values.model import Model
from reconciler.values.readings import Outcome, Reading, Snapshot
from tests.support.asked import Behaviour, FakeReach, Ran, answers, fault, model, report
from tests.support.patience import PATIENCE


def sweep(
    inventory: Model,
    machines: dict[str, list[Behaviour]],
    *patterns: str,
    seconds: float = PATIENCE,
    progress: Progress = lambda known, asked: None,
    **more: object,
) -> Snapshot:
    limits = FanoutLimits(workers=4, attempts=1)
    way = CollectPlan(ScriptAsker(FakeReach(machines)), limits, **more)  # type: ignore[arg-type]
    return survey(SweepPlan(inventory, way, progress), patterns, Deadline.after(seconds))


def readings(snapshot: Snapshot) -> dict[str, Reading]:
    return {reading.unit.name: reading for reading in snapshot.readings()}


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_every_unit_is_read_and_one_bad_machine_costs_only_itself() -> None:
    inventory = model(['web/0', 'db/0'], ['web/1'], ['web/2'])
    found = sweep(inventory, {'web/0': [answers], 'web/1': [fault()], 'web/2': [answers]})
    outcomes = {name: reading.outcome for name, reading in readings(found).items()}
    assert outcomes == {
        'web/0': Outcome.REPORTED,
        'db/0': Outcome.REPORTED,
        'web/1': Outcome.UNREACHABLE,
        'web/2': Outcome.REPORTED,
    }
    assert found.complete
    assert [(one.name, one.health) for one in found.services] == [
        ('web', Health.UNKNOWN),
        ('db', Health.PASSED),
    ]
    assert readings(found)['web/0'].via == 'fake, hook'


def test_what_removed_units_left_is_named_with_what_removes_it() -> None:
    def beside(ran: Ran) -> bytes:
        left = f'{ran.nonce} - g unit-juju-health-3\n{ran.nonce} - g unit-second-0\n'
        return left.encode() + answers(ran)

    found = sweep(
        model(['web/0'], ['web/1'], ['web/2']),
        {'web/0': [beside], 'web/1': [answers], 'web/2': [fault()]},
    )
    assert found.faults == (
        'machine 0: juju-health/3, second/0 are gone from Juju, and their files are there still; '
        'where an agent runs it removes them within two minutes; else: juju ssh -m lab:prod '
        'web/0 sudo /usr/local/lib/juju-health/unit-juju-health-3/current/hooks/health-agent '
        'remove-orphans',
    )


def test_what_juju_still_has_is_never_called_gone() -> None:
    def beside(ran: Ran) -> bytes:
        return f'{ran.nonce} - g unit-web-1\n'.encode() + answers(ran)

    found = sweep(model(['web/0'], ['web/1']), {'web/0': [beside], 'web/1': [answers]})
    assert found.faults == ()


def test_who_is_late_for_the_deadline_is_named_and_the_sweep_is_not_whole(
    gate: threading.Event,
) -> None:
    def hang(_ran: Ran) -> bytes:
        gate.wait(PATIENCE)
        return b''

    found = sweep(model(['web/0'], ['web/1']), {'web/0': [hang], 'web/1': [hang]}, seconds=0.3)
    assert not found.complete
    assert found.health is Health.UNKNOWN
    for reading in readings(found).values():
        assert reading.outcome is Outcome.DEADLINE
        assert 'the sweep ended before it answered' in reading.message


@pytest.mark.slow
def test_ctrl_c_gives_what_has_arrived(gate: threading.Event) -> None:
    def hang(_ran: Ran) -> bytes:
        gate.wait(PATIENCE)
        return b''

    def interrupt(known: int, asked: int) -> None:
        assert asked == 2
        if known == 1:
            signal.raise_signal(signal.SIGINT)

    machines: dict[str, list[Behaviour]] = {'web/0': [hang], 'web/1': [answers]}
    found = sweep(model(['web/0'], ['web/1']), machines, progress=interrupt)
    assert not gate.is_set()
    assert not found.complete
    assert readings(found)['web/1'].outcome is Outcome.REPORTED
    assert readings(found)['web/0'].message == 'interrupted before it answered'


def test_a_unit_without_a_machine_is_not_asked() -> None:
    inventory = model(['web/0'])
    web = inventory.applications['web']
    homeless = replace(web.units[0], name='web/1', machine='')
    web = replace(web, units=(*web.units, homeless))
    found = sweep(replace(inventory, applications={'web': web}), {'web/0': [answers]})
    assert readings(found)['web/1'].outcome is Outcome.UNASSIGNED
    assert found.complete


def test_progress_goes_from_none_to_all() -> None:
    seen: list[tuple[int, int]] = []

    def note(known: int, asked: int) -> None:
        seen.append((known, asked))

    sweep(
        model(['web/0', 'db/0'], ['web/1']),
        {'web/0': [answers], 'web/1': [answers]},
        progress=note,
    )
    assert seen[0] == (0, 3)
    assert seen[-1] == (3, 3)
    assert seen == sorted(seen)


@pytest.mark.parametrize(
    ('patterns', 'names'),
    [
        ((), {'web/0', 'db/0', 'web/1', 'web/10'}),
        (('web',), {'web/0', 'web/1', 'web/10'}),
        (('web/1',), {'web/1'}),
        (('0',), {'web/0', 'db/0'}),
        (('?b/*', 'web/0'), {'db/0', 'web/0'}),
        (('[w]eb/1*',), {'web/1', 'web/10'}),
    ],
)
def test_patterns_choose_units(patterns: tuple[str, ...], names: set[str]) -> None:
    inventory = model(['web/0', 'db/0'], ['web/1'], ['web/10'])
    assert {unit.name for unit in select(inventory, patterns)} == names


def test_a_pattern_that_names_nothing_is_a_mistake() -> None:
    with pytest.raises(UsageError, match="cannot select 'wbe'"):
        select(model(['web/0']), ['web', 'wbe'])


# -- what was pushed -----------------------------------------------------------------------


def push(inbox: Inbox, unit: str, sequence: int = 0, held: float = 0.0, model: str = '') -> None:
    """Push a report that the unit had held for so long, by a clock that is a day ahead."""
    sent_at = datetime.now(timezone.utc) + timedelta(days=1)
    made = replace(report(unit, sequence=sequence), reported_at=sent_at - timedelta(seconds=held))
    ack = inbox.accept(unit, model, sent_at, [encode(made).encode()])
    assert ack.accepted == 1


def pushed_sweep(
    directory: Path, ask: str, machines: dict[str, list[Behaviour]], **held: float
) -> dict[str, Reading]:
    inbox = Inbox(directory)
    for application, seconds in held.items():
        push(inbox, f'{application}/0', held=seconds)
    inventory = model(['web/0'], ['db/0'], ['mq/0'])
    found = sweep(inventory, machines, mode=AskMode(ask), pushed=PushedReports(inbox))
    return readings(found)


def test_what_was_pushed_and_is_fresh_need_not_be_asked_for(tmp_path: Path) -> None:
    asked: dict[str, list[Behaviour]] = {'db/0': [answers], 'mq/0': [answers]}
    found = pushed_sweep(tmp_path, 'auto', asked, web=1.0, db=3600.0)
    assert {name: one.via for name, one in found.items()} == {
        'web/0': 'push',
        'db/0': 'fake, hook',
        'mq/0': 'fake, hook',
    }
    assert all(one.outcome is Outcome.REPORTED for one in found.values())


def test_where_only_pushes_count_nobody_is_asked(tmp_path: Path) -> None:
    found = pushed_sweep(tmp_path, 'push', {}, web=1.0, db=3600.0)
    assert {name: one.outcome for name, one in found.items()} == {
        'web/0': Outcome.REPORTED,
        'db/0': Outcome.STALE,
        'mq/0': Outcome.NOT_PUSHED,
    }
    assert '1h' in found['db/0'].message


def test_a_hook_is_run_whatever_was_pushed_if_that_is_asked_for(tmp_path: Path) -> None:
    asked: dict[str, list[Behaviour]] = {unit: [answers] for unit in ('web/0', 'db/0', 'mq/0')}
    found = pushed_sweep(tmp_path, 'hook', asked, web=1.0)
    assert {one.via for one in found.values()} == {'fake, hook'}


def test_an_inbox_that_cannot_be_read_costs_only_what_was_in_it(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    push(inbox, 'web/0')
    push(inbox, 'db/0')
    with closing(sqlite3.connect(tmp_path / 'reports.d' / 'reports.db')) as database, database:
        database.execute("UPDATE reports SET report = '{' WHERE id = 1")
    found = pushed_sweep(tmp_path, 'push', {})
    assert found['db/0'].outcome is Outcome.REPORTED
    assert found['web/0'].outcome is Outcome.NOT_PUSHED
    assert 'reports.db' in found['web/0'].message


def test_an_inbox_that_is_no_database_is_why_nothing_was_pushed(tmp_path: Path) -> None:
    push(Inbox(tmp_path), 'web/0')
    (tmp_path / 'reports.d' / 'reports.db').write_bytes(b'no database' * 1000)
    found = pushed_sweep(tmp_path, 'push', {})
    assert {one.outcome for one in found.values()} == {Outcome.NOT_PUSHED}
    assert 'reports.db' in found['web/0'].message
    asked: dict[str, list[Behaviour]] = {unit: [answers] for unit in ('web/0', 'db/0', 'mq/0')}
    assert {one.via for one in pushed_sweep(tmp_path, 'auto', asked).values()} == {'fake, hook'}


def test_units_that_push_and_that_juju_does_not_have_are_named(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    push(inbox, 'gone/10', model='m1')
    push(inbox, 'gone/9', model='m1')
    push(inbox, 'long-gone/0', held=3600.0, model='m1')
    push(inbox, 'web/0', model='m1')
    push(inbox, 'other/0', model='m2')
    # Who does not say of which model it is may be another's.
    push(inbox, 'nowhere/0')
    line = 'reports of units that the status does not have: gone/9, gone/10'
    for mode, uuid, faults in (
        ('push', 'm1', (line,)),
        ('auto', 'm1', (line,)),
        ('hook', 'm1', ()),
        ('auto', '', ()),
    ):
        found = sweep(
            model(['web/0']),
            {'web/0': [answers]},
            mode=AskMode(mode),
            pushed=PushedReports(inbox, uuid),
        )
        assert found.faults == faults
        assert found.health is Health.PASSED


def test_a_newer_report_that_was_pushed_outdoes_an_older_one_from_a_cache(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    push(inbox, 'web/0', sequence=9, held=150.0)
    cached = b'{"age": 20.0, "report": %s}' % encode(report('web/0', sequence=5)).encode()

    def agent(ran: Ran) -> bytes:
        return ran.frames({'web/0': cached}) + f'{ran.nonce} 0 c\n'.encode()

    found = sweep(
        model(['web/0']),
        {'web/0': [agent]},
        mode=AskMode('auto', 100.0),
        pushed=PushedReports(inbox),
    )
    # So it is told by its sequence, although by our clock it seems to have been made before.
    assert readings(found)['web/0'].via == 'push'
