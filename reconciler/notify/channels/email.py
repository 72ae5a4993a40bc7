"""Mail by way of a server: all messages of an incident are one thread."""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from charm.kernel.deadline import Deadline

from ...config.channel_settings import EmailSettings, Encryption
from ...config.secrets import SecretError, hide
from .. import words
from ..notice import Notice
from .base import Delivery

_CONNECT_SECONDS = 10.0
_READY = 220


@dataclass(frozen=True)
class EmailChannel:
    """Sends mail, encrypted in the way that is set and in no lesser one."""

    settings: EmailSettings

    @property
    def resend_seconds(self) -> None:
        return None

    def send(self, notice: Notice, deadline: Deadline) -> Delivery:
        settings = self.settings
        password = settings.password.read() if settings.password else ''
        mail = message(notice, settings)
        try:
            with _session(settings, deadline) as session:
                if settings.user:
                    session.login(settings.user, password)
                refused = session.send_message(mail, settings.sender, settings.to)
        except smtplib.SMTPRecipientsRefused as error:
            refused = error.recipients
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            if deadline.passed:
                return Delivery.later(f'cannot send by {settings.server}: no answer in time')
            return _failed(error, settings.server, password)
        if refused:
            return _partly(refused, len(settings.to))
        return Delivery.taken(f'{settings.server} took it for {", ".join(settings.to)}')


def message(notice: Notice, settings: EmailSettings) -> EmailMessage:
    """Return the mail; one that is sent again has the same id, so that readers know it."""
    mail = EmailMessage(SMTP)
    mail['From'] = settings.sender
    mail['To'] = ', '.join(settings.to)
    mail['Subject'] = words.subject(notice)
    mail['Date'] = format_datetime(notice.at)
    mail['Message-ID'] = _id(notice, settings)
    if notice.number > 1:
        first = _id(replace(notice, number=1), settings)
        mail['In-Reply-To'] = first
        mail['References'] = first
    # So that no absent colleague's mailbox answers (RFC 3834).
    mail['Auto-Submitted'] = 'auto-generated'
    mail.set_content(words.text(notice))
    return mail


def _id(notice: Notice, settings: EmailSettings) -> str:
    return f'<{notice.name}@{settings.sender.rpartition("@")[2]}>'


@contextlib.contextmanager
def _session(settings: EmailSettings, deadline: Deadline) -> Iterator[smtplib.SMTP]:
    """Yield a connection that ends at the deadline, whatever the server does."""
    context = _context(settings)
    # Without a name of our own, smtplib asks name servers for it.
    if settings.tls is Encryption.TLS:
        session: smtplib.SMTP = smtplib.SMTP_SSL(local_hostname='localhost', context=context)
    else:
        session = smtplib.SMTP(local_hostname='localhost')
    # Certificates are for this name; given to the constructor, that connects at once, uncut.
    session._host = settings.server  # type: ignore[attr-defined]
    over = threading.Event()
    threading.Thread(target=_cut_at, args=(deadline, over, session), daemon=True).start()
    try:
        session.timeout = _share(settings, deadline)
        code, said = session.connect(settings.server, settings.port)
        if code != _READY:
            raise smtplib.SMTPConnectError(code, said)
        if session.sock is not None:
            session.sock.settimeout(max(deadline.remaining_seconds, 0.001))
            session.local_hostname = _literal(session.sock.getsockname()[0])
        session.ehlo_or_helo_if_needed()
        if settings.tls is Encryption.STARTTLS:
            session.starttls(context=context)
        yield session
        # It has said that it takes the mail: whether it says goodbye changes nothing.
        with contextlib.suppress(smtplib.SMTPException, OSError):
            session.quit()
    finally:
        over.set()
        session.close()


def _literal(address: str) -> str:
    """Return our end of a connection as mail servers are greeted by it (RFC 5321, 4.1.3)."""
    return f'[IPv6:{address}]' if ':' in address else f'[{address}]'


def _share(settings: EmailSettings, deadline: Deadline) -> float:
    """Return the seconds for each of the server's addresses, of which all are tried in turn."""
    found = socket.getaddrinfo(settings.server, settings.port, type=socket.SOCK_STREAM)
    return max(min(_CONNECT_SECONDS, deadline.remaining_seconds / len(found)), 0.001)


def _cut_at(deadline: Deadline, over: threading.Event, session: smtplib.SMTP) -> None:
    """End what waits on the connection: who trickles satisfies every timeout, and never ends."""
    wait_seconds = deadline.remaining_seconds
    while not over.wait(wait_seconds):
        if session.sock is not None:
            with contextlib.suppress(OSError):
                # Of the plain socket: SSLSocket's own would take away its state while in use.
                socket.socket.shutdown(session.sock, socket.SHUT_RDWR)
        # While TLS begins, the socket that it knows is neither the old one nor the new one.
        wait_seconds = 0.5


def _context(settings: EmailSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.ca)
    except (OSError, ValueError) as error:
        reason = getattr(error, 'strerror', None) or error
        raise SecretError(f'cannot use the certificates in {settings.ca}: {reason}') from error


def _failed(error: Exception, server: str, password: str) -> Delivery:
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Delivery.refused(f'{server} cannot do what is needed: {error}')
    if not isinstance(error, smtplib.SMTPResponseException):
        return Delivery.later(f'cannot send by {server}: {str(error) or repr(error)}')
    code = error.smtp_code
    # Servers may repeat what they were told.
    answer = hide(_answer(code, error.smtp_error), (password,) if password else ())
    told = f'{server} answered {answer}'
    # A code that is none comes of a connection that broke off.
    return Delivery.refused(told) if 500 <= code < 600 else Delivery.later(told)


def _partly(refused: Mapping[str, tuple[int, bytes]], all_of_them: int) -> Delivery:
    """Return what became of a mail that some did not take.

    Those that may take it later make it worth sending again: the others know it by its id.
    """
    told = ', '.join(f'{who}: {_answer(*why)}' for who, why in refused.items())
    if any(code < 500 for code, _ in refused.values()):
        return Delivery.later(f'not taken for {told}')
    if len(refused) < all_of_them:
        return Delivery.taken(f'taken, but not for {told}')
    return Delivery.refused(f'not taken for {told}')


def _answer(code: int, said: bytes | str) -> str:
    return f'{code} {said.decode(errors="replace") if isinstance(said, bytes) else said}'
