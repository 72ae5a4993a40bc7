"""An explanation for people: verdict, cause, evidence, and what to do next."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from charm.kernel.report import CheckResult, Health
from charm.kernel.safe_text import clean
from reconciler.causes.explanation import Explanation, failing
from reconciler.history.moments import to_moment
from reconciler.juju.status import machine_order
from reconciler.values.explained import as_told, explained_by
from reconciler.values.node import NodeKind
from reconciler.values.outcomes import Outcome
from reconciler.values.readings import Reading, Role
from reconciler.values.words import age_text, counted, duration_text, first_few, fold_units

from ..base import coverage_text, reading_age, since_text, state_text
from ..drawn import draw, facts, grid, health_text, plain
from ..meaning import suppression_text
from ..options import RenderOptions

if TYPE_CHECKING:
    from reconciler.history.before_trouble import PastTrouble

_ROLES = {
    Role.CAUSE: 'a cause: nothing else explains it',
    Role.VICTIM: 'a victim',
    Role.UNEXPLAINED: 'unexplained: there is no evidence of what causes it',
}
_MOST_NAMES = 12
_MOST_DATA = 300
_UNFOLDED = 10_000
# What was run where no hook answered; docs/probe.md has all of it.
_PROBED = 'its own python3 ran our checks, from memory'


def render(found: Explanation, options: RenderOptions, past: Sequence[PastTrouble] = ()) -> str:
    """Return the explanation as text, with what the history tells of it."""
    parts: list[RenderableType] = [_headline(found), '', _about(found, options)]
    for title, table in (
        ('The way to the cause', _chain(found)),
        ('What may be the cause', _weighed(found)),
        ('What it depends on', _needs(found)),
        ('What changed before', _changed(past)),
        ('The evidence', _evidence(found, options)),
    ):
        if table is not None:
            parts += ['', Text(title, style='bold'), table]
    faults: list[RenderableType] = [plain(fault, 'magenta') for fault in found.snapshot.faults]
    faults += [plain(note, 'dim') for note in found.snapshot.notes]
    text = draw([*parts, *([''] if faults else []), *faults], options)
    # A command is never folded, so that it can be copied.
    return text + (draw(_advice(found), replace(options, width=_UNFOLDED)) if found.advice else '')


def _changed(past: Sequence[PastTrouble]) -> Table | None:
    if not past:
        return None
    table = grid('Since', 'Name', 'Message', style='dim')
    for trouble in past:
        since = f'{to_moment(trouble.since):%Y-%m-%d %H:%M:%SZ}'
        for seconds, words in trouble.changes:
            told = f'{duration_text(seconds)} before: {words}'
            table.add_row(since, plain(trouble.name), plain(told))
    return table


def _advice(found: Explanation) -> list[RenderableType]:
    lines: list[RenderableType] = ['', Text('What to do next', style='bold')]
    for number, one in enumerate(found.advice, 1):
        lines.append(plain(f'{number}. {"; ".join(filter(None, (one.what, one.remark)))}'))
        if one.command:
            lines.append(Text('   ').append(plain(one.command, 'cyan')))
    return lines


def _headline(found: Explanation) -> Text:
    name = plain(found.unit or found.service.name, 'bold')
    line = plain(found.snapshot.model.title, 'bold').append('  ').append(name)
    return line.append('  ').append(health_text(found.health))


def _about(found: Explanation, options: RenderOptions) -> Table:
    service, coverage = found.service, found.service.coverage
    verdict = f'{service.health.value} by the rule {service.rule}'
    verdict += f': {service.because}' if service.because else ''
    own = found.readings[0] if found.unit else None
    state = own.state if own else service.state
    waits = [
        f'{blocker} (nothing gives it)' if blocker in found.unmet else blocker
        for blocker in (state.blockers if state else ())
    ]
    qos = own.qos if own else service.qos
    groups = explained_by(found.snapshot, found.cause) if found.cause else ()
    explains = '; '.join(f'{c.adverb}{first_few(names, _MOST_NAMES)}' for c, names in groups)
    partly = '' if found.snapshot.complete else ', and the sweep is incomplete'
    rows = (
        ('Verdict', f'{service.name} is {verdict}' if own else verdict),
        ('Role', _role(found)),
        ('Because', service.blame.reason if service.blame else ''),
        ('State', state_text(state) + since_text(state) if state else ''),
        ('Waits for', ', '.join(waits)),
        ('QoS', '' if qos is None else f'{qos:.2f}'),
        ('Units', coverage_text(coverage)),
        ('Explains', explains),
        ('Needed by', first_few(found.needed_by, _MOST_NAMES)),
        *(('Suppressed', suppression_text(suppression)) for suppression in service.suppressed),
        ('Alerts', service.alerting),
        ('Asked', f'{age_text(found.snapshot.started_at, options.now)} ago{partly}'),
    )
    return facts(rows)


def _role(found: Explanation) -> str:
    blame = found.service.blame
    if blame is None:
        return ''
    if blame.role is Role.VICTIM:
        return f'{as_told(blame).adverb}a victim of {blame.path[-1]}' if blame.path else 'a victim'
    if found.cause is not None and found.cause.node.kind is NodeKind.CIRCLE:
        return 'one of several suspects that need each other'
    doubt = as_told(blame).adverb if blame.role is Role.CAUSE else ''
    return f'{doubt}{_ROLES[blame.role]}'


def _chain(found: Explanation) -> Table | None:
    """Return the way to the cause, a row for each step, each with its own evidence."""
    if not found.chain:
        return None
    table = grid('Step', 'Health', 'Message', style='dim')
    for number, step in enumerate(found.chain):
        # The indent is ours, and its blanks stay.
        arrow = Text('' if number == 0 else f'{"  " * (number - 1)}└ ', style='dim')
        node = arrow.append(plain(str(step.node), 'not dim'))
        table.add_row(node, health_text(step.health), plain(step.message))
    return table


def _weighed(found: Explanation) -> Table | None:
    """Return what may be the cause, a row for each, with what speaks for it and against it."""
    if not found.weighed:
        return None
    table = grid('Candidate', 'Certainty', 'Why', style='dim')
    for suspect in found.weighed[:_MOST_NAMES]:
        own = suspect.node.service == found.service.name
        without = 'unexplained' if own else 'refuted'
        certainty = suspect.certainty.value if suspect.certainty else without
        against = [plain(f'but {text}', 'dim') for text in suspect.against]
        name = plain('itself' if own else str(suspect.node))
        table.add_row(name, certainty, Group(plain(suspect.text), *against))
    return table


def _needs(found: Explanation) -> Table | None:
    if not found.needs:
        return None
    table = grid('Service', 'Health', 'Why', style='dim')
    for need in found.needs:
        table.add_row(plain(str(need.node)), health_text(need.health), plain(need.why))
    return table


def _evidence(found: Explanation, options: RenderOptions) -> Table | None:
    """Return what the units said, those that said the same together, the worst first."""
    if not found.readings:
        return None
    everything = bool(found.unit)
    alike: dict[tuple[object, ...], list[Reading]] = {}
    for reading in sorted(found.readings, key=lambda reading: -reading.health.rank):
        alike.setdefault(_said(reading, everything), []).append(reading)
    table = grid('Unit', 'Health', 'Check', 'Age', 'Message', style='dim')
    for readings in alike.values():
        units = plain(fold_units(reading.unit.name for reading in readings))
        for number, row in enumerate(_rows(readings, everything, options)):
            table.add_row(units if number == 0 else '', *row)
    return table


def _shown(reading: Reading, everything: bool) -> list[CheckResult]:
    """Return the checks to show: those that did not pass, or all, the worst first."""
    return list(reading.checks) if everything else failing(reading)


def _said(reading: Reading, everything: bool) -> tuple[object, ...]:
    """Return what a unit said; units that said the same are shown together."""
    shown = tuple((c.name, c.health, c.message) for c in _shown(reading, everything))
    count = len(reading.checks)
    return shown, count, reading.health, reading.outcome, '' if count else reading.message


def _rows(
    readings: Sequence[Reading], everything: bool, options: RenderOptions
) -> Iterator[tuple[RenderableType | str, ...]]:
    """Yield the rows of units that said the same; their age is that of the oldest."""
    first = readings[0]
    received = min((r.received_at for r in readings if r.received_at), default=None)
    shown = sorted(_shown(first, everything), key=lambda check: -check.health.rank)
    for check in shown:
        age = age_text(check.at or received, options.now)
        yield health_text(check.health), plain(check.name), age, _message(check)
    passed = len(first.checks) - len(shown)
    if not first.checks:
        age, text = reading_age(first, options.now), plain(first.message)
        yield health_text(first.health), f'({first.outcome.value})', age, text
    elif passed:
        told = Text(f'{counted(passed, "check")} passed', style='dim')
        yield health_text(Health.PASSED), '', age_text(received, options.now), told
    yield '', '', '', Text(_origin(readings), style='dim')


def _message(check: CheckResult) -> RenderableType:
    data = _data(check.data) if check.health is not Health.PASSED else ''
    return Group(plain(check.message), plain(data, 'dim')) if data else plain(check.message)


def _data(data: Mapping[str, Any]) -> str:
    """Return what a check measured, in short; a reader may want to see it before anything else."""
    told = ', '.join(
        f'{key} {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}'
        for key, value in data.items()
    )
    return told if len(told) <= _MOST_DATA else f'{told[:_MOST_DATA]}…'


def _origin(readings: Sequence[Reading]) -> str:
    """Return where the evidence of units that said the same is from."""
    first = readings[0]
    machines = sorted({reading.unit.machine for reading in readings} - {''}, key=machine_order)
    leader = next((reading.unit.name for reading in readings if reading.unit.leader), '')
    reporter = first.report.reporter if first.report and len(readings) == 1 else None
    took = max((r.duration_seconds for r in readings if r.duration_seconds), default=None)
    attempts = max(reading.attempts for reading in readings)
    parts = (
        f'machine{"" if len(machines) == 1 else "s"} {", ".join(machines)}' if machines else '',
        (f'{leader} leads' if len(readings) > 1 else 'leader') if leader else '',
        f'by {first.via}' if first.via else '',
        _PROBED if first.outcome is Outcome.PROBED else '',
        f'reported by {reporter.unit} {reporter.version}' if reporter else '',
        f'took {duration_text(took)}' if took is not None else '',
        f'{attempts} attempts' if attempts > 1 else '',
    )
    return clean(', '.join(filter(None, parts)))
