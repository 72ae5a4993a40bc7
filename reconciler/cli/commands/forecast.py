"""`reconcile-health forecast`: when something will be full, or expires."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.config.settings import Config
from reconciler.history.find import refuse_unknown
from reconciler.history.forecast import forecast as foretell
from reconciler.history.models_meant import models_meant, newest
from reconciler.history.moments import now_number
from reconciler.render.people.forecast import FORECASTS

from ..options.history import open_history
from ..options.output import write_document
from ..options.printing import view

NOTHING, AHEAD, URGENT = 0, 1, 2


def forecast(
    names: Sequence[str],
    model: str,
    history: str,
    within: float,
    form: str,
    output: str,
    config: Config,
) -> int:
    """Print what is ahead, and return the exit code that tells of it."""
    now = now_number()
    with open_history(history, config).reading() as connection:
        known = newest(models_meant(connection, model))
        for one in known if len(known) == 1 else ():
            refuse_unknown(connection, one, names)
        found = foretell(connection, known, names, now, round(within * 1000))
    write_document(FORECASTS[form](found, view(output)), output)
    if found.urgent:
        return URGENT
    return AHEAD if found.found else NOTHING
