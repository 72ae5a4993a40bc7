"""Incidents and their messages, in the tables of the history."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select, update

from charm.kernel.report import Health

from ...history.incident_tables import deliveries, incidents, messages
from ..document import decode, encode
from ..notice import Notice, NoticeKind
from ..outbox.state import DeliveryState
from .incident import Incident
from .plan import Said, Target

# Each escape of JSON, one after the other: a backslash may be one, before the letters of NUL's.
_ESCAPE = re.compile(r'\\(?:u0000|.)')
_COLUMNS = [column for column in incidents.c if column.name not in ('holds', 'notice')]


def late(connection: Connection, since: int) -> list[Incident]:
    """Return the incidents that are not over, and those that ended since, the oldest first."""
    wanted = or_(incidents.c.until.is_(None), incidents.c.until >= since)
    return found(connection, wanted)


def found(connection: Connection, wanted: Any) -> list[Incident]:
    """Return the incidents of a condition, the oldest first."""
    rows = connection.execute(select(incidents).where(wanted).order_by(incidents.c.id))
    return [_incident(dict(row._mapping)) for row in rows]


def _incident(row: dict[str, Any]) -> Incident:
    row.pop('name')
    row['holds'] = tuple(json.loads(row['holds']))
    row['notice'] = decode(row['notice'].encode())
    return Incident(**row)


def save(connection: Connection, one: Incident) -> int:
    """Write an incident, and return its row; one that passed before it opened goes."""
    if one.passed:
        connection.execute(delete(incidents).where(incidents.c.id == one.id))
        return 0
    values = {column.name: getattr(one, column.name, None) for column in _COLUMNS}
    values |= {
        'name': one.notice.incident,
        'holds': json.dumps(one.holds, ensure_ascii=False),
        'notice': text(one.notice),
    }
    del values['id']
    if one.id:
        connection.execute(update(incidents).where(incidents.c.id == one.id), values)
        return one.id
    (made,) = connection.execute(insert(incidents).returning(incidents.c.id), values).one()
    return int(made)


def text(notice: Notice) -> str:
    """Return a message as the tables have it: PostgreSQL has no NUL in its texts."""
    return _ESCAPE.sub(_without_nul, encode(notice).decode())


def _without_nul(escape: re.Match[str]) -> str:
    return '\N{REPLACEMENT CHARACTER}' if escape[0] == r'\u0000' else escape[0]


def said_of(connection: Connection, rows: Sequence[int]) -> Mapping[int, list[Said]]:
    """Return what was said of each of these incidents, in order."""
    wanted = (
        select(
            messages.c.incident_id,
            deliveries.c.route,
            deliveries.c.channel,
            messages.c.kind,
            messages.c.health,
            messages.c.at,
        )
        .join(messages, deliveries.c.message_id == messages.c.id)
        .where(messages.c.incident_id.in_(rows))
        .order_by(deliveries.c.id)
    )
    said: dict[int, list[Said]] = {row: [] for row in rows}
    for row, route, channel, kind, health, at in connection.execute(wanted) if rows else ():
        said[row].append(Said(route, channel, NoticeKind(kind), Health(health), at))
    return said


def put(
    connection: Connection, incident_id: int, notice: Notice, targets: Sequence[Target], at: int
) -> None:
    """Put a message into the outbox; older ones that did not arrive are overtaken by it."""
    values = {
        'incident_id': incident_id,
        'number': notice.number,
        'kind': notice.kind.value,
        'health': notice.health.value,
        'at': at,
        'document': text(notice),
    }
    (made,) = connection.execute(insert(messages).returning(messages.c.id), values).one()
    older = select(messages.c.id).where(messages.c.incident_id == incident_id)
    for target in targets:
        mine = (deliveries.c.message_id.in_(older), deliveries.c.channel == target.channel)
        waits = deliveries.c.state == DeliveryState.WAITING.value
        told = {'state': DeliveryState.OVERTAKEN.value, 'answer': f'by message {notice.number}'}
        connection.execute(update(deliveries).where(*mine, waits), told)
        # What stands there is sent anew no more: this is.
        connection.execute(update(deliveries).where(*mine), {'due': None})
    rows = [
        {
            'message_id': made,
            'route': target.route,
            'channel': target.channel,
            'due': target.due,
            'state': DeliveryState.WAITING.value,
            'attempts': 0,
            'answer': '',
            'holder': '',
        }
        for target in targets
    ]
    connection.execute(insert(deliveries), rows)
