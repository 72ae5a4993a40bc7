"""`reconcile-health config`: see that the configuration is right, and what is in effect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import yaml

from charm.kernel.fields import format_time
from reconciler.config import health_yaml, where
from reconciler.config.alerts import AlertsConfig
from reconciler.config.settings import Config, ServiceConfig, ViewConfig
from reconciler.config.suppressions import ACKNOWLEDGED, MAINTENANCE, SuppressionEntry
from reconciler.config.unknown_names import strangers
from reconciler.config.yaml_options import written

from ..options.config_option import check_defaults, commands_of, option_defaults
from ..options.output import print_document
from ..options.saved import read_status

Line = tuple[int, str, str]


def check(named: str, status_file: str | None) -> int:
    """Print every mistake in the configuration, and return the exit code."""
    return _check(_loaded(named), status_file)


def show(named: str) -> None:
    """Print the configuration in effect, with its lines."""
    print_document(
        _show(_loaded(named), option_defaults(commands_of(click.get_current_context())))
    )


def _loaded(named: str) -> Config:
    config = health_yaml.load(Path(named) if named else where.find())
    check_defaults(config, commands_of(click.get_current_context()))
    return config


def _check(config: Config, status_file: str | None) -> int:
    if not config.source:
        click.echo('reconcile-health: there is no configuration file', err=True)
        return 0
    model = read_status(status_file) if status_file else None
    found = strangers(config, model) if model else []
    for path, name, hint in found:
        line = config.lines.get(path, 0)
        print_document(f'{config.source}:{line}: {path}: {name!r} is not in the model{hint}')
    if not found:
        print_document(f'{config.source} is right')
    return 1 if found else 0


def _show(config: Config, defaults: Mapping[str, Any]) -> str:
    lines = [f'# {config.source or "no configuration file; this is built in"}']
    lines += [_text(config, line) for line in _config(config, '', 0)]
    if config.alerts is not None:
        lines += [_text(config, line) for line in _alerts(config.alerts)]
    lines.append('defaults:')
    for name, value in defaults.items():
        pair = _pair(name, config.defaults.get(name, value))
        lines.append(_text(config, (1, f'defaults.{name}', pair)))
    return '\n'.join(lines)


def _text(config: Config, line: Line) -> str:
    depth, path, text = line
    body = f'{"  " * depth}{text}'
    known = config.lines.get(path)
    if known:
        return f'{body}  # line {known}'
    return f'{body}  # built in' if path.startswith('defaults.') else body


def _pair(key: str, value: object) -> str:
    return _flow({key: value})[1:-1]


def _flow(value: Mapping[str, object]) -> str:
    flow = yaml.safe_dump(value, default_flow_style=True, width=10_000, sort_keys=False)
    return flow.strip()


def _config(config: Config, at: str, depth: int) -> Iterator[Line]:
    for name, group in (('services', config.services), ('views', config.views)):
        if group:
            yield depth, f'{at}{name}', f'{name}:'
        for named in group:
            path = f'{at}{name}.{named.name}'
            yield depth + 1, path, f'{_key(named.name)}:'
            for key, value in _said(named).items():
                yield depth + 2, f'{path}.{key}', _pair(key, value)
    for key, kind in (('maintenance', MAINTENANCE), ('acknowledged', ACKNOWLEDGED)):
        entries = [entry for entry in config.maintenance if entry.kind == kind]
        if entries:
            yield depth, f'{at}{key}', f'{key}:'
        for index, entry in enumerate(entries):
            text = yaml.safe_dump(_entry(entry), default_flow_style=True, width=10_000)
            yield depth + 1, f'{at}{key}[{index}]', f'- {text.strip()}'
    if config.models:
        yield depth, f'{at}models', 'models:'
    for name, own in config.models.items():
        yield depth + 1, f'models.{name}', f'{_key(name)}:'
        yield from _config(own, f'models.{name}.', depth + 2)


def _alerts(alerts: AlertsConfig) -> Iterator[Line]:
    yield 0, 'alerts', 'alerts:'
    yield 1, 'alerts.channels', 'channels:'
    for name, settings in alerts.channels.items():
        path = f'alerts.channels.{name}'
        yield 2, path, f'{_key(name)}:'
        for key, value in {'kind': settings.KIND, **written(settings)}.items():
            yield 3, f'{path}.{key}', _pair(key, value)
    yield 1, 'alerts.routes', 'routes:'
    for index, route in enumerate(alerts.routes):
        yield 2, f'alerts.routes[{index}]', f'- {_flow(written(route))}'
    quiet = written(alerts.quiet)
    if quiet:
        yield 1, 'alerts.quiet', f'quiet: {_flow(quiet)}'


def _key(name: str) -> str:
    return _pair(name, None).removesuffix(': null')


def _said(entry: ServiceConfig | ViewConfig) -> dict[str, object]:
    said: dict[str, object] = {}
    if entry.rollup is not None:
        said['rollup'] = entry.rollup.document
    if isinstance(entry, ViewConfig):
        return {**said, 'services': list(entry.services), 'views': list(entry.views)}
    if entry.requires is not None:
        grouped = {name for group in entry.any_of for name in group}
        alone = [name for name in entry.requires if name not in grouped]
        said['requires'] = [*alone, *({'any-of': list(group)} for group in entry.any_of)]
    if entry.provides is not None:
        said['provides'] = list(entry.provides)
    if entry.juju:
        said['juju'] = {word: health.value for word, health in entry.juju}
    if entry.expect is not None:
        said['expect'] = entry.expect.value
    if entry.labels:
        said['labels'] = dict(entry.labels)
    return said


def _entry(entry: SuppressionEntry) -> dict[str, str | None]:
    said = {
        'target': entry.written,
        'start': format_time(entry.start),
        'end': format_time(entry.until),
        'reason': entry.reason,
        'by': entry.by,
    }
    return {key: value for key, value in said.items() if value}
