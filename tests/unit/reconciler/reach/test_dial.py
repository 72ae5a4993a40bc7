"""Connections: the first address that answers, by a deadline; and those through a command."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from charm.kernel.deadline import Deadline
from reconciler.reach.ssh.dial import CommandSocket, connections
from tests.hosts.shell import wait_until
from tests.support.patience import PATIENCE


@contextmanager
def listener(backlog: int = 5) -> Iterator[tuple[str, int]]:
    with socket.create_server(('127.0.0.1', 0), backlog=backlog) as server:
        yield server.getsockname()[:2]


def closed_port() -> tuple[str, int]:
    with listener() as end:
        return end


@contextmanager
def silent() -> Iterator[tuple[str, int]]:
    """Yield where packets are dropped: a listener whose queue is full."""
    with listener(backlog=0) as end:
        waiting = []
        for _ in range(4):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(end)
            waiting.append(sock)
        try:
            yield end
        finally:
            for sock in waiting:
                sock.close()


@pytest.mark.parametrize('host', ['a' * 64, '.x', 'web..x', 'ü' * 64])
def test_a_name_that_cannot_be_is_passed_over_for_the_next(host: str) -> None:
    with listener() as end:
        found = connections(ends((host, 22), end), Deadline.after(PATIENCE))
        assert addresses(found, 1) == [end]


def ends(*places: tuple[str, int]) -> dict[str, tuple[str, int]]:
    return {f'{host}:{port}': (host, port) for host, port in places}


def addresses(found: Iterator[tuple[str, socket.socket]], count: int) -> list[tuple[str, int]]:
    """Take so many connections and return where they lead."""
    peers = []
    for _ in range(count):
        _, sock = next(found)
        with sock:
            assert sock.getblocking()
            peers.append(sock.getpeername())
    return peers


def test_a_refusal_and_a_silence_do_not_hold_up_the_one_that_answers() -> None:
    with silent() as quiet, listener() as good:
        found = connections(ends(closed_port(), quiet, good), Deadline.after(PATIENCE))
        assert addresses(found, 1) == [good]
        found.close()  # type: ignore[attr-defined]


def test_all_that_answer_come_one_by_one_and_then_the_reason_why_no_more() -> None:
    refused = closed_port()
    with listener() as one, listener() as two:
        found = connections(ends(one, refused, two), Deadline.after(PATIENCE))
        assert sorted(addresses(found, 2)) == sorted([one, two])
        with pytest.raises(ConnectionRefusedError):
            next(found)


def test_silence_ends_at_the_deadline() -> None:
    with silent() as quiet, pytest.raises(TimeoutError, match='Connection timed out'):
        next(connections(ends(quiet), Deadline.after(0.3)))


def test_nonsense_is_an_error_like_any_other() -> None:
    with listener() as good:
        found = connections(ends(('no address', 22), good), Deadline.after(PATIENCE))
        assert addresses(found, 1) == [good]
    with pytest.raises(OSError, match=r'not known|No address'):
        next(connections(ends(('no address', 22)), Deadline.after(PATIENCE)))


def test_no_address_at_all_gives_nothing() -> None:
    assert list(connections({}, Deadline.after(PATIENCE))) == []


def test_where_all_answered_there_is_no_reason_why_no_more_do() -> None:
    with listener() as one:
        found = connections(ends(one), Deadline.after(PATIENCE))
        assert addresses(found, 1) == [one]
        assert list(found) == []


def test_a_command_is_talked_to_as_through_a_socket() -> None:
    sock = CommandSocket.through(['sh', '-c', 'echo trouble >&2; cat'])
    try:
        sock.sendall(b'there and back')
        sock.settimeout(PATIENCE)
        assert sock.recv(100) == b'there and back'
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(100) == b'', 'the end of the command is the end of the stream'
    finally:
        sock.close()
    assert sock.said_last == 'trouble'


def test_closing_ends_the_command_and_what_it_started(tmp_path: Path) -> None:
    script = f'sleep 1000 & echo $! > {tmp_path}/new; mv {tmp_path}/new {tmp_path}/pid; wait'
    sock = CommandSocket.through(['sh', '-c', script])
    wait_until((tmp_path / 'pid').exists, 'the command')
    child = int((tmp_path / 'pid').read_text())
    sock.close()
    sock.close()

    def gone() -> bool:
        state = subprocess.run(['ps', '-o', 'stat=', '-p', str(child)], capture_output=True)
        return state.stdout.strip()[:1] in (b'', b'Z')

    wait_until(gone, 'the grandchild to end')


def test_a_command_that_is_missing_is_an_error_of_the_system() -> None:
    with pytest.raises(FileNotFoundError):
        CommandSocket.through(['/nonexistent/proxy'])
