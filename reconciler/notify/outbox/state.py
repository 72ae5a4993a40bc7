"""What may become of a message on one channel."""

from __future__ import annotations

import enum


class DeliveryState(enum.Enum):
    """What became of one message on one channel, as the tables have it.

    `accepted` was taken, `refused` never will be, and `overtaken` is one that a later message of
    its incident came before. `expired` could not be sent for so long that nobody wants it.
    """

    WAITING = 'waiting'
    ACCEPTED = 'accepted'
    REFUSED = 'refused'
    OVERTAKEN = 'overtaken'
    EXPIRED = 'expired'
