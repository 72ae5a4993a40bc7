"""Snapshots with causes, views, blame and suppressions: a certain one, and any."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from hypothesis import strategies as st

from reconciler.values.certainty import Certainty
from reconciler.values.node import Node, NodeKind
from reconciler.values.readings import (
    Blame,
    Cause,
    Role,
    ServiceHealth,
    Snapshot,
    Suppression,
    ViewHealth,
)
from tests.support.strategies import HEALTHS, RATIOS

UNTIL = datetime(2026, 11, 23, 12, 0, tzinfo=timezone.utc)
_PLANNED = Suppression('maintenance', 'wordpress/0', 'new <certificate>', UNTIL, 'ann')


def explained(snapshot: Snapshot, mysql: str = 'mysql', wordpress: str = 'wordpress') -> Snapshot:
    """Return the snapshot with mysql as the cause of wordpress's trouble, and a view of both."""
    told = {
        mysql: {
            'blame': Blame(Role.CAUSE, certainty=Certainty.CERTAIN),
            'because': '1 of 3 units fails',
        },
        wordpress: {
            'blame': Blame(
                Role.VICTIM,
                (Node.read('proxy'), Node.read(mysql)),
                'wordpress waits for db',
                Certainty.LIKELY,
            ),
            'suppressed': (
                _PLANNED,
                Suppression('acknowledged', 'wordpress', 'known | slow', UNTIL),
            ),
        },
    }
    services = tuple(
        replace(service, **told.get(service.name, {}))  # type: ignore[arg-type]
        for service in snapshot.services
    )
    by_name = {service.name: service for service in services}
    return replace(
        snapshot,
        services=services,
        causes=(
            Cause(
                Node.read(mysql),
                by_name[mysql].health,
                '97% full | 3 GiB left',
                (wordpress,),
                Certainty.CERTAIN,
            ),
            Cause(
                Node(NodeKind.MACHINE, '2'),
                by_name[mysql].health,
                'down',
                certainty=Certainty.POSSIBLE,
            ),
        ),
        views=(
            ViewHealth(
                'shop',
                by_name[mysql].health,
                'worst',
                f'{mysql} fails',
                0.4,
                (wordpress, mysql),
            ),
        ),
    )


_MOMENTS = st.integers(0, 10**6).map(lambda seconds: UNTIL + timedelta(seconds=seconds))


@st.composite
def meant(draw: st.DrawFn, snapshot: Snapshot, texts: st.SearchStrategy[str]) -> Snapshot:
    """Draw the snapshot with any causes, views, blame and suppressions added to it."""
    names = st.lists(texts, max_size=3).map(tuple)
    nodes = st.builds(Node.read, texts)
    paths = st.lists(nodes, max_size=3).map(tuple)
    sure = st.none() | st.sampled_from(Certainty)
    blames = st.builds(Blame, st.sampled_from(list(Role)), paths, texts, sure)
    kinds = st.sampled_from(['maintenance', 'acknowledged'])
    planned = st.builds(Suppression, kinds, texts, texts, _MOMENTS, texts)
    services: list[ServiceHealth] = [
        replace(
            service,
            because=draw(texts),
            blame=draw(st.none() | blames),
            suppressed=tuple(draw(st.lists(planned, max_size=2))),
        )
        for service in snapshot.services
    ]
    causes = st.builds(Cause, nodes, HEALTHS, texts, names, sure)
    views = st.builds(ViewHealth, texts, HEALTHS, texts, texts, RATIOS, names)
    return replace(
        snapshot,
        services=tuple(services),
        causes=tuple(draw(st.lists(causes, max_size=2))),
        views=tuple(draw(st.lists(views, max_size=2))),
    )
