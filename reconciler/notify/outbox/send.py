"""Sending what waits: one thread a channel, so that one that hangs keeps no other waiting."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from uuid import uuid4

from charm.kernel.deadline import Deadline

from ...config.alerts import AlertsConfig
from ...config.channel_settings import AlertmanagerSettings, ChannelSettings
from ...history.database import Database
from ..channels.base import Delivery
from ..deliver import channel_of, deliver
from ..notice import Notice
from .claims import SECONDS, Claim, claim, due, settle
from .state import DeliveryState

# With less than that left nothing is begun: it would fail for want of time alone.
_LEAST_SECONDS = 2.0


@dataclass(frozen=True)
class Sent:
    """What became of one message on one channel.

    Attributes:
        fresh: it is no alert that stands and is said again.
    """

    channel: str
    notice: Notice
    found: Delivery
    state: DeliveryState
    fresh: bool


@dataclass(frozen=True)
class Outbox:
    """The outbox of one database.

    Attributes:
        now: the time, in milliseconds since 1970, UTC.
        usual: what usually is between two looks for what waits, in seconds: what stands on a
            channel is to stand for longer.
    """

    database: Database
    alerts: AlertsConfig
    now: Callable[[], int]
    usual: float = 0.0

    def send(self, until: Deadline) -> list[Sent]:
        """Send what is due, and return what became of it; no channel costs another one.

        Raises:
            HistoryError: the database cannot be used.
        """
        channels = self._due()
        if not channels:
            return []
        holder = uuid4().hex
        with ThreadPoolExecutor(len(channels), 'channel') as pool:
            work = [pool.submit(self._of_channel, name, holder, until) for name in channels]
            return [sent for each in work for sent in each.result()]

    def _due(self) -> list[str]:
        with self.database.reading() as connection:
            return due(connection, list(self.alerts.channels), self.now())

    def _of_channel(self, name: str, holder: str, until: Deadline) -> list[Sent]:
        settings = self._settings(name)
        sent: list[Sent] = []
        while until.remaining_seconds >= _LEAST_SECONDS:
            claimed = self.database.write(
                lambda connection: claim(connection, name, holder, self.now()), until
            )
            if claimed is None:
                break
            sent.append(self._one(settings, claimed, until))
        return sent

    def _one(self, settings: ChannelSettings, claimed: Claim, until: Deadline) -> Sent:
        found = deliver(settings, claimed.notice, until.within(SECONDS))
        resend = channel_of(settings).resend_seconds if found.accepted else None
        # Written down even where time is up: who comes next must not send it again.
        state = self.database.write(
            lambda connection: settle(connection, claimed, found, resend, self.now()),
            Deadline.after(SECONDS),
        )
        return Sent(claimed.channel, claimed.notice, found, state, claimed.fresh)

    def _settings(self, name: str) -> ChannelSettings:
        settings = self.alerts.channels[name]
        if isinstance(settings, AlertmanagerSettings):
            # It is told again by sweeps alone: what ends between two of them would seem well.
            longer = max(settings.resend_seconds, min(self.usual, 86_400.0))
            return replace(settings, resend_seconds=longer)
        return settings
