"""Units of which Juju says something, and their readings, for tests of its word."""

from __future__ import annotations

from charm.kernel.report import Health
from reconciler.collect.interpret import dated_reading
from reconciler.config.settings import Config
from reconciler.judge.conclude import Evidence, conclude
from reconciler.juju.ceiling_table import CEILINGS
from reconciler.values.freshness import DatedReport
from reconciler.values.model import Application, Machine, Model, StatusInfo, Unit
from reconciler.values.readings import Reading, Snapshot
from tests.support.tree import TESTS

from .asked import NOW, report

DATA = TESTS / 'data' / 'juju-status'
HOOK_FAILED = StatusInfo('error', 'hook failed: "config-changed"')
LOST = StatusInfo('lost', 'agent is not communicating with the server')


def words_of(of: str) -> list[str]:
    return [row.word for row in CEILINGS if row.of == of] + ['', 'a-word-of-tomorrow']


def world(unit: Unit, machine: Machine | None = None, charm: str = '') -> Model:
    return Model(
        'prod',
        'lab',
        machines={'0': machine or Machine('0')},
        applications={unit.application: Application(unit.application, charm=charm, units=(unit,))},
    )


def unit_of(
    workload: StatusInfo | None = None, agent: StatusInfo | None = None, name: str = 'web/0'
) -> Unit:
    workload, agent = workload or StatusInfo('active'), agent or StatusInfo('idle')
    return Unit(name, name.split('/')[0], '0', workload=workload, agent=agent)


def seen(model: Model, unit: Unit, health: Health = Health.PASSED) -> Reading:
    return dated_reading(
        model, unit, DatedReport(report(unit.name, health), NOW, via='hook'), NOW, 120
    )


def concluded(reading: Reading, model: Model, config: Config | None = None) -> Snapshot:
    evidence = Evidence(model, {reading.unit.name: reading}, NOW, 1.0)
    return conclude(evidence, config=config or Config())


def only(snapshot: Snapshot) -> Reading:
    (reading,) = snapshot.readings()
    return reading
