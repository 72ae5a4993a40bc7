"""A message that says that it is a trial, and its end: what `alerts test` sends."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from uuid import uuid4

from charm.kernel.report import Health

from ..values.node import Node, NodeKind
from .notice import Notice, NoticeKind
from .topology import Topology


def trial(now: datetime | None = None) -> tuple[Notice, Notice]:
    """Return a message about nothing, and the one that it is over: nothing stays open anywhere."""
    at = now or datetime.now(timezone.utc)
    begun = Notice(
        incident=f'trial-{uuid4().hex[:12]}',
        number=1,
        kind=NoticeKind.FIRING,
        topology=Topology(model='trial', application='trial'),
        cause=Node(NodeKind.SERVICE, 'trial'),
        health=Health.WARN,
        evidence='a trial of this channel by reconcile-health; nothing is wrong',
        since=at,
        at=at,
    )
    return begun, replace(begun, number=2, kind=NoticeKind.RECOVERED, until=at)
