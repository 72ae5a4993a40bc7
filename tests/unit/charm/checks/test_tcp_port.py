"""Ports on the loopback that accept, refuse, answer, trickle and keep silent."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import time

import pytest

from charm.checks.kinds.tcp_port import TcpPort
from charm.checks.options import OptionError
from charm.kernel.errors import CheckError
from charm.kernel.report import Health
from tests.support.checking import answering, free_port, run, server, silent, trickling
from tests.support.patience import PATIENCE


def test_a_port_that_accepts_passes_with_how_long_it_took() -> None:
    with server(silent) as port:
        verdict = run(TcpPort(port=port))
    assert verdict.health is Health.PASSED
    assert f'127.0.0.1:{port} accepts connections' in verdict.message
    assert 0 <= verdict.data['seconds'] < 60


def test_a_refusal_fails_and_says_so() -> None:
    port = free_port()
    verdict = run(TcpPort(port=port))
    assert (verdict.health, verdict.data) == (Health.FAIL, {'seconds': None})
    assert verdict.message == f'cannot connect to 127.0.0.1:{port}: refused'


def test_a_host_without_an_address_fails_and_is_named() -> None:
    verdict = run(TcpPort(port=80, host='no-such-host.invalid'))
    assert verdict.health is Health.FAIL
    assert 'cannot resolve no-such-host.invalid' in verdict.message
    assert run(TcpPort(port=80, host='x' * 300)).health is Health.FAIL


def test_what_is_expected_is_found_however_it_arrives() -> None:
    def in_pieces(connection: socket.socket) -> None:
        for byte in b'noise 220 ready\r\n':
            connection.sendall(bytes([byte]))

    with server(in_pieces) as port:
        verdict = run(TcpPort(port=port, expect='220 ready'))
    assert verdict.health is Health.PASSED
    assert 'answers as expected' in verdict.message


def test_what_is_sent_arrives_before_the_answer() -> None:
    def echo(connection: socket.socket) -> None:
        connection.sendall(connection.recv(100).upper())

    with server(echo) as port:
        assert run(TcpPort(port=port, send='ping é', expect='PING')).health is Health.PASSED


def test_another_answer_fails_with_its_beginning() -> None:
    with server(answering(b'500 go away')) as port:
        verdict = run(TcpPort(port=port, send='x', expect='220'))
    assert verdict.health is Health.FAIL
    assert "'500 go away' does not hold '220'" in verdict.message


def test_a_greeting_is_expected_without_a_word_of_ours_and_line_ends_are_sent_as_written() -> None:
    heard: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        connection.sendall(b'220 ready\r\n')
        heard.append(connection.recv(100))

    with server(serve) as port:
        verdict = run(TcpPort(port=port, send='QUIT\r\n', expect='220 ready\r\n'))
    assert verdict.health is Health.PASSED
    assert heard == [b'QUIT\r\n']


def test_what_came_of_an_answer_that_stays_away_is_told() -> None:
    def serve(connection: socket.socket) -> None:
        connection.sendall(b'220-please wait\r\n')
        connection.recv(100)

    with server(serve) as port:
        verdict = run(TcpPort(port=port, expect='220 ready'), seconds=0.3)
    assert verdict.health is Health.FAIL
    assert "'220-please wait\\r\\n' does not hold '220 ready'" in verdict.message
    assert 'did not end in time' in verdict.message


@pytest.mark.parametrize('serve', [silent, trickling(b'')])
def test_neither_silence_nor_a_trickle_outlasts_the_deadline(serve: object) -> None:
    with server(serve) as port:  # type: ignore[arg-type]
        started = time.monotonic()
        verdict = run(TcpPort(port=port, expect='220'), seconds=0.3)
    assert time.monotonic() - started < PATIENCE
    assert verdict.health is Health.FAIL
    assert 'did not end in time' in verdict.message


def test_no_more_than_64_kib_are_read() -> None:
    with server(lambda connection: connection.sendall(b'x' * 10_000_000 + b'220')) as port:
        verdict = run(TcpPort(port=port, expect='220'))
    assert verdict.health is Health.FAIL


def test_a_slow_answer_warns_and_a_slower_one_fails() -> None:
    with server(silent) as port:
        assert run(TcpPort(port=port, warn_seconds=0.0)).health is Health.WARN
        verdict = run(TcpPort(port=port, warn_seconds=0.0, fail_seconds=0.0))
    assert verdict.health is Health.FAIL
    assert 'but slowly' in verdict.message


def test_an_ipv6_address_is_written_with_brackets() -> None:
    verdict = run(TcpPort(port=free_port(), host='::1'))
    assert verdict.health is Health.FAIL
    assert '[::1]:' in verdict.message


def test_our_own_lack_of_descriptors_is_no_failure_of_the_service() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    fds: list[int] = []
    with server(silent) as port:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
            with contextlib.suppress(OSError):
                fds.extend(os.dup(0) for _ in range(300))
            with pytest.raises(CheckError, match='cannot open a connection'):
                run(TcpPort(port=port))
        finally:
            for fd in fds:
                os.close(fd)
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(
    ('options', 'key'),
    [
        ({'port': 0}, 'port'),
        ({'port': 65536}, 'port'),
        ({'port': 80, 'host': ''}, 'host'),
        ({'port': 80, 'warn_seconds': 2.0, 'fail_seconds': 1.0}, 'warn_seconds'),
    ],
)
def test_wrong_options_are_refused(options: dict[str, object], key: str) -> None:
    with pytest.raises(OptionError) as caught:
        TcpPort(**options)  # type: ignore[arg-type]
    assert caught.value.key == key
