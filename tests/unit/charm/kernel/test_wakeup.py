"""A wait ends when it is rung or when its time is up, and by nothing else."""

from __future__ import annotations

import ast
import contextlib
import math
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from charm.kernel import wakeup
from charm.kernel.wakeup import Mailbox, Wakeup
from tests.support.patience import PATIENCE
from tests.support.tree import ROOT

UNIT_SIDE = sorted((ROOT / 'charm').rglob('*.py'))


@contextlib.contextmanager
def handling(handler: Callable[[int], None]) -> Iterator[None]:
    """Have SIGUSR1 handled for a while."""
    before = signal.signal(signal.SIGUSR1, lambda number, _frame: handler(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_rung_once_it_stays_rung_until_it_is_hushed() -> None:
    bell = Wakeup()
    assert not bell.wait(0.0)
    bell.ring()
    assert bell.wait()
    assert bell.wait(0.0)
    bell.hush()
    assert not bell.wait(0.0)


def test_nobody_who_rings_is_ever_held_up() -> None:
    bell = Wakeup()
    for _ in range(100_000):
        bell.ring()
    bell.hush()
    assert not bell.wait(0.0)


def test_a_wait_is_ended_from_another_thread() -> None:
    bell = Wakeup()
    threading.Thread(target=bell.ring).start()
    assert bell.wait(PATIENCE)


def test_a_wait_is_ended_by_a_signals_handler() -> None:
    mail: Mailbox[int] = Mailbox()
    with handling(mail.put):
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        assert mail.get(PATIENCE) == signal.SIGUSR1


@pytest.mark.parametrize('told', [False, True], ids=['looks up', 'rung by signals'])
def test_a_wait_is_ended_by_a_handler_whose_signal_did_not_disturb_it(
    told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As one does not that comes just before the wait sleeps; here another thread takes it.
    mail: Mailbox[bool] = Mailbox()
    handled = threading.Event()

    def signal_itself() -> None:
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
        mail.put(handled.wait(PATIENCE))

    if told:
        monkeypatch.setattr(wakeup, '_BLINK_SECONDS', math.inf)
        signal.set_wakeup_fd(mail.rung_by_signals(), warn_on_full_buffer=False)
    try:
        with handling(lambda _number: handled.set()):
            threading.Timer(0.05, signal_itself).start()
            assert mail.get(PATIENCE)
    finally:
        signal.set_wakeup_fd(-1)


def test_without_a_ring_a_wait_takes_its_time() -> None:
    mail: Mailbox[int] = Mailbox()
    started = time.monotonic()
    with pytest.raises(queue.Empty):
        mail.get(0.05)
    assert time.monotonic() - started >= 0.05


def test_what_many_put_in_comes_out_once_and_in_each_ones_order() -> None:
    mail: Mailbox[tuple[int, int]] = Mailbox()

    def put(who: int) -> None:
        for number in range(500):
            mail.put((who, number))

    for who in range(4):
        threading.Thread(target=put, args=(who,)).start()
    found = [mail.get(PATIENCE) for _ in range(2000)]
    for who in range(4):
        assert [number for one, number in found if one == who] == list(range(500))


@pytest.mark.parametrize('seconds', [1e12, float('inf')])
def test_a_wait_may_be_as_long_as_one_likes(seconds: float) -> None:
    mail: Mailbox[int] = Mailbox()
    threading.Timer(0.05, mail.put, (7,)).start()
    assert mail.get(seconds) == 7


def test_what_it_holds_is_freed_with_it() -> None:
    before = set(os.listdir('/proc/self/fd'))
    for _ in range(100):
        Wakeup().ring()
    # Other threads of this process may open and close a few meanwhile.
    assert len(set(os.listdir('/proc/self/fd')) - before) < 100


def _waits_by_the_wall_clock(path: Path) -> list[str]:
    """Return where a lock, event or queue is waited for with a time limit."""
    return [
        f'{path}:{node.lineno}'
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ('get', 'acquire', 'join', 'Timer')
        and (node.func.attr == 'Timer' or any(word.arg == 'timeout' for word in node.keywords))
    ]


def test_nothing_on_the_unit_waits_by_the_wall_clock() -> None:
    # Python 3.8, which many machines have, waits for those by a clock that may jump.
    assert [where for path in UNIT_SIDE for where in _waits_by_the_wall_clock(path)] == []
