"""Receivers that refuse, fail and hang, clocks and servers that fail: what becomes of messages."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from charm.kernel.deadline import Deadline
from reconciler.config.channel_settings import AlertmanagerSettings, WebhookSettings
from reconciler.history.database import Database
from reconciler.history.errors import HistoryError
from reconciler.notify.document import decode
from reconciler.notify.outbox.state import DeliveryState
from tests.support.databases import PostgresServer
from tests.support.patience import PATIENCE, passing_once
from tests.support.posted import Receiver, answered, hung, receiver

from .telling import Receiver as Command
from .telling import World, world

WAITING, ACCEPTED = DeliveryState.WAITING.value, DeliveryState.ACCEPTED.value
REFUSED, OVERTAKEN = DeliveryState.REFUSED.value, DeliveryState.OVERTAKEN.value
HOUR, DAY = 60, 1440


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('NO_PROXY', '*')


@dataclass
class Clock:
    """A clock that is set by hand, in seconds after the last sweep."""

    world: World
    seconds: float = 0.0

    def __call__(self) -> int:
        return self.world.clock()() + round(self.seconds * 1000)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as one:
        yield one


def hook(one: Receiver) -> WebhookSettings:
    return WebhookSettings(url=one.url)


def kinds(one: Receiver) -> list[str]:
    """Return the kind of each message that a webhook was sent."""
    return [decode(request.body).kind.value for request in one.requests]


def states(one: World) -> list[tuple[str, str]]:
    return [(kind, state) for kind, _, state in one.deliveries()]


def test_who_refuses_is_not_asked_again(database: Database, stack: ExitStack) -> None:
    one = stack.enter_context(receiver(answered(400, b'no such room'), answered(200)))
    found = world(database, hook=hook(one))
    found.tell([(0, True)])
    found.see(1, ill=True)
    (sent,) = found.box.send(Deadline.after(PATIENCE))
    assert (sent.state, sent.found.retryable) == (DeliveryState.REFUSED, False)
    assert 'no such room' in sent.found.answer
    found.tell([(2, True), (HOUR, True)])
    assert kinds(one) == ['firing']
    assert states(found) == [('firing', REFUSED)]


def test_who_fails_is_asked_again_in_its_time_and_not_before(
    database: Database, stack: ExitStack
) -> None:
    failing = (answered(500), answered(503, b'', 'Retry-After: 600'), answered(502))
    one = stack.enter_context(receiver(*failing, answered(200)))
    found = world(database, hook=hook(one))
    clock = Clock(found)
    found.box = replace(found.box, now=clock)
    found.tell([(0, True), (1, True)])
    assert kinds(one) == ['firing']
    # After 30 seconds; when it was told to; after as long as the third time takes; never again.
    for number, pause in enumerate((30, 600, 120), 2):
        clock.seconds += pause - 0.001
        assert found.box.send(Deadline.after(PATIENCE)) == []
        clock.seconds += 0.001
        assert len(found.box.send(Deadline.after(PATIENCE))) == 1
        assert len(one.requests) == number
    clock.seconds += DAY * 60
    assert found.box.send(Deadline.after(PATIENCE)) == []
    assert len({request.body for request in one.requests}) == 1
    assert states(found) == [('firing', ACCEPTED)]


def test_who_hangs_keeps_no_other_waiting_and_no_sweep(
    database: Database, stack: ExitStack
) -> None:
    other = stack.enter_context(receiver(answered(200)))

    def until_other(one: Receiver, connection: socket.socket) -> None:
        # A sweep that served one after the other would never come to the other.
        passing = passing_once(lambda: bool(other.requests))
        while not passing.passed:
            one.over.wait(0.02)
        answered(200)(one, connection)

    one = stack.enter_context(receiver(until_other, hung))
    # By name, it comes first.
    found = world(database, a=hook(one), b=hook(other))
    found.tell([(0, True), (1, True)])
    assert [kinds(one), kinds(other)] == [['firing'], ['firing']]
    found.tell([(2, False)])
    found.see(3, ill=False)
    (late, taken) = sorted(found.box.send(Deadline.after(5)), key=lambda sent: sent.channel)
    assert (late.state, taken.state) == (DeliveryState.WAITING, DeliveryState.ACCEPTED)
    assert 'in time' in late.found.answer


def test_a_clock_that_is_set_back_a_day_keeps_no_message_back(
    database: Database, stack: ExitStack
) -> None:
    one = stack.enter_context(receiver(answered(200), answered(503), answered(200)))
    found = world(database, hook=hook(one))
    found.tell([(DAY, True), (DAY + 1, True), (DAY + 2, False)])
    # It is over, and could not be said.
    found.tell([(DAY + 3, False)])
    assert kinds(one) == ['firing', 'recovered']
    found.tell([(4, True)])
    assert kinds(one) == ['firing', 'recovered', 'recovered']
    # What begins with the clock behind goes out as well, and comes back once it failed.
    found.tell([(5, True)])
    assert kinds(one)[3:] == ['firing']
    found.tell([(6, False), (7, False)])
    assert kinds(one)[3:] == ['firing', 'recovered']
    assert {state for _, state in states(found)} == {ACCEPTED}


def test_an_end_replaces_what_could_not_be_said_before(
    database: Database, stack: ExitStack
) -> None:
    one = stack.enter_context(receiver(answered(503), answered(200)))
    found = world(database, hook=hook(one))
    found.tell([(0, True), (1, True)])
    found.see(2, ill=False)
    found.tell([(3, False), (4, False), (HOUR, False)])
    assert kinds(one) == ['firing', 'recovered']
    assert states(found) == [('firing', OVERTAKEN), ('recovered', ACCEPTED)]


@pytest.mark.parametrize(
    ('status', 'state'), [(503, OVERTAKEN), (400, OVERTAKEN), (200, ACCEPTED)]
)
def test_an_end_that_is_found_while_the_begin_is_sent_waits_and_is_the_last(
    status: int, state: str, history_url: str, database: Database, stack: ExitStack
) -> None:
    def meanwhile(one: Receiver, connection: socket.socket) -> None:
        others = world(Database(history_url), hook=hook(one))
        # Before the claim ends.
        others.tell([(1.4, False), (1.8, False)])
        answered(status)(one, connection)

    one = stack.enter_context(receiver(meanwhile, answered(200)))
    found = world(database, hook=hook(one))
    found.tell([(0, True), (1, True)])
    assert kinds(one) == ['firing', 'recovered']
    assert states(found) == [('firing', state), ('recovered', ACCEPTED)]
    found.tell([(4, False), (HOUR, False)])
    assert len(one.requests) == 2


def test_what_is_over_for_a_day_and_could_not_be_said_is_given_up(
    database: Database, stack: ExitStack
) -> None:
    one = stack.enter_context(receiver(answered(200), answered(503)))
    found = world(database, hook=hook(one))
    found.tell([(0, True), (1, True), (2, False), (3, False), (DAY + 3, False)])
    assert states(found)[1] == ('recovered', WAITING)
    found.tell([(DAY + HOUR, False), (DAY + 2 * HOUR, False)])
    assert states(found)[1] == ('recovered', DeliveryState.EXPIRED.value)
    assert kinds(one) == ['firing', *['recovered'] * 3]


def test_what_stands_is_tried_again_at_once_however_long_it_has_stood(
    database: Database, stack: ExitStack
) -> None:
    well = [answered(200)] * 20
    one = stack.enter_context(receiver(*well, answered(503), answered(503), answered(200)))
    found = world(database, am=AlertmanagerSettings(urls=(one.url,)))
    found.tell([(minute, True) for minute in range(21)])
    assert len(one.requests) == 20
    # It would end by itself after four minutes.
    found.tell([(21, True), (22, True), (23, True)])
    assert len(one.requests) == 23
    found.tell([(24, False), (25, False), (26, False), (HOUR, False)])
    # Until it counts as over, it stands.
    assert len(one.requests) == 25
    assert states(found) == [('firing', ACCEPTED), ('recovered', ACCEPTED)]


def test_a_server_that_ends_before_anything_is_sent_costs_nothing(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    command = Command(tmp_path)
    found = world(Database(postgres.new_database()), ops=command.settings)
    found.tell([(0, True)])
    found.see(1, ill=True)
    postgres.stop(signal.SIGQUIT)
    with pytest.raises(HistoryError):
        found.box.send(Deadline.after(PATIENCE))
    postgres.start()
    assert command.kinds == []
    assert len(found.box.send(Deadline.after(PATIENCE))) == 1
    found.tell([(2, True), (3, False), (4, False), (HOUR, False)])
    assert command.kinds == ['firing', 'recovered']


def test_a_server_that_ends_while_something_is_sent_is_waited_for(
    postgres: PostgresServer, stack: ExitStack
) -> None:
    def ends(one: Receiver, connection: socket.socket) -> None:
        postgres.stop(signal.SIGQUIT)
        starting.start()
        answered(200)(one, connection)

    starting = threading.Thread(target=postgres.start)
    one = stack.enter_context(receiver(ends, answered(200)))
    found = world(Database(postgres.new_database()), hook=hook(one))
    found.tell([(0, True), (1, True)])
    starting.join(PATIENCE)
    found.tell([(2, True), (HOUR, False), (HOUR + 1, False), (2 * HOUR, False)])
    assert kinds(one) == ['firing', 'recovered']
    assert {state for _, state in states(found)} == {ACCEPTED}
