"""What Juju removes is no trouble while it goes: who has no say any more, and what is told of it.

One rule for units that go with their application, with their machine, or by themselves: what is
seen of them counts for nothing, and of Juju's words those do by which they are stuck (`STUCK` in
`reconciler.juju.ceiling_table`), which is told as of any other unit. Juju does not say since when
it has been removing a unit: one of which nothing has become for long is told with how long.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from ..juju.ceiling_table import LONG_SECONDS
from ..values.advice import juju
from ..values.leaving import goes
from ..values.model import Application, Model, Unit
from ..values.readings import Reading
from ..values.words import duration_text, first_few

_MOST_NAMES = 8


def going(model: Model, known: Mapping[str, Reading], shown: Sequence[str]) -> list[str]:
    """Return which of the applications that would be shown are on their way out as a whole.

    None where nothing else would be shown: then what is known of them is all that there is.
    """
    found = [name for name in shown if _is_going(model.applications[name], known)]
    return [] if len(found) == len(shown) else found


def _is_going(application: Application, known: Mapping[str, Reading]) -> bool:
    readings = [known.get(unit.name) for unit in application.units]
    return bool(readings or application.leaving) and all(
        reading is not None and goes(reading) for reading in readings
    )


def told_of(
    model: Model, known: Mapping[str, Reading], left: Collection[str], now: datetime
) -> tuple[str, ...]:
    """Return the line about applications that are going as a whole, and units that hardly do.

    Args:
        model: the inventory that Juju gave.
        known: the concluded readings, by unit.
        left: the applications that are left out since they go.
        now: when the sweep began (UTC).
    """
    slow = {
        name: idle
        for name, reading in known.items()
        if goes(reading) and (idle := _idle_seconds(reading.unit, now)) >= LONG_SECONDS
    }
    told = [f'{name}{_of_units(model.applications[name], slow)}' for name in left]
    told += [
        f'{name} (idle for {duration_text(idle)})'
        for name, idle in slow.items()
        if known[name].unit.application not in left
    ]
    if not told:
        return ()
    command = ' '.join(juju(model.full_name, 'status'))
    hint = f'; whether it goes: {command}' if slow else ''
    return (f'leaving, as juju removes it: {first_few(told, _MOST_NAMES)}{hint}',)


def _of_units(application: Application, slow: Mapping[str, float]) -> str:
    idle = [slow[unit.name] for unit in application.units if unit.name in slow]
    return f' (idle for {duration_text(min(idle))})' if idle else ''


def _idle_seconds(unit: Unit, now: datetime) -> float:
    """Return how long nothing has become of a unit, by Juju's newest word; 0 if it is gone."""
    told = (unit.workload, unit.agent) if unit.leaving else ()
    moments = [info.since for info in told if info.since is not None]
    return (now - max(moments)).total_seconds() if moments else 0.0
