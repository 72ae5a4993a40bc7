"""`reconcile-health timeline`: what happened, on one line of time."""

from __future__ import annotations

from datetime import datetime, timezone

from reconciler.config.settings import Config
from reconciler.history.find import find_model, refuse_unknown
from reconciler.history.moments import to_number
from reconciler.history.timeline import Span
from reconciler.history.timeline import timeline as what_happened
from reconciler.render.people.timeline import TIMELINES
from reconciler.values.errors import UsageError

from ..options.history import open_history
from ..options.output import write_document
from ..options.printing import view
from ..options.span import moment_of


def timeline(
    names: tuple[str, ...],
    model: str,
    since: str,
    until: str,
    raw: bool,
    history: str,
    config: Config,
    form: str,
    output: str,
) -> int:
    """Print what happened in a time."""
    now = datetime.now(timezone.utc)
    begin, end = moment_of(since, now), moment_of(until, now)
    if begin >= end:
        raise UsageError(f'cannot show from {since} until {until}: that is no time')
    span = Span(to_number(begin), to_number(end), names, raw)
    with open_history(history, config).reading() as connection:
        whose = find_model(connection, model)
        refuse_unknown(connection, whose, names)
        found = what_happened(connection, whose, span)
    write_document(TIMELINES[form](found, view(output)), output)
    return 0
