"""Messages about incidents: one of each kind, and any."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from hypothesis import strategies as st

from charm.kernel.report import Health
from reconciler.notify.notice import Notice, NoticeKind, Victim
from reconciler.notify.topology import Topology
from reconciler.values.advice import Advice
from reconciler.values.certainty import Certainty
from reconciler.values.node import Node, NodeKind

from .render_cases import TEXTS
from .strategies import HEALTHS, NODES, TIMES

SINCE = datetime(2026, 11, 23, 8, 1, 30, tzinfo=timezone.utc)
FIRING = Notice(
    incident='7f3a0c',
    number=1,
    kind=NoticeKind.FIRING,
    topology=Topology(
        controller='lab',
        model='prod',
        model_uuid='5c1a3b52-5b4e-4c51-8e5e-6d54d5a6a2b1',
        application='mysql',
        charm='mysql',
    ),
    cause=Node(NodeKind.SERVICE, 'mysql'),
    certainty=Certainty.LIKELY,
    health=Health.FAIL,
    evidence='db-cxn: InnoDB is corrupt',
    victims=(Victim('shop', Health.FAIL, 1), Victim('wordpress', Health.WARN, 2)),
    since=SINCE,
    at=SINCE + timedelta(minutes=5),
    changes=('mysql was refreshed to revision 219, 4m before',),
    advice=(Advice('see what it says', ('juju', 'ssh', '-m', 'lab:prod', 'mysql/0')),),
    own_labels={'team': 'db'},
)
CHANGED = replace(
    FIRING,
    number=2,
    kind=NoticeKind.CHANGED,
    victims=tuple(Victim(f'web-{number:02}', Health.FAIL) for number in range(60)),
    at=SINCE + timedelta(minutes=9),
)
REMINDER = replace(FIRING, number=3, kind=NoticeKind.REMINDER, at=SINCE + timedelta(hours=4))
ESCALATION = replace(
    FIRING, number=4, kind=NoticeKind.ESCALATION, at=SINCE + timedelta(hours=5), victims=()
)
RECOVERED = replace(
    FIRING,
    number=5,
    kind=NoticeKind.RECOVERED,
    at=SINCE + timedelta(hours=6),
    until=SINCE + timedelta(hours=5, minutes=58),
)
MACHINE = replace(
    FIRING,
    incident='9b1',
    topology=Topology(controller='lab', model='prod', machine='3'),
    cause=Node(NodeKind.MACHINE, '3'),
    certainty=None,
    health=Health.UNKNOWN,
    evidence='nothing on it answers',
    changes=(),
    advice=(),
    own_labels={},
    url='https://health.example.org/incidents/9b1',
)
EVERY = (FIRING, CHANGED, REMINDER, ESCALATION, RECOVERED, MACHINE)

_MOMENTS = TIMES.map(lambda moment: moment or SINCE)
NOTICES = st.builds(
    Notice,
    incident=st.text('abcdef0123456789-', min_size=1, max_size=20),
    number=st.integers(1, 1000),
    topology=st.builds(
        Topology,
        controller=TEXTS,
        model=TEXTS,
        model_uuid=TEXTS,
        application=TEXTS,
        unit=TEXTS,
        machine=st.sampled_from(['', '0', '0/lxd/1']),
        charm=TEXTS,
    ),
    cause=NODES,
    health=st.sampled_from([Health.WARN, Health.UNKNOWN, Health.FAIL]),
    evidence=TEXTS,
    since=_MOMENTS,
    at=_MOMENTS,
    until=TIMES,
    certainty=st.sampled_from([None, *Certainty]),
    victims=st.lists(st.builds(Victim, TEXTS, HEALTHS, st.integers(0, 99)), max_size=3).map(tuple),
    changes=st.lists(TEXTS, max_size=2).map(tuple),
    advice=st.lists(st.builds(Advice, TEXTS, st.just(('juju', 'status'))), max_size=2).map(tuple),
    own_labels=st.dictionaries(st.sampled_from(['team', 'tier']), TEXTS),
    url=st.sampled_from(['', 'https://health.example.org/i']),
)
