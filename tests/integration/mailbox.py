"""A real SMTP server, aiosmtpd, that keeps what it takes and answers as it is told."""

from __future__ import annotations

import contextlib
import email
import email.policy
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from reconciler.config.channel_settings import Encryption
from tests.support.tls import Certificates

from .consumers import free_port


@dataclass
class Mailbox:
    """What a server took, and how it answers.

    Attributes:
        refuses: what it says to each recipient that it does not take.
    """

    port: int = 0
    mails: list[Envelope] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    answer: str = '250 taken'

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Envelope, address: str, options: Any
    ) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return '250 ok'

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:
        self.mails.append(envelope)
        return self.answer

    def all(self) -> list[EmailMessage]:
        """Return every mail that it took."""
        return [_read(envelope.content) for envelope in self.mails]

    def last(self) -> EmailMessage:
        return self.all()[-1]


def _read(content: object) -> EmailMessage:
    assert isinstance(content, bytes)
    return email.message_from_bytes(content, policy=email.policy.default)


def authenticate(
    _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any
) -> AuthResult:
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (
        *(b'health', b'hunter2'),
    )
    return AuthResult(success=good, handled=False)


@contextlib.contextmanager
def serving(certificates: Certificates, tls: Encryption, port: int = 0) -> Iterator[Mailbox]:
    """Run a server within the block, on a port that is free if none is given."""
    box = Mailbox()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.certificate, certificates.key)
    starts = tls is Encryption.STARTTLS
    secured: dict[str, Any] = {'authenticator': authenticate, 'auth_required': True}
    controller = Controller(
        box,
        hostname='127.0.0.1',
        port=port or free_port(),
        ssl_context=context if tls is Encryption.TLS else None,
        **({'tls_context': context, 'require_starttls': True, **secured} if starts else {}),
    )
    controller.start()
    try:
        box.port = controller.port
        yield box
    finally:
        controller.stop()
