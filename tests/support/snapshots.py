"""Snapshots for tests of what is printed: well, with every kind of trouble, stuck and stale."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from charm.kernel.merge_checks import make_report
from charm.kernel.report import CheckResult, Health, Reporter, State, StateName, worst
from reconciler.collect.interpret import dated_reading
from reconciler.config.settings import Config, ServiceConfig
from reconciler.judge.collate import collate, problems_first
from reconciler.judge.conclude import Evidence, conclude
from reconciler.values.freshness import DatedReport
from reconciler.values.model import Application, Machine, Model, StatusInfo, Unit
from reconciler.values.outcomes import advise
from reconciler.values.readings import Outcome, Reading, Snapshot

NOW = datetime(2026, 11, 23, 9, tzinfo=timezone.utc)
PROD = Model('prod', 'lab', version='3.6.5')


def check(name: str, health: Health, message: str, qos: float | None = None) -> CheckResult:
    return CheckResult(name, health, qos, message, {'n': 1}, NOW - timedelta(seconds=12), 0.004)


def reported(unit: Unit, *checks: CheckResult, state: State | None = None) -> Reading:
    report = make_report(
        unit.application, unit.name, checks, state=state, reporter=Reporter('health/0', '0.1.0')
    )
    return Reading(
        unit,
        Outcome.REPORTED,
        report.health,
        report.qos,
        state,
        report,
        message='; '.join(f'{check.name}: {check.message}' for check in checks),
        hook='/var/lib/juju/agents/unit-health-0/charm/hooks/health',
        received_at=NOW - timedelta(seconds=2),
        duration_seconds=1.25,
        attempts=1,
        via='juju ssh, hook',
    )


def silent(unit: Unit, outcome: Outcome, message: str, model: Model = PROD) -> Reading:
    return Reading(
        unit,
        outcome,
        Health.UNKNOWN,
        message=message,
        hook='/hook',
        via='juju status',
        attempts=2,
        advice=advise(outcome, model, unit, '/hook'),
    )


def snapshot(readings: tuple[Reading, ...], wanted: int | None = None) -> Snapshot:
    """Return the snapshot of these readings; `wanted` is the scale of each application."""
    names = sorted({reading.unit.application for reading in readings})
    services = problems_first(
        collate(
            Application(name, scale=wanted), [r for r in readings if r.unit.application == name]
        )
        for name in names
    )
    model = replace(PROD, machines={str(n): Machine(str(n)) for n in range(3)})
    healths = worst(service.health for service in services)
    return Snapshot(model, services, healths, NOW - timedelta(seconds=5), 4.2)


UP = State(StateName.UP, 86400.0, NOW - timedelta(days=1))
BLOCKED = State(StateName.BLOCKED, 93.5, NOW - timedelta(seconds=93.5), 'no db', ('cache', 'db'))


def well() -> Snapshot:
    """Return a snapshot of one service with one unit, which is well."""
    unit = Unit('web/0', 'web', '0', leader=True)
    fine = check('http', Health.PASSED, '200 in 4 ms', 0.99)
    return snapshot((reported(unit, fine, state=UP),))


def stuck() -> Snapshot:
    """Return a snapshot of units whose checks pass, and which Juju calls unwell."""
    failed = StatusInfo('error', 'hook failed: "config-changed"')
    tried = StatusInfo('idle', '', NOW - timedelta(minutes=2))
    lost = StatusInfo('lost', 'agent is not communicating with the server')
    need = StatusInfo('blocked', 'Missing relation: db')
    web = Unit('web/0', 'web', '0', workload=failed, agent=tried)
    api = Unit('api/0', 'api', '1', workload=StatusInfo('unknown'), agent=lost)
    log = Unit('log/0', 'log', '2', workload=need, agent=StatusInfo('idle'))
    gone = Unit('old/0', 'old', '3', workload=failed, agent=lost)
    units = (web, api, log, gone)
    fine = check('http', Health.PASSED, '200 in 4 ms')
    readings = [replace(reported(unit, fine), message='1 check passed') for unit in units[:3]]
    readings.append(silent(gone, Outcome.UNREACHABLE, 'cannot reach it: timed out'))
    model = Model(
        'prod',
        'lab',
        version='4.0.15',
        machines={
            **{str(n): Machine(str(n), agent=StatusInfo('started')) for n in range(3)},
            '3': Machine('3', agent=StatusInfo('down', 'agent is not communicating')),
        },
        applications={
            unit.application: Application(unit.application, units=(unit,)) for unit in units
        },
    )
    evidence = Evidence(model, {reading.unit.name: reading for reading in readings}, NOW, 4.2)
    relaxed = ServiceConfig('log', juju=(('blocked', Health.WARN),))
    return conclude(evidence, config=Config(services=(relaxed,)))


def aged() -> Snapshot:
    """Return a snapshot of units whose last reports are too old, or of unknown age."""
    web = [Unit(f'web/{n}', 'web', str(n), workload=StatusInfo('active')) for n in range(4)]
    fine = reported(web[0], check('http', Health.PASSED, '200 in 4 ms'), state=UP)
    old = [
        replace(_said(web[1], Health.PASSED, '200 in 4 ms'), held_seconds=3900.0),
        replace(_said(web[2], Health.FAIL, 'refused'), held_seconds=86400.0 * 9),
        replace(_said(web[3], Health.PASSED, '200 in 4 ms'), held_seconds=None),
    ]
    model = Model('prod', applications={'web': Application('web', units=tuple(web))})
    late = (
        dated_reading(model, unit, dated, NOW, 120.0)
        for unit, dated in zip(web[1:], old, strict=True)
    )
    return snapshot((fine, *late))


def _said(unit: Unit, health: Health, message: str) -> DatedReport:
    report = make_report(unit.application, unit.name, (check('http', health, message),))
    return DatedReport(report, NOW, via='push')


def troubled() -> Snapshot:
    """Return a snapshot with a failure, a warning, silent and missing units, hostile text."""
    web = [Unit(f'web/{n}', 'web', str(n), leader=n == 0) for n in range(3)]
    hostile = 'no\x1b[31m [bold]route[/bold] | "x" <b>&\u202e\nnext line'
    full = check('disk', Health.WARN, 'fullest of 2: / at 91 %', 0.5)
    return snapshot(
        (
            reported(web[0], full, check('http', Health.PASSED, '200 in 4 ms'), state=UP),
            reported(web[1], full, state=UP),
            silent(web[2], Outcome.UNREACHABLE, 'cannot reach it: no route to host'),
            reported(Unit('db/0', 'db', '1'), check('cxn', Health.FAIL, hostile), state=BLOCKED),
            reported(Unit('ok/0', 'ok', '0'), check('load', Health.PASSED, 'idle'), state=UP),
        )
    )
