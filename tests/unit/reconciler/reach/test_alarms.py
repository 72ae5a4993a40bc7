"""Alarms: rung when they are due, unless they were called off, by one thread."""

from __future__ import annotations

import queue
import threading

from reconciler.reach.ssh.alarms import Alarms
from tests.support.patience import PATIENCE


def test_what_is_due_first_is_done_first_whenever_it_was_set() -> None:
    alarms, done = Alarms(), queue.SimpleQueue[str]()
    alarms.set(0.4, lambda: done.put('late'))
    alarms.set(0.1, lambda: done.put('soon'))
    assert [done.get(timeout=PATIENCE) for _ in range(2)] == ['soon', 'late']
    alarms.set(0, lambda: done.put('again'))
    assert done.get(timeout=PATIENCE) == 'again'


def test_what_was_called_off_is_not_done() -> None:
    alarms, done = Alarms(), queue.SimpleQueue[str]()
    alarm = alarms.set(0.2, lambda: done.put('never'))
    alarms.set(0.4, lambda: done.put('after'))
    alarm.cancel()
    assert done.get(timeout=PATIENCE) == 'after'
    assert done.empty()


def test_one_that_hangs_keeps_no_other_from_being_done() -> None:
    alarms, done, over = Alarms(), queue.SimpleQueue[str](), threading.Event()
    alarms.set(0, over.wait)
    alarms.set(0.1, lambda: done.put('other'))
    assert done.get(timeout=PATIENCE) == 'other'
    over.set()


def test_however_many_are_set_one_thread_waits_for_them() -> None:
    alarms, before = Alarms(), set(threading.enumerate())
    for _ in range(100):
        alarms.set(PATIENCE, lambda: None)
    assert len(set(threading.enumerate()) - before) == 1
