"""Alarms: rung once their deadline has passed, unless they were called off, by one thread."""

from __future__ import annotations

import queue
import threading

from charm.kernel.deadline import Deadline
from reconciler.reach.lanes import Turn
from reconciler.reach.ssh.alarms import Alarms, taken
from tests.support.patience import PATIENCE


def test_what_is_due_is_done_whenever_it_was_set() -> None:
    alarms, done = Alarms(), queue.SimpleQueue[str]()
    alarms.set(Deadline.after(PATIENCE), lambda: done.put('late'))
    alarms.set(Deadline.after(0.1), lambda: done.put('soon'))
    assert done.get(timeout=PATIENCE) == 'soon'
    alarms.set(Deadline.after(0.0), lambda: done.put('again'))
    assert done.get(timeout=PATIENCE) == 'again'


def test_a_deadline_may_pass_before_its_time() -> None:
    alarms, done = Alarms(), queue.SimpleQueue[str]()
    turn = Turn(0.0, 1)
    alarms.set(turn.deadline(Deadline.after(1000 * PATIENCE)), lambda: done.put('given up'))
    turn.given_up = True
    assert done.get(timeout=PATIENCE) == 'given up'


def test_what_was_called_off_is_not_done() -> None:
    alarms, done = Alarms(), queue.SimpleQueue[str]()
    alarm = alarms.set(Deadline.after(0.1), lambda: done.put('never'))
    alarm.cancel()
    with alarms.over(Deadline.after(0.1), lambda: done.put('never')):
        pass
    alarms.set(Deadline.after(0.2), lambda: done.put('after'))
    assert done.get(timeout=PATIENCE) == 'after'
    assert done.empty()


def test_what_is_done_before_it_is_due_is_done_once() -> None:
    alarms, done = Alarms(), queue.SimpleQueue[str]()
    alarm = alarms.set(Deadline.after(0.0), lambda: done.put('once'))
    alarm.now()
    alarm.now()
    alarms.set(Deadline.after(0.1), lambda: done.put('after'))
    assert [done.get(timeout=PATIENCE) for _ in range(2)] == ['once', 'after']


def test_one_that_hangs_keeps_no_other_from_being_done() -> None:
    alarms, done, over = Alarms(), queue.SimpleQueue[str](), threading.Event()
    alarms.set(Deadline.after(0.0), over.wait)
    alarms.set(Deadline.after(0.0), lambda: done.put('other'))
    assert done.get(timeout=PATIENCE) == 'other'
    over.set()


def test_however_many_are_set_one_thread_waits_for_them() -> None:
    alarms, before = Alarms(), set(threading.enumerate())
    set_ones = [alarms.set(Deadline.after(PATIENCE), lambda: None) for _ in range(100)]
    assert len(set(threading.enumerate()) - before) == 1
    for alarm in set_ones:
        alarm.cancel()


def test_a_lock_is_waited_for_until_the_deadline_and_no_longer_than_one_is_wanted() -> None:
    lock, turn = threading.Lock(), Turn(0.0, 1)
    assert taken(lock, Deadline.after(0.0))
    assert not taken(lock, Deadline.after(0.01))
    waiting = threading.Timer(0.1, lambda: setattr(turn, 'given_up', True))
    waiting.start()
    assert not taken(lock, turn.deadline(Deadline.after(1000 * PATIENCE)))
    lock.release()
    assert taken(lock, Deadline.after(PATIENCE))
