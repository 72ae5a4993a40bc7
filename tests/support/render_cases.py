"""Snapshots for the renderers' tests: with every trouble, empty, and any with hostile text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from hypothesis import strategies as st

from charm.kernel.merge_checks import make_report
from charm.kernel.report import CheckResult, Health, Report, State, StateName, worst
from reconciler.judge.collate import collate, problems_first
from reconciler.judge.sweep_exit_code import exit_code
from reconciler.render import RenderOptions
from reconciler.values.model import Application, Machine, Model, StatusInfo, Unit
from reconciler.values.outcomes import advise
from reconciler.values.readings import Outcome, Reading, ServiceHealth, Snapshot
from tests.support.golden import check_golden
from tests.support.strategies import HEALTHS

from .explained import explained, meant

NOW = datetime(2026, 11, 23, 8, 2, 0, tzinfo=timezone.utc)
STARTED = NOW - timedelta(seconds=14)
OPTIONS = RenderOptions(now=NOW)
DETAIL = RenderOptions(now=NOW, unit_detail=True)

# What each of the formats would take for its own syntax, if it came through as it is.
HOSTILE = (
    '<script>document.title="owned"</script>',
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    '</details></main><h1>all is well</h1>',
    '{{ 7 * 7 }}{% raw %}',
    "ok | 'load'=1;2;3",
    'x;[0] PROCESS_SERVICE_CHECK_RESULT;h;s;0;OK',
    'ends with a backslash \\',
    'line\nBail out!\nok 1 - forged\n# EOF',
    '# TODO not yet',
    '\\# SKIP it',
    'a"b\\c\n} 1\njuju_health_model_health 1',
    ']]></failure><!-- -->&lt;&amp;',
    '`code` ``more`` | cell | **bold** [x](http://example.com) @all #1 https://example.com',
    '| --- |',
    '\x1b[31mred\x1b[0m\x00\x07\r\u202egnp.exe\u2028',
    'half a pair \ud800, no character \uffff',
    '$(reboot) `reboot` $HOME',
    'mysql:health',
    'ünïcödé ✓ 日本語',
    ' ' * 40,
    'x' * 5000,
    '',
)
MODEL = Model('prod', 'k1')
TEXTS = st.sampled_from(HOSTILE) | st.text(max_size=80)


def check(name: str, health: Health, message: str = '', qos: float | None = None) -> CheckResult:
    """Return a check's result, made a second before the sweep ended."""
    moment = NOW - timedelta(seconds=1)
    return CheckResult(name, health, qos, message, at=moment, duration=0.0042)


def reported(unit: Unit, checks: Sequence[CheckResult], state: State | None = None) -> Reading:
    """Return the reading of a unit that reported."""
    report: Report = make_report(unit.application, unit.name, checks, state=state)
    return Reading(
        unit,
        Outcome.REPORTED,
        report.health,
        report.qos,
        state,
        report,
        hook='hooks/health',
        received_at=NOW - timedelta(seconds=1),
        duration_seconds=0.81,
        attempts=1,
        via='juju ssh, hook',
    )


def silent(unit: Unit, outcome: Outcome, message: str, state: State | None = None) -> Reading:
    """Return the reading of a unit without a report."""
    return Reading(
        unit,
        outcome,
        Health.UNKNOWN,
        state=state,
        message=message,
        via='juju status',
        advice=advise(outcome, MODEL, unit),
    )


def application(name: str, count: int, scale: int | None = None) -> Application:
    """Return an application whose units are on machines of their own."""
    units = tuple(Unit(f'{name}/{n}', name, str(n), leader=n == 0) for n in range(count))
    return Application(name, units=units, scale=scale)


def snapshot_of(
    services: Sequence[ServiceHealth], complete: bool = True, faults: tuple[str, ...] = ()
) -> Snapshot:
    """Return the snapshot of a model with these services."""
    machines = {str(n): Machine(str(n)) for n in range(3)}
    return Snapshot(
        replace(MODEL, machines=machines),
        problems_first(services),
        worst(service.health for service in services),
        STARTED,
        12.345,
        complete,
        faults,
    )


def _mysql() -> ServiceHealth:
    told = application('mysql', 3)
    failing, passing, unreachable = told.units
    up = State(StateName.UP, 90061.0, NOW - timedelta(seconds=90061))
    return collate(
        told,
        [
            reported(
                failing,
                [
                    check('disk-space', Health.FAIL, '/var/lib/mysql is 97% full | 3 GiB left'),
                    check('systemd-service', Health.PASSED, 'mysql.service is active', 1.0),
                    check('load', Health.WARN, '12.1 on 4 cores, warn above 8', 0.66),
                ],
                up,
            ),
            reported(passing, [check('disk-space', Health.PASSED, '41% full', 0.59)], up),
            silent(
                unreachable, Outcome.UNREACHABLE, 'ssh: connect to host 10.0.0.9 port 22: No route'
            ),
        ],
    )


def _wordpress() -> ServiceHealth:
    told = application('wordpress', 2)
    blocked = State(StateName.BLOCKED, 93.5, NOW - timedelta(seconds=93), 'needs db', ('db',))
    readings = [
        reported(unit, [check('db-cxn', Health.WARN, 'slow: <2.5 s>', 0.4)], blocked)
        for unit in told.units
    ]
    return collate(told, readings)


def _hostile() -> ServiceHealth:
    told = application('postgresql-k8s', 1)
    checks = [check(f'hostile-{n}', Health.FAIL, text) for n, text in enumerate(HOSTILE)]
    return collate(told, [reported(told.units[0], checks)])


def rich() -> Snapshot:
    """Return a snapshot with every kind of trouble, hostile text, and a service that is well."""
    haproxy, redis, ubuntu = (
        application('haproxy', 1),
        application('redis', 1, scale=3),
        application('ubuntu', 1),
    )
    info = StatusInfo('active')
    services = [
        _mysql(),
        _wordpress(),
        _hostile(),
        collate(haproxy, [reported(haproxy.units[0], [check('http', Health.PASSED, '200', 1)])]),
        collate(redis, [reported(redis.units[0], [check('ping', Health.PASSED)])]),
        collate(
            ubuntu,
            [silent(ubuntu.units[0], Outcome.NOT_SHIPPED, f'juju status says {info.current}')],
        ),
        collate(application('empty', 0), []),
    ]
    return snapshot_of(services, complete=False, faults=('machine 2: no answer in 30 s',))


def well() -> Snapshot:
    """Return a snapshot in which everything passed."""
    told = application('haproxy', 2)
    fine = check('http', Health.PASSED, '200', 1.0)
    readings = [reported(unit, [fine]) for unit in told.units]
    return snapshot_of([collate(told, readings)])


def tolerant() -> Snapshot:
    """Return a snapshot in which one unit fails and the rule of its service tolerates it."""
    told = application('web', 2)
    first = reported(told.units[0], [check('http', Health.FAIL, '503')])
    second = reported(told.units[1], [check('http', Health.PASSED, '200')])
    service = ServiceHealth(
        'web',
        Health.PASSED,
        rule='best',
        coverage=collate(told, [first, second]).coverage,
        readings=(first, second),
    )
    return snapshot_of([service])


def empty() -> Snapshot:
    """Return the snapshot of a model without services."""
    return snapshot_of([])


def told() -> Snapshot:
    """Return a snapshot with a cause, its victim, a view, and what operators said."""
    return explained(snapshot_of([_mysql(), _wordpress()]))


CASES = {'rich': rich, 'well': well, 'tolerant': tolerant, 'empty': empty, 'told': told}

CHECKS = st.builds(
    CheckResult,
    name=TEXTS,
    health=HEALTHS,
    qos=st.none() | st.floats(0, 1),
    message=TEXTS,
    duration=st.none() | st.floats(0, 1e6),
)


@st.composite
def _readings(draw: st.DrawFn, unit: Unit) -> Reading:
    state = draw(
        st.none()
        | st.builds(
            State,
            st.sampled_from(list(StateName)),
            st.none() | st.floats(0, 1e9),
            message=TEXTS,
            blockers=st.lists(TEXTS, max_size=2).map(tuple),
        )
    )
    if draw(st.booleans()):
        return silent(unit, draw(st.sampled_from(list(Outcome)[1:])), draw(TEXTS), state)
    checks = tuple(draw(st.lists(CHECKS, max_size=4)))
    # Not by way of `make_report`: a renderer must bear more than what the wire lets through.
    health = worst(result.health for result in checks)
    report = Report(unit.application, unit.name, health, checks=checks, state=state)
    return Reading(unit, Outcome.REPORTED, health, state=state, report=report, via=draw(TEXTS))


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Draw a snapshot, any text of which may be hostile."""
    services = []
    for name in draw(st.lists(TEXTS, max_size=3, unique=True)):
        units = tuple(
            Unit(f'{name}/{n}', name, draw(TEXTS)) for n in range(draw(st.integers(0, 3)))
        )
        told = Application(name, units=units, status=StatusInfo('active', draw(TEXTS)))
        services.append(collate(told, [draw(_readings(unit)) for unit in units]))
    snapshot = Snapshot(
        Model(draw(TEXTS), draw(TEXTS)),
        problems_first(services),
        worst(service.health for service in services),
        STARTED,
        draw(st.floats(0, 1e6)),
        draw(st.booleans()),
        tuple(draw(st.lists(TEXTS, max_size=2))),
    )
    return draw(meant(snapshot, TEXTS))


def assert_golden(case: str, form: str, text: str) -> None:
    """Check the golden file `case.exit.format`, with the exit code that goes with the case."""
    check_golden(f'{case}.{exit_code(CASES[case]())}.{form}', text)
