"""What a channel is, and what became of a message that it was given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Protocol

from charm.kernel.deadline import Deadline
from charm.kernel.safe_text import clean

from ..notice import Notice

_MOST_ANSWER = 300
Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Delivery:
    """What became of one message on one channel.

    Attributes:
        accepted: it arrived; all that is known of its way from there is its own server's business.
        answer: one line on how it went, without secrets.
        retryable: not accepted, and may be if it is sent again.
        retry_after_seconds: how long the other side asks us to wait; `None` if it does not say.
    """

    accepted: bool
    answer: str
    retryable: bool = False
    retry_after_seconds: float | None = None

    @classmethod
    def taken(cls, answer: str) -> Delivery:
        """Return that it was accepted."""
        return cls(True, clean(answer, _MOST_ANSWER))

    @classmethod
    def later(cls, answer: str, after_seconds: float | None = None) -> Delivery:
        """Return that it was not, and that it is worth trying again."""
        return cls(False, clean(answer, _MOST_ANSWER), True, after_seconds)

    @classmethod
    def refused(cls, answer: str) -> Delivery:
        """Return that it was not, and never will be as it is."""
        return cls(False, clean(answer, _MOST_ANSWER))


class Channel(Protocol):
    """A way to tell somebody.

    Attributes:
        resend_seconds: how often the newest message of an incident is to be sent again while the
            incident lasts, which tells nobody twice; `None` for once.
    """

    @property
    def resend_seconds(self) -> float | None: ...

    def send(self, notice: Notice, deadline: Deadline) -> Delivery:
        """Send a message and return what became of it by the deadline.

        Raises:
            SecretError: a secret that it takes cannot be read.
        """


# Makes a channel of its settings, the dataclass that `SETTINGS` has under the same kind.
MakeChannel = Callable[[Any], Channel]


def utc_now() -> datetime:
    """Return the time by this machine's clock."""
    return datetime.now(timezone.utc)
