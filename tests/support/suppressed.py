"""A model of two services, some of it unwell, and what is planned or known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from charm.kernel.report import Health
from reconciler.config.settings import Config
from reconciler.config.suppressions import ACKNOWLEDGED, SuppressionEntry
from reconciler.judge.conclude import Evidence, conclude
from reconciler.values.model import Application, Machine, Model, Unit
from reconciler.values.readings import Reading, Snapshot
from tests.support.snapshots import NOW, check, reported

LATER = NOW + timedelta(hours=1)
UNITS = (
    Unit('mysql/0', 'mysql', '1/lxd/0'),
    Unit('mysql/1', 'mysql', '2'),
    Unit('web/0', 'web', '2'),
)


def entry(target: str, kind: str = ACKNOWLEDGED, **rest: object) -> SuppressionEntry:
    """Return what was said of a target, such as `mysql` or `mysql/0:disk`."""
    name, _, named = target.partition(':')
    made = SuppressionEntry(kind, name, LATER, 'as planned', named, by='ops')
    return replace(made, **rest)  # type: ignore[arg-type]


def sweep(
    *readings: Reading, said: Sequence[SuppressionEntry] = (), config: Config | None = None
) -> Snapshot:
    """Return the snapshot of these; units without a reading are well."""
    known = {unit.name: reported(unit, check('ping', Health.PASSED, 'ok')) for unit in UNITS}
    known.update({reading.unit.name: reading for reading in readings})
    model = Model(
        'prod',
        'lab',
        machines={'1': Machine('1'), '1/lxd/0': Machine('1/lxd/0', '1'), '2': Machine('2')},
        applications={
            name: Application(name, units=tuple(u for u in UNITS if u.application == name))
            for name in ('mysql', 'web')
        },
    )
    return conclude(Evidence(model, known, NOW, 1.0), (), config or Config(), said)


DISK = reported(UNITS[0], check('disk', Health.FAIL, 'full'), check('ping', Health.PASSED, 'ok'))
