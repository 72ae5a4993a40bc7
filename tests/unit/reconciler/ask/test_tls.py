"""Asking agents over real TLS, with the agent's own server at the other end."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from charm.agent.serve.api import Response, refusal
from charm.agent.serve.limits import ListenerLimits
from charm.agent.serve.listeners import listen_tcp, tls_server
from charm.agent.serve.server import ListeningSocket
from charm.kernel.deadline import Deadline
from reconciler.ask.frames import STDOUT_CAP_BYTES, Request
from reconciler.ask.tls import TLSAsker, trusting
from reconciler.inbox.certificate_files import CertificateFiles
from reconciler.inbox.certificates import make_missing
from reconciler.values.errors import UsageError
from reconciler.values.readings import Outcome
from tests.support.asked import printed
from tests.support.patience import PATIENCE

WORD = 'sixteen-characters-or-more'
REQUEST = Request('web/0', '/agent', by='agent')


def answer(method: str, target: str, body: bytes) -> Response:
    unit = target.partition('unit=')[2].replace('%2F', '/')
    if (method, unit) == ('GET', 'web/0'):
        return Response(200, printed('web/0'), headers={'Juju-Health-Age': '12.345'})
    if unit == 'flood/0':
        return Response(200, b'x' * (3 * STDOUT_CAP_BYTES))
    return refusal(404, f'no unit {unit!r} here')


@pytest.fixture(scope='module')
def files(tmp_path_factory: pytest.TempPathFactory) -> CertificateFiles:
    made = CertificateFiles(tmp_path_factory.mktemp('keys'))
    make_missing(made, ['127.0.0.1', 'agent.example'])
    return made


@pytest.fixture
def asker(files: CertificateFiles) -> Iterator[TLSAsker]:
    listener = listen_tcp('127.0.0.1', 0)
    tls = tls_server(files.certificate, files.key)
    door = ListeningSocket(listener, answer, lambda _why, _who: None, ListenerLimits(), tls, WORD)
    door.open()
    port = door.address[1]
    yield TLSAsker(
        {'web/0': ['127.0.0.1']}, trusting(files.ca), WORD, port, connect_seconds=PATIENCE
    )
    door.close()


def test_each_unit_gives_its_report_and_how_old_it_is(asker: TLSAsker) -> None:
    other = replace(REQUEST, unit='db/0')
    came = asker.ask('web/0', [REQUEST, other], Deadline.after(PATIENCE))
    assert came.fault is None
    mine, none = came.answers
    assert (mine.stdout, mine.held_seconds, mine.by) == (printed('web/0'), 12.345, 'agent')
    assert (none.exit_code, none.complete) == (3, True)
    assert none.stderr == b"its agent answered 404: no unit 'db/0' here"


def test_a_report_without_an_age_is_of_unknown_age_and_a_flood_is_cut(asker: TLSAsker) -> None:
    came = asker.ask('web/0', [replace(REQUEST, unit='flood/0')], Deadline.after(PATIENCE))
    (found,) = came.answers
    assert found.held_seconds is None
    assert len(found.stdout) == STDOUT_CAP_BYTES


def test_without_the_token_there_is_no_report(asker: TLSAsker) -> None:
    came = replace(asker, token=WORD[::-1]).ask('web/0', [REQUEST], Deadline.after(PATIENCE))
    (found,) = came.answers
    assert (found.stdout, found.exit_code) == (b'', 3)
    assert found.stderr.startswith(b'its agent answered 401')


def test_an_agent_of_another_authority_is_not_told_the_token(
    asker: TLSAsker, tmp_path: Path
) -> None:
    other = CertificateFiles(tmp_path)
    make_missing(other, ['127.0.0.1'])
    came = replace(asker, context=trusting(other.ca)).ask(
        'web/0', [REQUEST], Deadline.after(PATIENCE)
    )
    assert came.fault is not None
    assert came.fault.outcome is Outcome.NO_AGENT
    assert 'cannot trust the agent' in str(came.fault)
    assert not came.fault.retryable


def test_an_agent_of_another_address_is_not_believed(asker: TLSAsker) -> None:
    came = replace(asker, addresses={'web/0': ['localhost']}).ask(
        'web/0', [REQUEST], Deadline.after(PATIENCE)
    )
    assert came.fault is not None
    assert 'cannot trust the agent' in str(came.fault)


def test_the_first_address_that_answers_counts(asker: TLSAsker) -> None:
    with socket.socket() as closed:
        closed.bind(('127.0.0.2', 0))
        addresses = {'web/0': ['127.0.0.2', '127.0.0.1']}
        came = replace(asker, addresses=addresses).ask(
            'web/0', [REQUEST], Deadline.after(PATIENCE)
        )
    assert came.fault is None
    assert came.answers[0].stdout == printed('web/0')


def test_nobody_there_may_be_tried_again_and_no_address_may_not(asker: TLSAsker) -> None:
    with socket.socket() as closed:
        closed.bind(('127.0.0.1', 0))
        nobody = replace(asker, port=closed.getsockname()[1])
        came = nobody.ask('web/0', [REQUEST], Deadline.after(PATIENCE))
    assert came.fault is not None
    assert (came.fault.outcome, came.fault.retryable) == (Outcome.UNREACHABLE, True)
    came = asker.ask('db/0', [REQUEST], Deadline.after(PATIENCE))
    assert came.fault is not None
    assert not came.fault.retryable


HEAD = b'HTTP/1.1 200 OK\r\n'


@contextlib.contextmanager
def trickling(files: CertificateFiles, start: bytes) -> Iterator[int]:
    """Serve what begins so, and goes on a byte at a time and never ends; give the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    stop = threading.Event()
    with socket.create_server(('127.0.0.1', 0)) as listener:

        def serve() -> None:
            plain, _peer = listener.accept()
            with context.wrap_socket(plain, server_side=True) as connection:
                connection.recv(65536)
                connection.sendall(start)
                while not stop.wait(0.05):
                    connection.sendall(b'x')

        thread = threading.Thread(target=_quietly, args=(serve,))
        thread.start()
        yield listener.getsockname()[1]
        # Whoever held the connection has let it go by itself: nothing was stopped yet.
        thread.join(PATIENCE)
        stop.set()
        thread.join(PATIENCE)


def _quietly(serve: Callable[[], None]) -> None:
    # The client goes away, which is what the test is about.
    with contextlib.suppress(OSError):
        serve()


@pytest.mark.slow
@pytest.mark.parametrize(
    'start',
    [
        HEAD + b'Content-Length: 1000000\r\n\r\n',
        HEAD + b'Connection: close\r\n\r\n',
        HEAD + b'X-Slow: ',
        b'HTTP/1.1 200 ',
    ],
    ids=['body', 'body without a length', 'headers', 'first line'],
)
def test_a_trickle_that_never_pauses_ends_by_the_deadline(
    asker: TLSAsker, files: CertificateFiles, start: bytes
) -> None:
    with trickling(files, start) as port:
        never = {'web/0': ['127.0.0.1', '127.0.0.1']}
        slow = replace(asker, port=port, addresses=never)
        came = slow.ask('web/0', [REQUEST], Deadline.after(1.0))
    assert came.fault is not None
    assert 'by the deadline' in str(came.fault)
    assert not came.answers[0].complete


def test_a_handshake_that_never_goes_on_ends_by_the_deadline(asker: TLSAsker) -> None:
    with socket.create_server(('127.0.0.1', 0)) as listener:
        silent = replace(asker, port=listener.getsockname()[1], connect_seconds=600.0)
        came = silent.ask('web/0', [REQUEST], Deadline.after(0.5))
    assert came.fault is not None
    assert 'by the deadline' in str(came.fault)


def test_an_authority_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for text in (None, '', 'nonsense'):
        path = tmp_path / 'ca.pem'
        if text is not None:
            path.write_text(text)
        with pytest.raises(UsageError, match=r'ca\.pem as --agent-ca'):
            trusting(path)


def test_the_token_is_in_no_text(asker: TLSAsker) -> None:
    assert WORD not in repr(asker)
    assert json.dumps(WORD) not in str(asker)
