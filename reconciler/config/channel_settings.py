"""What the operator says of each kind of channel; `reconciler.notify.channels` sends by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import ClassVar

from .option_forms import ADDRESS, DURATION, HOST, PATH, PORT, URL, URLS, WORD, WORDS, one_of
from .secrets import SECRET, Secret
from .yaml_options import each, option


class Encryption(Enum):
    """When a connection to a mail server is encrypted: after STARTTLS, from the start, never."""

    STARTTLS = 'starttls'
    TLS = 'tls'
    NONE = 'none'

    @property
    def port(self) -> int:
        """Return where servers are spoken to in this way (RFC 8314, RFC 5321)."""
        return {Encryption.STARTTLS: 587, Encryption.TLS: 465, Encryption.NONE: 25}[self]


@dataclass(frozen=True, kw_only=True)
class HttpAccess:
    """How an HTTP server believes us, and we it.

    Attributes:
        user, password: for basic authentication; empty and `None` for none.
        token: sent as a bearer token; `None` for none.
        ca: the PEM file of the authorities to believe instead of the system's; `None` for those.
    """

    user: str = option(WORD, default='')
    password: Secret | None = option(SECRET, default=None)
    token: Secret | None = option(SECRET, default=None)
    ca: Path | None = option(PATH, default=None)

    def __post_init__(self) -> None:
        if bool(self.user) != bool(self.password):
            raise ValueError('user and password belong together')
        if self.user and self.token:
            raise ValueError('it has a user and a token; one of them is enough')


@dataclass(frozen=True, kw_only=True)
class AlertmanagerSettings(HttpAccess):
    """A cluster of Alertmanagers.

    Attributes:
        urls: of each member of it, as their address or where that stands.
        resend_seconds: how often an alert is sent again while it stands.
    """

    KIND: ClassVar[str] = 'alertmanager'
    urls: tuple[str | Secret, ...] = option(URLS)
    resend_seconds: float = option(DURATION, 'resend', default=60.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.urls:
            raise ValueError('it has no urls')
        if not 1.0 <= self.resend_seconds <= 86400.0:
            raise ValueError('resend is from 1s to 1d')


@dataclass(frozen=True, kw_only=True)
class EmailSettings:
    """Mail by way of a server.

    Attributes:
        sender: the address that it comes from.
        to: the addresses that it goes to.
        port_given: `None` for that which goes with `tls`.
        tls: how the connection is encrypted; never less than that.
        user, password: to log in with; empty and `None` for none.
        ca: as in `HttpAccess`.
    """

    KIND: ClassVar[str] = 'email'
    server: str = option(HOST)
    sender: str = option(ADDRESS, 'from')
    to: tuple[str, ...] = option(each(ADDRESS))
    port_given: int | None = option(PORT, 'port', default=None)
    tls: Encryption = option(one_of(Encryption, 'a way'), default=Encryption.STARTTLS)
    user: str = option(WORD, default='')
    password: Secret | None = option(SECRET, default=None)
    ca: Path | None = option(PATH, default=None)

    def __post_init__(self) -> None:
        if not self.to:
            raise ValueError('it is to nobody')
        if bool(self.user) != bool(self.password):
            raise ValueError('user and password belong together')
        if self.user and self.tls is Encryption.NONE:
            raise ValueError('the password would travel unencrypted: tls is starttls or tls')

    @property
    def port(self) -> int:
        """Return the server's port."""
        return self.port_given or self.tls.port


@dataclass(frozen=True, kw_only=True)
class WebhookSettings(HttpAccess):
    """A web server that is sent each message.

    Attributes:
        url: where to, or where that stands.
        secret: what messages are signed with; `None` for no signature.
    """

    KIND: ClassVar[str] = 'webhook'
    url: str | Secret = option(URL)
    secret: Secret | None = option(SECRET, default=None)


@dataclass(frozen=True, kw_only=True)
class CommandSettings:
    """A command that is run for each message.

    Attributes:
        argv: the program and its arguments; no shell reads them.
    """

    KIND: ClassVar[str] = 'command'
    argv: tuple[str, ...] = option(WORDS, 'command')

    def __post_init__(self) -> None:
        if not self.argv:
            raise ValueError('it names no command')


@dataclass(frozen=True, kw_only=True)
class AppriseSettings:
    """Services that Apprise speaks to.

    Attributes:
        urls: where the URL of each stands; they hold tokens and passwords.
    """

    KIND: ClassVar[str] = 'apprise'
    urls: tuple[Secret, ...] = option(each(SECRET))

    def __post_init__(self) -> None:
        if not self.urls:
            raise ValueError('it has no urls')


ChannelSettings = (
    AlertmanagerSettings | EmailSettings | WebhookSettings | CommandSettings | AppriseSettings
)
_ALL: tuple[type[ChannelSettings], ...] = (
    AlertmanagerSettings,
    EmailSettings,
    WebhookSettings,
    CommandSettings,
    AppriseSettings,
)
SETTINGS: Mapping[str, type[ChannelSettings]] = {one.KIND: one for one in _ALL}
