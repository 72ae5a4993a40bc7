"""`reconcile-health alerts`: try who is told of trouble."""

from __future__ import annotations

from collections.abc import Sequence

import click

from charm.kernel.deadline import Deadline
from charm.kernel.names import nearest
from charm.kernel.safe_text import clean
from reconciler.config.alerts import AlertsConfig
from reconciler.config.settings import Config
from reconciler.notify import words
from reconciler.notify.channels.base import Delivery
from reconciler.notify.deliver import deliver
from reconciler.notify.trial import trial
from reconciler.values.errors import UsageError

from ..options.output import print_document

TAKEN, REFUSED = 0, 2
_SECONDS = 60.0


def test(names: tuple[str, ...], dry_run: bool, config: Config) -> int:
    """Send a trial message by the channels meant, say what each answered, and return the code."""
    alerts = config.alerts
    if alerts is None or not alerts.channels:
        raise UsageError('cannot find a channel: health.yaml has none under alerts')
    chosen = _chosen(alerts, names)
    begun, ended = trial()
    if dry_run:
        kinds = ', '.join(f'{name} ({alerts.channels[name].KIND})' for name in chosen)
        print_document(f'to {kinds}:\n\n{words.subject(begun)}\n\n{words.text(begun)}')
        return TAKEN
    code = TAKEN
    for name in chosen:
        for notice in (begun, ended):
            found = deliver(alerts.channels[name], notice, Deadline.after(_SECONDS))
            click.echo(clean(f'{name}: {notice.kind.value}: {_told(found)}'))
            if not found.accepted:
                # Where it did not arrive there is nothing to end.
                code = REFUSED
                break
    return code


def _told(found: Delivery) -> str:
    if found.accepted:
        return f'taken: {found.answer}'
    return f'not taken{", for now" if found.retryable else ""}: {found.answer}'


def _chosen(alerts: AlertsConfig, names: Sequence[str]) -> tuple[str, ...]:
    """Return the channels that names mean, each once: their own, or those of a route.

    Raises:
        UsageError: a name means none.
    """
    routes = {route.name: route for route in alerts.routes if route.name}
    chosen: dict[str, None] = {}
    for name in names or alerts.channels:
        if name in alerts.channels:
            chosen[name] = None
        elif name in routes:
            later = [channel for step in routes[name].escalate for channel in step.channels]
            chosen.update(dict.fromkeys([*routes[name].channels, *later]))
        else:
            hint = nearest(name, [*alerts.channels, *routes])
            raise UsageError(f'cannot find the channel or route {name!r}{hint}')
    return tuple(chosen)
