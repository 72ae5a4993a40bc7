"""What holds of messages whatever is seen in which order, and whichever of them arrive."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from charm.kernel.deadline import Deadline
from charm.kernel.report import Health
from reconciler.causes.cause_or_victim import explain_causes
from reconciler.config.settings import Config
from reconciler.history.database import Database
from reconciler.history.incident_tables import deliveries, incidents, messages
from reconciler.notify.notice import Notice, NoticeKind
from reconciler.notify.outbox.state import DeliveryState
from tests.support.outages import alerts, rise
from tests.support.patience import PATIENCE
from tests.support.planned import Planned

from .telling import Receiver, World

LOOKS = 2
NAMES = ('mysql', 'app', 'web')
SAID = {'mysql': 'mysqld is not running', 'app': 'cannot connect to mysql', 'web': 'no app'}
ILL = st.sampled_from([None, None, Health.WARN, Health.FAIL])
# How each service is, which of them are looked at (all, if none are named), and whether what is
# sent arrives.
Step = tuple[Mapping[str, 'Health | None'], frozenset[str], bool]
STEP = st.tuples(
    st.fixed_dictionaries(dict.fromkeys(NAMES, ILL)),
    st.one_of(st.just(frozenset[str]()), st.frozensets(st.sampled_from(NAMES))),
    st.sampled_from([True, True, False]),
)
FAILING: Step = ({'mysql': Health.FAIL, 'app': Health.FAIL}, frozenset(), True)
VICTIM_WELL: Step = ({'mysql': Health.FAIL}, frozenset({'app'}), True)
_counter = itertools.count()


@dataclass
class Story:
    """What was seen of each service, and when: in order, whether it was well."""

    world: World
    receiver: Receiver
    seen: dict[str, list[tuple[datetime, bool]]] = field(default_factory=dict)

    def step(self, step: Step, after: float = 1) -> None:
        ill, looked_at, arrives = step
        plan = self.world.plan
        rise(plan)
        for name, health in ill.items():
            if health is not None:
                plan.ail_all(name, SAID[name], health=health)
        names = looked_at or frozenset(NAMES)
        some = tuple(service for service in plan.services() if service.name in names)
        services, causes = explain_causes(plan.model, some)
        self.world.minute += after
        found = replace(self.world.snapshot(), services=services, causes=causes)
        self.world.sweep(after=0, found=found, whole=not looked_at)
        for service in services:
            well = service.health is Health.PASSED
            self.seen.setdefault(service.name, []).append((self.world.now, well))
        with ExitStack() as stack:
            if not arrives:
                stack.enter_context(self.receiver.failing())
            self.world.box.send(Deadline.after(PATIENCE))

    def in_a_row(self, name: str, at: datetime, well: bool) -> int:
        """Return how many looks at a service in a row, to the last at that time, were so."""
        looks = [was is well for when, was in self.seen.get(name, ()) if when <= at]
        return len(list(itertools.takewhile(bool, reversed(looks))))


@pytest.fixture(scope='module')
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a history without a sweep."""
    path = tmp_path_factory.mktemp('template') / 'history.db'
    database = Database(f'sqlite:///{path}')
    database.write(lambda connection: None, Deadline.after(PATIENCE))
    database.compact()
    return path


def chain() -> Planned:
    """Return web that needs app, which needs mysql."""
    plan = Planned()
    for number, name in enumerate(NAMES):
        plan.app(name, str(number))
    plan.relate('app', 'db', 'mysql', 'db', 'mysql')
    plan.relate('web', 'app', 'app', 'app', 'http')
    return plan


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(STEP, min_size=2, max_size=14))
@example([FAILING, FAILING, VICTIM_WELL, VICTIM_WELL])
def test_who_is_told_of_a_begin_is_told_of_its_end_and_nothing_after_it(
    template: Path, tmp_path: Path, steps: Sequence[Step]
) -> None:
    root = tmp_path / str(next(_counter))
    root.mkdir()
    database = Database(f'sqlite:///{shutil.copy(template, root)}')
    one = Receiver(root)
    config = Config(alerts=alerts(ops=one.settings))
    story = Story(World(database, chain(), config), one)
    for step in steps:
        story.step(step)
    # In the end all is well, and all that waits is tried again.
    for _ in range(4):
        story.step(({}, frozenset(), True), after=20)
    for notices in by_incident(story.world):
        check(notices, story)
    check_taken(story)


def by_incident(world: World) -> list[list[Notice]]:
    """Return the messages of each incident, which are numbered, all over, and all of them said."""
    wanted = select(messages.c.incident_id, messages.c.number).order_by(messages.c.id)
    with world.database.reading() as connection:
        rows = connection.execute(wanted).all()
        told = {row.id: row.number for row in connection.execute(select(incidents))}
        assert connection.execute(select(incidents).where(incidents.c.until.is_(None))).all() == []
    found: dict[int, list[Notice]] = {row: [] for row in told}
    for row, notice in zip(rows, world.notices(), strict=True):
        found[row.incident_id].append(notice)
        assert row.number == notice.number == len(found[row.incident_id])
    assert {row: len(notices) for row, notices in found.items()} == told
    return list(found.values())


def check(notices: Sequence[Notice], story: Story) -> None:
    """Refuse messages of an incident that are too early, too many, or out of order."""
    first, last = notices[0], notices[-1]
    assert [notice.incident for notice in notices] == [first.incident] * len(notices)
    assert [notice.cause for notice in notices] == [first.cause] * len(notices)
    kinds = [notice.kind for notice in notices]
    assert (kinds[0], kinds[-1]) == (NoticeKind.FIRING, NoticeKind.RECOVERED)
    assert set(kinds[1:-1]) <= {NoticeKind.CHANGED}
    struck = {*first.cause.services, *(victim.service for victim in first.victims)}
    assert max(story.in_a_row(name, first.at, well=False) for name in struck) >= LOOKS
    for name in first.cause.services:
        assert story.in_a_row(name, last.at, well=True) >= LOOKS, 'it was looked at'


def check_taken(story: Story) -> None:
    """Refuse that the receiver was told anything else than what was to be said, in that order."""
    wanted = (
        select(incidents.c.name, messages.c.number, messages.c.kind, deliveries.c.state)
        .join(messages, deliveries.c.message_id == messages.c.id)
        .join(incidents, messages.c.incident_id == incidents.c.id)
    )
    with story.world.database.reading() as connection:
        rows = connection.execute(wanted).all()
    arrived = {(row.kind, f'{row.name}.{row.number}') for row in rows if row.state == 'accepted'}
    told = story.receiver.told
    assert len(told) == len(set(told))
    assert set(told) == arrived
    assert {row.state for row in rows} <= {
        DeliveryState.ACCEPTED.value,
        DeliveryState.OVERTAKEN.value,
    }
    for name in {row.name for row in rows}:
        numbers = [int(each.partition('.')[2]) for _, each in told if each.startswith(f'{name}.')]
        assert numbers == sorted(numbers)
        assert numbers[-1] == max(row.number for row in rows if row.name == name)
