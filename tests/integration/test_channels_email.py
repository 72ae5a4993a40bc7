"""Mail to a real SMTP server with STARTTLS and a login, and to servers that are no good."""

from __future__ import annotations

import contextlib
import email
import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from charm.kernel.deadline import Deadline
from reconciler.config.channel_settings import EmailSettings, Encryption
from reconciler.config.secrets import Secret
from reconciler.notify.channels.base import Delivery
from reconciler.notify.channels.email import message
from reconciler.notify.deliver import deliver
from reconciler.notify.notice import Notice
from tests.support.checking import server
from tests.support.notices import EVERY, FIRING, RECOVERED, REMINDER
from tests.support.patience import PATIENCE
from tests.support.tls import Certificates

from .mailbox import Mailbox, serving

SHORT_SECONDS = 1.0


@pytest.fixture
def box(certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    monkeypatch.setenv('SMTP_PASSWORD', 'hunter2')
    with serving(certificates, Encryption.STARTTLS) as one:
        yield one


def settings(port: int, certificates: Certificates | None = None, **more: Any) -> EmailSettings:
    given = {
        'server': 'localhost',
        'sender': 'health@example.org',
        'to': ('oncall@example.org', 'boss@example.org'),
        'port_given': port,
        'ca': certificates.ca if certificates else None,
        'user': 'health',
        'password': Secret('env', 'SMTP_PASSWORD'),
        **more,
    }
    return EmailSettings(**given)


def plain(port: int) -> EmailSettings:
    return settings(port, tls=Encryption.NONE, user='', password=None)


def send(by: EmailSettings, *notices: Notice, seconds: float = PATIENCE) -> list[Delivery]:
    return [deliver(by, one, Deadline.after(seconds)) for one in notices or (FIRING,)]


def test_mail_arrives_over_starttls_with_a_login(box: Mailbox, certificates: Certificates) -> None:
    (done,) = send(settings(box.port, certificates))
    assert done.accepted, done
    assert done.answer == 'localhost took it for oncall@example.org, boss@example.org'
    (envelope,) = box.mails
    assert envelope.mail_from == 'health@example.org'
    assert envelope.rcpt_tos == ['oncall@example.org', 'boss@example.org']
    mail = box.last()
    assert mail['Subject'].startswith('fail: mysql in lab:prod since 2026-11-23 08:01 UTC')
    assert mail['Auto-Submitted'] == 'auto-generated'
    assert 'It likely explains 2 services:' in mail.get_content()


def test_an_incident_is_one_thread_and_what_is_sent_again_is_the_same_mail(
    box: Mailbox, certificates: Certificates
) -> None:
    send(settings(box.port, certificates), FIRING, FIRING, REMINDER, RECOVERED)
    ids = []
    for envelope in box.mails:
        content = envelope.content
        assert isinstance(content, bytes)
        mail = email.message_from_bytes(content)
        ids.append((mail['Message-ID'], mail['In-Reply-To'], mail['References']))
    first = '<7f3a0c.1@example.org>'
    assert ids == [
        (first, None, None),
        (first, None, None),
        ('<7f3a0c.3@example.org>', first, first),
        ('<7f3a0c.5@example.org>', first, first),
    ]


def test_mail_arrives_over_tls_and_unencrypted_where_that_is_set(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    for tls in (Encryption.TLS, Encryption.NONE):
        with serving(certificates, tls) as box:
            by = settings(box.port, certificates, tls=tls, user='', password=None)
            (done,) = send(by)
        assert done.accepted, done


def test_nothing_is_sent_less_encrypted_than_is_set(certificates: Certificates) -> None:
    with serving(certificates, Encryption.NONE) as box:
        (done,) = send(settings(box.port, certificates, user='', password=None))
    assert (done.accepted, done.retryable, box.mails) == (False, False, [])
    assert 'STARTTLS' in done.answer


def test_a_stranger_s_certificate_is_refused_before_the_password(box: Mailbox) -> None:
    (done,) = send(settings(box.port))
    assert (done.accepted, box.mails) == (False, [])
    assert 'CERTIFICATE_VERIFY_FAILED' in done.answer


def test_a_wrong_password_is_refused_for_good_and_not_shown(
    box: Mailbox, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('SMTP_PASSWORD', 'hunter3')
    (done,) = send(settings(box.port, certificates))
    assert (done.accepted, done.retryable) == (False, False)
    assert done.answer.startswith('localhost answered 535')
    assert 'hunter3' not in repr(done)


@pytest.mark.parametrize(
    ('refuses', 'found'),
    [
        ({'boss@example.org': '550 no such user'}, (True, False)),
        ({'boss@example.org': '450 greylisted'}, (False, True)),
        ({'boss@example.org': '550 no', 'oncall@example.org': '550 no'}, (False, False)),
        ({'boss@example.org': '550 no', 'oncall@example.org': '451 later'}, (False, True)),
    ],
)
def test_recipients_that_are_refused_are_named(
    box: Mailbox, certificates: Certificates, refuses: dict[str, str], found: tuple[bool, bool]
) -> None:
    box.refuses = refuses
    (done,) = send(settings(box.port, certificates))
    assert (done.accepted, done.retryable) == found
    for address, answer in refuses.items():
        assert f'{address}: {answer}' in done.answer


@pytest.mark.parametrize(
    ('answer', 'retryable'), [('452 disk is full', True), ('554 looks like spam', False)]
)
def test_what_the_server_says_of_the_mail_decides(
    box: Mailbox, certificates: Certificates, answer: str, retryable: bool
) -> None:
    box.answer = answer
    (done,) = send(settings(box.port, certificates))
    assert (done.accepted, done.retryable) == (False, retryable)
    assert done.answer == f'localhost answered {answer}'


HOSTILE = replace(
    FIRING,
    evidence='x\r\nBcc: evil@example.org\r\n\r\nowned\n.\nRCPT TO:<evil@example.org>',
    changes=('.', '\r\n.\r\nMAIL FROM:<evil@example.org>', 'From nobody', '\ud800ü✓'),
)


def test_no_text_of_a_unit_is_a_header_a_recipient_or_an_end(
    box: Mailbox, certificates: Certificates
) -> None:
    (done,) = send(settings(box.port, certificates), HOSTILE)
    assert done.accepted
    (envelope,) = box.mails
    assert envelope.rcpt_tos == ['oncall@example.org', 'boss@example.org']
    mail = box.last()
    assert mail['Bcc'] is None
    assert sorted(mail.keys()) == sorted(message(FIRING, settings(25)).keys())
    assert 'Bcc: evil@example.org owned' in mail.get_content()
    assert mail.get_content().rstrip().endswith('Incident 7f3a0c, message 1.')


@pytest.mark.parametrize('notice', EVERY, ids=lambda notice: notice.kind.value)
def test_every_message_is_mail_of_plain_lines(notice: Notice) -> None:
    raw = message(notice, settings(25)).as_bytes()
    assert all(len(line) <= 998 for line in raw.split(b'\r\n'))
    assert not re.search(rb'(?<!\r)\n', raw)


def answering(*lines: bytes) -> Any:
    """Say these in turn, whatever is asked, and then nothing; the last one is said for ever."""

    def serve(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            for line in lines[:-1]:
                connection.sendall(line)
                connection.recv(65536)
            while True:
                connection.sendall(lines[-1])
                connection.settimeout(0.05)
                with contextlib.suppress(TimeoutError):
                    if not connection.recv(65536):
                        return

    return serve


@pytest.mark.parametrize(
    'serve',
    [
        lambda connection: connection.recv(1),
        answering(b'2'),
        answering(b'220 hi\r\n', b'250-x\r\n'),
        answering(b'220 hi\r\n', b'250 ok\r\n', b'250 ok\r\n', b'3'),
    ],
    ids=['hangs', 'trickles its greeting', 'goes on for ever', 'stops at a recipient'],
)
def test_who_hangs_or_trickles_is_left_at_the_deadline(serve: Any) -> None:
    with server(serve) as port:
        (done,) = send(plain(port), seconds=SHORT_SECONDS)
    assert (done.accepted, done.retryable) == (False, True)
    assert done.answer == 'cannot send by localhost: no answer in time'


def test_a_handshake_that_never_ends_is_left_at_the_deadline(certificates: Certificates) -> None:
    serve = answering(b'220 hi\r\n', b'250-x\r\n250 STARTTLS\r\n', b'220 go\r\n', b'')
    with server(serve) as port:
        by = settings(port, certificates, user='', password=None)
        (done,) = send(by, seconds=SHORT_SECONDS)
    assert (done.accepted, done.retryable) == (False, True)


@pytest.mark.parametrize('said', [b'', b'HTTP/1.1 400 Bad\r\n', b'\xff\0\r\n', b'554 go away\r\n'])
def test_who_is_no_mail_server_is_told_apart_by_its_code(said: bytes) -> None:
    def serve(connection: socket.socket) -> None:
        with connection:
            connection.sendall(said)

    with server(serve) as port:
        (done,) = send(plain(port))
    assert (done.accepted, done.retryable) == (False, not said.startswith(b'554'))


def test_nobody_there_and_no_password_have_the_mail_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv('SMTP_PASSWORD', raising=False)
    with contextlib.closing(socket.socket()) as taken:
        taken.bind(('127.0.0.1', 0))
        port = taken.getsockname()[1]
        (done,) = send(plain(port))
        (secret,) = send(settings(port))
    assert (done.retryable, secret.retryable) == (True, True)
    assert '$SMTP_PASSWORD' in secret.answer
    assert send(replace(plain(port), server='nowhere.invalid'))[0].retryable
