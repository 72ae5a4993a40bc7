"""Many at once, by a deadline; one costs only itself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest

from charm.kernel.deadline import Deadline
from charm.kernel.gather import gather
from tests.support.patience import PATIENCE


def test_every_value_and_every_error_comes_back_under_its_key() -> None:
    def fail() -> int:
        raise ValueError('no')

    found = {
        done.key: done for done in gather({'a': lambda: 1, 'b': fail}, Deadline.after(PATIENCE), 2)
    }
    assert found['a'].value == 1
    assert isinstance(found['b'].error, ValueError)


def test_one_that_hangs_does_not_hold_the_others_past_the_deadline() -> None:
    release = threading.Event()
    now = [0.0]
    calls = {'hung': release.wait, 'quick': lambda: True}
    answers = gather(calls, Deadline.after(PATIENCE, lambda: now[0]), 2)
    try:
        assert next(answers).key == 'quick'
        now[0] = PATIENCE
        assert list(answers) == []
    finally:
        release.set()


def test_no_more_than_the_workers_run_at_once() -> None:
    lock, running, most = threading.Lock(), 0, 0
    together = threading.Barrier(3)

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        together.wait(PATIENCE)
        with lock:
            running -= 1

    assert len(list(gather(dict.fromkeys(range(9), work), Deadline.after(PATIENCE), 3))) == 9
    assert most == 3


def test_what_is_not_begun_when_the_reader_leaves_never_begins() -> None:
    begun: list[int] = []
    release = threading.Event()

    def work(number: int) -> None:
        begun.append(number)
        if number:
            release.wait(PATIENCE)

    answers = gather({n: partial(work, n) for n in range(9)}, Deadline.after(PATIENCE), 1)
    assert next(answers).key == 0
    answers.close()
    release.set()
    assert set(begun) <= {0, 1}


def test_nothing_to_do_is_no_answers() -> None:
    assert list(gather({}, Deadline.after(1), 4)) == []


def test_the_threads_that_a_full_machine_gives_do_all_the_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[threading.Thread] = []
    start = threading.Thread.start

    def grudging(thread: threading.Thread) -> None:
        if len(given) == 2:
            raise RuntimeError("can't start new thread")
        given.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, 'start', grudging)
    calls: dict[int, Callable[[], int]] = {n: partial(abs, n) for n in range(9)}
    assert {done.value for done in gather(calls, Deadline.after(PATIENCE), 9)} == set(range(9))
    with pytest.raises(RuntimeError, match='new thread'):
        next(gather(calls, Deadline.after(PATIENCE), 9))
