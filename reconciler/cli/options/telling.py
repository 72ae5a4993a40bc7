"""Telling people what a recorded sweep found: the outbox, as commands empty it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from charm.kernel.deadline import Deadline
from charm.kernel.safe_text import clean
from reconciler.history.moments import now_number
from reconciler.values.by_name import load

from .history import RecordedSweep
from .sweeping import SweepOptions

if TYPE_CHECKING:
    from reconciler.notify.outbox.send import Sent

_SECONDS = 45.0


def tell(asking: SweepOptions, recorded: RecordedSweep) -> None:
    """Send what is due, and say on stderr what became of it.

    Raises:
        ReconcilerError: the history cannot be used.
    """
    alerts = asking.config.alerts
    if alerts is None or not alerts.channels:
        return
    outbox = load('reconciler.notify.outbox.send:Outbox')
    box = outbox(recorded.database, alerts, now_number, recorded.kept.usual)
    sent = box.send(Deadline.after(_SECONDS))
    for line in _lines(sent, asking.quiet):
        click.echo(f'reconcile-health: {clean(line)}', err=True)


def _lines(sent: Sequence[Sent], quiet: bool) -> list[str]:
    """Return what to say: to cron only what did not arrive, as it mails each line."""
    lines = []
    for one in sent:
        what = f'{one.notice.kind.value}: {one.notice.cause}'
        if one.found.accepted and one.fresh and not quiet:
            lines.append(f'told {one.channel}: {what}')
        elif not one.found.accepted:
            rest = 'it is tried again' if one.found.retryable else 'it is not tried again'
            lines.append(f'cannot tell {one.channel}: {what}: {one.found.answer}; {rest}')
    return lines
