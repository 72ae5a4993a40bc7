"""`reconcile-health alerts`: who is told of trouble, who was, and why nobody is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone

import click

from charm.kernel.deadline import Deadline
from charm.kernel.names import nearest
from charm.kernel.safe_text import clean
from reconciler.config.alerts import AlertsConfig
from reconciler.config.settings import Config
from reconciler.history.moments import now_number, to_number
from reconciler.notify import words
from reconciler.notify.channels.base import Delivery
from reconciler.notify.deliver import deliver
from reconciler.notify.incidents import review
from reconciler.notify.trial import trial
from reconciler.render.people.alerts import (
    explained_json,
    explained_text,
    log_json,
    log_text,
    rehearsed_text,
    standing_json,
    standing_text,
)
from reconciler.values.errors import UsageError

from ..options.history import open_history
from ..options.output import print_document, write_document
from ..options.printing import view
from ..options.span import moment_of

TAKEN, REFUSED = 0, 2
_SECONDS = 60.0


def listing(history: str, config: Config, form: str, output: str) -> int:
    """Print what is wrong, and who was told or why nobody is."""
    with open_history(history, config).reading() as connection:
        found = review.standing(connection, _alerts(config), now_number())
    text = standing_json(found) if form == 'json' else standing_text(found, view(output))
    write_document(text, output)
    return TAKEN


def explain(name: str, since: str, history: str, config: Config, form: str, output: str) -> int:
    """Print the same of one thing, and all that was said of it."""
    begin = _moment(since)
    with open_history(history, config).reading() as connection:
        found = review.of_subject(connection, name, _alerts(config), begin, now_number())
        rows = [one.incident.id for one in found]
        logged = review.log(connection, begin, now_number(), rows)
    if form == 'json':
        write_document(explained_json(found, logged), output)
    else:
        write_document(explained_text(name, found, logged, view(output)), output)
    return TAKEN


def log(since: str, history: str, config: Config, form: str, output: str) -> int:
    """Print each message on each channel."""
    with open_history(history, config).reading() as connection:
        found = review.log(connection, _moment(since), now_number())
    write_document(log_json(found) if form == 'json' else log_text(found, view(output)), output)
    return TAKEN


def _alerts(config: Config) -> AlertsConfig:
    return config.alerts or AlertsConfig()


def _moment(since: str) -> int:
    return to_number(moment_of(since, datetime.now(timezone.utc)))


def test(names: tuple[str, ...], dry_run: bool, since: str, history: str, config: Config) -> int:
    """Send a trial message by the channels meant, say what each answered, and return the code."""
    alerts = config.alerts
    if alerts is None or not alerts.channels:
        raise UsageError('cannot find a channel: health.yaml has none under alerts')
    if since:
        return _rehearse(names, dry_run, since, history, config, alerts)
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


def _rehearse(
    names: Sequence[str],
    dry_run: bool,
    since: str,
    history: str,
    config: Config,
    alerts: AlertsConfig,
) -> int:
    """Print what the routes meant would have said of what was recorded."""
    if not dry_run:
        raise UsageError('cannot send what is past: --since goes with --dry-run')
    routes = alerts.by_name
    for name in names:
        if name not in routes:
            raise UsageError(f'cannot find the route {name!r}{nearest(name, routes)}')
    meant = review.routes_meant(alerts, names)
    with open_history(history, config).reading() as connection:
        found = review.rehearse(connection, meant, _moment(since), now_number())
    write_document(rehearsed_text(found, view()))
    return TAKEN


def _told(found: Delivery) -> str:
    if found.accepted:
        return f'taken: {found.answer}'
    return f'not taken{", for now" if found.retryable else ""}: {found.answer}'


def _chosen(alerts: AlertsConfig, names: Sequence[str]) -> tuple[str, ...]:
    """Return the channels that names mean, each once: their own, or those of a route.

    Raises:
        UsageError: a name means none.
    """
    routes = alerts.by_name
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
