"""Several models at once: each cause once, wherever it is, and what cannot be seen stands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from charm.kernel.deadline import Deadline
from reconciler.config.settings import Config
from reconciler.history.database import Database
from reconciler.history.looks import looks_of
from reconciler.history.record import record
from reconciler.notify.incidents.keep import Kept, SweepKept, keep
from reconciler.notify.incidents.lines import annotated
from reconciler.sweeps.all_models import failure
from reconciler.sweeps.fleet import Fleet
from reconciler.values.errors import ControllerUnreachable
from reconciler.values.readings import Snapshot
from tests.support.outages import Outages, alerts, fall, rise, shop
from tests.support.patience import PATIENCE
from tests.support.planned import Planned


@dataclass
class Models(Outages):
    """Two models of one controller, and one of another, swept together."""

    def __post_init__(self) -> None:
        self.other = shop(2)
        self.away: set[str] = set()

    def fleet(self) -> Fleet:
        plans = {'lab:admin/prod': self.plan, 'lab:admin/test': self.other}
        found = {name: self._part(name, plan) for name, plan in plans.items()}
        return Fleet(found, self.now, 4.2)

    def _part(self, full: str, plan: Planned) -> Snapshot:
        if full in self.away:
            return failure(full, self.now, ControllerUnreachable('i/o timeout'))
        snapshot = plan.snapshot()
        model = replace(snapshot.model, name=full.rpartition('/')[2], owner='admin')
        return replace(snapshot, model=model, started_at=self.now - timedelta(seconds=4))

    def all(self, count: int) -> Kept:
        """Sweep all of them so many times."""
        for _ in range(count):
            self.minute += 1
            fleet = self.fleet()
            until = Deadline.after(PATIENCE)
            added = {
                name: record(self.database, looks_of(part, name, f'uuid of {name}'), until)
                for name, part in fleet.snapshots.items()
            }
            ids = {name: one.model_id for name, one in added.items()}
            at = max(one.at for one in added.values())
            self.swept = fleet
            self.kept = keep(self.database, SweepKept(fleet, True, at, ids), self.config, until)
        assert self.kept is not None
        return self.kept


@pytest.fixture
def models(tmp_path: Path) -> Models:
    database = Database(f'sqlite:///{tmp_path}/history.db')
    return Models(database, shop(2), Config(alerts=alerts()))


def test_the_same_trouble_in_two_models_is_two_incidents_each_with_its_place(
    models: Models,
) -> None:
    models.all(2)
    fall(models.plan)
    fall(models.other, 'web00')
    models.all(3)
    assert sorted(cause for _, _, cause in models.told()) == ['lab:prod/mysql', 'lab:test/mysql']
    first, second = sorted(models.notices(), key=lambda notice: str(notice.cause))
    assert (first.topology.model, first.topology.controller) == ('prod', 'lab')
    assert first.topology.model_uuid == 'uuid of lab:admin/prod'
    assert first.topology.application == second.topology.application == 'mysql'
    assert [victim.service for victim in second.victims] == ['lab:test/web00']


def test_lines_are_found_in_each_model(models: Models) -> None:
    models.all(2)
    fall(models.other)
    kept = models.all(2)
    shown = annotated(models.swept, kept.lines)
    assert isinstance(shown, Fleet)
    lines = {
        (name, service.name): service.alerting
        for name, part in shown.snapshots.items()
        for service in part.services
        if service.alerting
    }
    assert lines == {
        ('lab:admin/test', 'mysql'): 'told ops',
        ('lab:admin/test', 'web00'): 'under cause lab:test/mysql, told ops',
        ('lab:admin/test', 'web01'): 'under cause lab:test/mysql, told ops',
    }


def test_what_is_wrong_stands_while_nothing_can_be_seen_of_its_model(models: Models) -> None:
    models.all(2)
    fall(models.plan)
    models.all(2)
    rise(models.plan)
    models.away.add('lab:admin/prod')
    models.all(5)
    kinds = [(kind, cause) for _, kind, cause in models.told()]
    assert ('recovered', 'lab:prod/mysql') not in kinds
    assert kinds[1:] == [('firing', 'controller lab')]
    models.away.clear()
    models.all(2)
    ended = sorted((kind, cause) for _, kind, cause in models.told()[2:])
    assert ended == [('recovered', 'controller lab'), ('recovered', 'lab:prod/mysql')]


def test_a_controller_that_is_away_with_all_of_its_models_is_one_incident(models: Models) -> None:
    models.all(2)
    models.away |= {'lab:admin/prod', 'lab:admin/test'}
    models.all(4)
    assert [(kind, cause) for _, kind, cause in models.told()] == [('firing', 'controller lab')]
    models.away.clear()
    models.all(3)
    assert [kind for _, kind, _ in models.told()] == ['firing', 'recovered']
