"""Every message arrives, in order and hardly twice, whoever is killed or sends as well."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.history.database import Database
from reconciler.history.examine import examine
from reconciler.notify.outbox.state import DeliveryState
from tests.support.databases import PostgresServer
from tests.support.outages import BEGIN
from tests.support.recorded import DAY

from .telling import Done, Step, Tellers, tellers, world

NOW = round(BEGIN.timestamp() * 1000) + DAY
# mysql fails, is seen to twice, and is well again.
STORY: list[Step] = [(0, False), (1, True), (2, True), (3, False), (4, False)]


@pytest.fixture(scope='module')
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tellers]:
    with tellers(tmp_path_factory.mktemp('tellers')) as found:
        yield found


@pytest.fixture
def tell(started: Tellers) -> Tellers:
    started.receiver.begin()
    return started


def rest(at: int, ill: bool) -> list[Step]:
    """Return the sweeps after one that was killed: until its claim is over, and all is said."""
    healths = [True, True, False, False] if ill else [False, False]
    return [(at + number, now) for number, now in enumerate(healths, 1)]


def check(tell: Tellers, url: str, most: int = 1) -> None:
    """Refuse a message that is lost, comes too often or too late; then begin anew."""
    told = tell.receiver.told
    names = list(dict.fromkeys(told))
    assert [kind for kind, _ in names] == ['firing', 'recovered']
    assert [name.rpartition('.')[2] for _, name in names] == ['1', '2']
    assert len({name.rpartition('.')[0] for _, name in names}) == 1
    assert len(told) - len(names) <= most
    assert told == sorted(told, key=lambda one: one[1]), 'in order'
    found = world(Database(url))
    assert examine(found.database, NOW).faults == ()
    assert found.count() == 1
    states = [state for _, _, state in found.deliveries()]
    assert states == [DeliveryState.ACCEPTED.value] * 2
    tell.receiver.begin()


@pytest.mark.parametrize('at', [2, 4])
def test_killed_before_every_call_that_changes_a_file(
    at: int, tell: Tellers, tmp_path: Path
) -> None:
    base = tmp_path / 'base' / 'history.db'
    assert tell.tell(f'sqlite:///{base}', STORY[:at]).code == 0
    before = tell.receiver.told
    doubled = 0
    for moment in range(1, 1000):
        root = shutil.copytree(base.parent, tmp_path / str(moment))
        url = f'sqlite:///{root}/history.db'
        tell.receiver.begin(before)
        done = tell.tell(url, [STORY[at]], DIES_AT=str(moment))
        assert done.code in (0, -signal.SIGKILL)
        assert tell.tell(url, rest(at, STORY[at][1])).refused == ()
        doubled += len(tell.receiver.told) > 2
        check(tell, url)
        shutil.rmtree(root)
        if done.code == 0:
            break
    # Fewer would mean that the library is not in the way of what it shall end.
    assert moment > 20
    assert doubled


def test_killed_before_every_few_statements_to_a_server(
    tell: Tellers, postgres: PostgresServer
) -> None:
    for moment in range(1, 10_000, 11):
        url = postgres.new_database()
        done = tell.tell(url, STORY, DIES_AT_STATEMENT=str(moment))
        if done.code == 0:
            break
        assert done.code == -signal.SIGKILL
        at = len(done.minutes)
        assert tell.tell(url, rest(at, at <= 2)).refused == ()
        check(tell, url)
    check(tell, url, most=0)
    assert moment > 70


@pytest.mark.parametrize('ill', [True, False])
def test_killed_when_the_message_was_taken_comes_once_more(
    ill: bool, tell: Tellers, history_url: str
) -> None:
    before = STORY[:2] if ill else STORY[:4]
    assert tell.tell(history_url, before).code == 0
    (tell.receiver.root / 'deadly').touch()
    at = len(before)
    done = tell.tell(history_url, [STORY[at]])
    assert done == Done(-signal.SIGKILL, ())
    taken = tell.receiver.told
    assert len(taken) == (1 if ill else 2)
    # It is still claimed at the next sweep, and is not after that.
    assert tell.tell(history_url, [(at + 1, ill)]).code == 0
    assert tell.receiver.told == taken
    assert tell.tell(history_url, [(at + 2, ill)]).code == 0
    assert tell.receiver.told == [*taken, taken[-1]]
    again = [(minute, False) for minute in range(at + 3, at + 6)]
    assert tell.tell(history_url, again).code == 0
    check(tell, history_url)


def test_killed_before_anything_was_sent_costs_nothing(tell: Tellers, history_url: str) -> None:
    done = tell.tell(history_url, STORY, DIES_UNSENT='1')
    assert done == Done(-signal.SIGKILL, (0, 1))
    assert tell.receiver.told == []
    assert tell.tell(history_url, [(3, True)]).code == 0
    assert tell.receiver.kinds == ['firing']
    done = tell.tell(history_url, [(4, False), (5, False)], DIES_UNSENT='1')
    assert done == Done(-signal.SIGKILL, (4,))
    assert tell.tell(history_url, [(6, False)]).code == 0
    check(tell, history_url, most=0)


@pytest.mark.parametrize('many', [1, 10**6])
def test_a_disk_that_is_full_at_every_write_costs_a_sweep_and_no_message(
    many: int, tell: Tellers, tmp_path: Path
) -> None:
    base = tmp_path / 'base' / 'history.db'
    assert tell.tell(f'sqlite:///{base}', STORY[:2]).code == 0
    refused = 0
    for moment in range(1, 40):
        root = shutil.copytree(base.parent, tmp_path / str(moment))
        url = f'sqlite:///{root}/history.db'
        done = tell.tell(url, [(2, True)], FULL_AT=str(moment), FULL_FOR=str(many))
        assert done.code == 0
        assert all('cannot' in one for one in done.refused)
        refused += len(done.refused)
        assert tell.tell(url, rest(2, True)).refused == ()
        check(tell, url)
        shutil.rmtree(root)
    assert refused > 3


def test_four_who_sweep_and_send_at_once_say_each_thing_once(
    history_url: str, tmp_path: Path
) -> None:
    with ExitStack() as stack, ThreadPoolExecutor(4) as pool:
        places = [tmp_path / str(number) for number in range(4)]
        for place in places:
            place.mkdir()
        many = [stack.enter_context(tellers(place)) for place in places]
        # All tell the first one's receiver.
        one = many[0].receiver
        all_of_them = [replace(each, receiver=one) for each in many]
        assert one.kinds == []
        for minute, ill in enumerate([False, *[True] * 4, *[False] * 4]):
            work = [pool.submit(each.tell, history_url, [(minute, ill)]) for each in all_of_them]
            assert [each.result().code for each in work] == [0] * 4
            assert all(each.result().refused == () for each in work)
        check(many[0], history_url, most=0)
