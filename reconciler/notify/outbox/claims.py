"""Who sends what: a delivery is claimed for a while, and who dies over it loses it by time alone.

Nothing is sent while the database is held. So what a process that was killed had sent and could
not write down is sent once more, by who comes after its claim has ended: one message a channel.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, or_, select, update

from ...history.dialects import Lock, alone
from ...history.incident_tables import deliveries, incidents, messages
from ..channels.base import Delivery
from ..document import decode
from ..notice import Notice
from .state import DeliveryState

# What one message may take, in seconds, and for how long it is claimed: longer, in milliseconds.
SECONDS = 20.0
LEASE = 90_000
# Tried again after 30 seconds, then after twice as long each time, up to a quarter of an hour.
_FIRST_PAUSE, _LONGEST_PAUSE = 30_000, 900_000
# A server that asks for more is not asked to say when.
_MOST_ASKED = 3_600_000
# What is over by then, nobody wants to hear of.
_EXPIRES = 86_400_000
# A clock that was set back is behind what was written: no wait is believed then.
_SET_BACK = 60_000


@dataclass(frozen=True)
class Claim:
    """A message that is this process's to send, for a while.

    Attributes:
        id: the delivery's row.
        fresh: it was not accepted before.
        attempts: how often it was tried before.
        over: its incident is.
        put: when it was written down; milliseconds since 1970, UTC.
        holder: whose it is.
    """

    id: int
    channel: str
    notice: Notice
    fresh: bool
    attempts: int
    over: bool
    put: int
    holder: str


def due(connection: Connection, channels: Collection[str], now: int) -> list[str]:
    """Return the channels of these that something is to be sent on now, by name."""
    wanted = (
        select(deliveries.c.channel)
        .join(messages, deliveries.c.message_id == messages.c.id)
        .where(_is_due(now), deliveries.c.channel.in_(channels))
    )
    return sorted(connection.execute(wanted.distinct()).scalars())


def claim(connection: Connection, channel: str, holder: str, now: int) -> Claim | None:
    """Claim what is to be sent first on a channel; nothing where that is somebody else's.

    On one channel messages follow each other, so that an end never comes before its begin.
    """
    alone(connection, Lock.CLAIMING, channel)
    held = select(deliveries.c.id).where(
        deliveries.c.channel == channel, ~_is_free(now), deliveries.c.holder != holder
    )
    if connection.execute(held.limit(1)).first() is not None:
        return None
    wanted = (
        select(
            *(deliveries.c.id, deliveries.c.state, deliveries.c.attempts),
            *(messages.c.document, messages.c.at, incidents.c.until),
        )
        .join(messages, deliveries.c.message_id == messages.c.id)
        .join(incidents, messages.c.incident_id == incidents.c.id)
        .where(deliveries.c.channel == channel, _is_due(now))
        .order_by(deliveries.c.id)
        .limit(1)
        .with_for_update(of=deliveries)
    )
    row = connection.execute(wanted).first()
    if row is None:
        return None
    values = {'leased': now + LEASE, 'holder': holder}
    connection.execute(update(deliveries).where(deliveries.c.id == row.id), values)
    return Claim(
        row.id,
        channel,
        decode(row.document.encode()),
        row.state == DeliveryState.WAITING.value,
        row.attempts,
        row.until is not None,
        row.at,
        holder,
    )


def settle(
    connection: Connection, claimed: Claim, found: Delivery, resend: float | None, now: int
) -> DeliveryState:
    """Write down what became of a message; `resend` is how often it stands to be sent again.

    What a later message has overtaken meanwhile stays so.
    """
    state, wait = _judged(claimed, found, resend, now)
    values = {
        'state': state.value,
        'due': None if wait is None else now + wait,
        'attempts': claimed.attempts + 1,
        'tried': now,
        'answer': found.answer,
        'leased': None,
        'holder': '',
    }
    own = deliveries.c.id == claimed.id
    if not found.accepted:
        # Whose claim has ended, and is another's now, has to say only that it arrived.
        own = and_(own, deliveries.c.holder == claimed.holder)
    # Whoever overtakes it does so before or after this, not in between.
    known = select(deliveries.c.due).where(own).with_for_update()
    if connection.execute(known).scalar() is None:
        values['due'] = None
        if not found.accepted:
            values.pop('state')
    connection.execute(update(deliveries).where(own), values)
    return state


def _judged(
    claimed: Claim, found: Delivery, resend: float | None, now: int
) -> tuple[DeliveryState, int | None]:
    if found.accepted:
        stands = resend is not None and not claimed.notice.recovered
        return DeliveryState.ACCEPTED, round((resend or 0) * 1000) if stands else None
    if not claimed.fresh:
        # What was accepted stays so. That it stands is said again before it ends by itself.
        return DeliveryState.ACCEPTED, _pause(0, found)
    if not found.retryable:
        return DeliveryState.REFUSED, None
    if claimed.over and now - claimed.put > _EXPIRES:
        return DeliveryState.EXPIRED, None
    return DeliveryState.WAITING, _pause(claimed.attempts, found)


def _pause(attempts: int, found: Delivery) -> int:
    own = min(_FIRST_PAUSE << min(attempts, 10), _LONGEST_PAUSE)
    asked = min(round((found.retry_after_seconds or 0) * 1000), _MOST_ASKED)
    return max(own, asked)


def _is_due(now: int) -> ColumnElement[bool]:
    """Return the condition of what is to be sent, on the tables of deliveries and messages."""
    # What is new and waits for no hour is due whatever the clock says.
    new = and_(deliveries.c.tried.is_(None), deliveries.c.due <= messages.c.at)
    set_back = deliveries.c.tried > now + _SET_BACK
    due_now = or_(deliveries.c.due <= now, new, set_back)
    return and_(deliveries.c.due.is_not(None), due_now, _is_free(now))


def _is_free(now: int) -> ColumnElement[bool]:
    """Return the condition of what nobody is at."""
    return or_(
        deliveries.c.leased.is_(None),
        ~deliveries.c.leased.between(now + 1, now + LEASE + _SET_BACK),
    )
