"""How old a saved `juju status` is: told always, and from some age on a fault.

What came since is not in it, and so is not asked: a sweep that goes by it is whole only while
hardly anything can have come.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from charm.kernel.fields import format_time

from ..values.freshness import SLACK_SECONDS
from ..values.model import Model
from ..values.words import duration_text


def dated(
    model: Model, source: str, written_at: datetime, now: datetime, max_age_seconds: float
) -> Model:
    """Return the model with the age of its status told.

    A copy may be younger than what it is of, but no status was taken before the newest moment that
    it tells of; so of the two the later counts.

    Args:
        model: as the saved status has it.
        source: where that is.
        written_at: when the file was written (UTC).
        now: by the same clock (UTC).
        max_age_seconds: from this age on it is out of date.
    """
    told = model.newest_time()
    taken_at = max(written_at, told) if told is not None and told <= now else written_at
    seconds = (now - taken_at).total_seconds()
    if seconds < -SLACK_SECONDS:
        return _outdated(model, f'{source}: this juju status is dated in the future')
    age = duration_text(seconds)
    if seconds > max_age_seconds:
        way = 'save it again, or allow for it by --max-status-age'
        said = f'this juju status is {age} old, and lacks what came since: {way}'
        return _outdated(model, f'{source}: {said}')
    note = f'{source}: this juju status is of {format_time(taken_at)}, {age} ago'
    return replace(model, notes=(*model.notes, note))


def _outdated(model: Model, why: str) -> Model:
    return replace(model, outdated=True, faults=(why, *model.faults))
