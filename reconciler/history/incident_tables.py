"""The tables of incidents: what was wrong, what was said of it, and what became of each message.

Times are milliseconds since 1970, UTC; docs/history.md has them all.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)

from .tables import metadata

# A cause and all that it strikes, from the first bad look until it is well.
incidents = Table(
    'incidents',
    metadata,
    Column('id', Integer, primary_key=True),
    # Its id in messages.
    Column('name', Text, nullable=False),
    # Null where it is of no model, such as a controller.
    Column('model_id', ForeignKey('models.id', ondelete='CASCADE')),
    # The cause's kind and its name within the model.
    Column('kind', Text, nullable=False),
    Column('node', Text, nullable=False),
    Column('since', BigInteger, nullable=False),
    Column('until', BigInteger),
    # Since when people may be told; null while it is held, and of what passed before.
    Column('opened', BigInteger),
    # The last look that is counted; how many in a row saw it, or did not, and since when.
    Column('at', BigInteger, nullable=False),
    Column('looks', Integer, nullable=False),
    Column('misses', Integer, nullable=False),
    Column('missed', BigInteger),
    # How many looks in a row saw it worse than what counts.
    Column('worse', Integer, nullable=False),
    # For how long it has to be well before that is believed, as it came back so often.
    Column('calm', BigInteger, nullable=False),
    # How many messages there are.
    Column('number', Integer, nullable=False),
    # Why nobody is told now, a list of lines; and the message that would be sent. JSON both.
    Column('holds', Text, nullable=False),
    Column('notice', Text, nullable=False),
    UniqueConstraint('name'),
    Index(None, 'model_id', 'since'),
    Index(None, 'until'),
)

messages = Table(
    'messages',
    metadata,
    Column('id', Integer, primary_key=True),
    Column('incident_id', ForeignKey('incidents.id', ondelete='CASCADE'), nullable=False),
    Column('number', Integer, nullable=False),
    Column('kind', Text, nullable=False),
    Column('health', Text, nullable=False),
    Column('at', BigInteger, nullable=False),
    # The whole message, as JSON.
    Column('document', Text, nullable=False),
    UniqueConstraint('incident_id', 'number'),
    Index(None, 'at'),
)

# One message on one channel.
deliveries = Table(
    'deliveries',
    metadata,
    Column('id', Integer, primary_key=True),
    Column('message_id', ForeignKey('messages.id', ondelete='CASCADE'), nullable=False),
    Column('route', Text, nullable=False),
    Column('channel', Text, nullable=False),
    # A word of `DeliveryState`.
    Column('state', Text, nullable=False),
    # When it is to be sent, or sent again; null for never.
    Column('due', BigInteger),
    Column('attempts', Integer, nullable=False),
    # When it was tried last, and what came of it.
    Column('tried', BigInteger),
    Column('answer', Text, nullable=False),
    # Until when somebody is at it, and who.
    Column('leased', BigInteger),
    Column('holder', Text, nullable=False),
    Index(None, 'message_id'),
    Index(None, 'due'),
)
