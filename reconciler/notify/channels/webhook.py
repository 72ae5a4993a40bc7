"""A web server of the operator's: each message as JSON, signed."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from charm.kernel.deadline import Deadline

from ...config.channel_settings import WebhookSettings
from ..document import encode
from ..notice import Notice
from .base import Clock, Delivery, utc_now
from .http import HttpDoor

SIGNATURE = 'X-Juju-Health-Signature'
MESSAGE = 'X-Juju-Health-Message'


@dataclass(frozen=True)
class WebhookChannel:
    """Posts messages to a URL."""

    settings: WebhookSettings
    clock: Clock = utc_now

    @property
    def resend_seconds(self) -> None:
        return None

    def send(self, notice: Notice, deadline: Deadline) -> Delivery:
        body = encode(notice)
        headers = {MESSAGE: notice.name}
        if self.settings.secret is not None:
            at = int(self.clock().timestamp())
            headers[SIGNATURE] = signature(self.settings.secret.read(), at, body)
        door = HttpDoor(self.settings, self.clock)
        return door.post([self.settings.url], '', body, headers, deadline)[0]


def signature(secret: str, at: int, body: bytes) -> str:
    """Return the header's value: when it was signed, in Unix seconds, and the HMAC over both."""
    signed = hmac.new(secret.encode(), b'%d.%s' % (at, body), 'sha256')
    return f't={at},v1={signed.hexdigest()}'
