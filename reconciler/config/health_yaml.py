"""Reads `health.yaml`; see `docs/configuration.md`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from charm.kernel.builtin_checks import BUILT_IN_CHECKS
from charm.kernel.names import nearest
from charm.kernel.report import Health

from ..juju.ceiling_table import KEYS as JUJU_WORDS
from ..rollups import WORST, RollupError, RollupRule, read_rule
from ..values import by_name
from ..values.errors import ConfigError
from .history_yaml import read_history, read_slo
from .settings import (
    NOTHING,
    Config,
    Expectation,
    HistoryConfig,
    ServiceConfig,
    ViewConfig,
    circle,
)
from .suppressions import ACKNOWLEDGED, MAINTENANCE, SuppressionEntry
from .times import parse_moment, parse_zone
from .yaml_nodes import MAX_BYTES, YamlNode, YamlProblems, parse

if TYPE_CHECKING:
    from .alerts import AlertsConfig

_MODEL_KEYS = ('services', 'views', 'maintenance', 'acknowledged', 'probe')
_KEYS = (*_MODEL_KEYS, 'defaults', 'models', 'history', 'alerts')
_SERVICE_KEYS = ('rollup', 'requires', 'provides', 'juju', 'expect', 'slo', 'labels')
_VIEW_KEYS = ('rollup', 'services', 'views', 'slo')
_ENTRY_KEYS = ('target', 'start', 'end', 'timezone', 'reason', 'by')


def load(path: Path | None) -> Config:
    """Return the configuration in the file; an empty one without a file.

    Raises:
        ConfigError: it cannot be read, or something in it is wrong: all of it is named.
    """
    if path is None:
        return NOTHING
    try:
        with path.open('rb') as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(str(path), [(0, '', error.strerror or str(error))]) from error
    if len(content) > MAX_BYTES:
        raise ConfigError(str(path), [(0, '', f'it has more than {MAX_BYTES} bytes')])
    try:
        return read(content.decode(), str(path))
    except UnicodeDecodeError as error:
        line = content.count(b'\n', 0, error.start) + 1
        raise ConfigError(str(path), [(line, '', 'this is not UTF-8')]) from error


def read(text: str, source: str) -> Config:
    """Return the configuration in the text of the file `source`.

    Raises:
        ConfigError: something in it is wrong.
    """
    notes = YamlProblems()
    root = parse(text, notes)
    config = Config() if root is None else _config(root, _KEYS)
    _check_views(config, (), notes)
    if notes.problems:
        raise ConfigError(source, sorted(notes.problems, key=lambda problem: problem[0]))
    return replace(config, source=source, lines=notes.lines)


def _config(root: YamlNode, keys: tuple[str, ...]) -> Config:
    services: tuple[ServiceConfig, ...] = ()
    views: tuple[ViewConfig, ...] = ()
    entries: list[SuppressionEntry] = []
    defaults: dict[str, Any] = {}
    models: dict[str, Config] = {}
    probe: dict[str, Mapping[str, Any]] = {}
    history = HistoryConfig()
    alerts: AlertsConfig | None = None
    for key, spot in root.items(keys):
        if key == 'services':
            services = tuple(_service(name, entry) for name, entry in spot.items())
        elif key == 'views':
            views = tuple(_view(name, entry) for name, entry in spot.items())
        elif key == 'defaults':
            defaults = {name: _default(value) for name, value in spot.items()}
        elif key == 'probe':
            probe = _probe(spot)
        elif key == 'history':
            history = read_history(spot)
        elif key == 'alerts':
            alerts = by_name.load('reconciler.config.alerts:read')(spot)
        elif key == 'models':
            models = {name: _config(own, _MODEL_KEYS) for name, own in spot.items()}
        else:
            kind = MAINTENANCE if key == 'maintenance' else ACKNOWLEDGED
            entries += [found for entry in spot.each() if (found := _entry(entry, kind))]
    own = Config('', services, views, tuple(entries), defaults, models, probe)
    return replace(own, history=history, alerts=alerts)


def _probe(spot: YamlNode) -> dict[str, Mapping[str, Any]]:
    """Return the options of built-in checks; what each may be, the check itself knows."""
    found: dict[str, Mapping[str, Any]] = {}
    for _, checks in spot.items(('checks',)):
        for name, options in checks.items(tuple(BUILT_IN_CHECKS)):
            found[name] = {option: _option(option, value) for option, value in options.items()}
    return found


def _option(name: str, spot: YamlNode) -> Any:
    value = spot.plain()
    if name == 'enabled' and not isinstance(value, bool):
        spot.refuse('it is true or false')
    try:
        json.dumps(value, default=str, allow_nan=False)
    except ValueError:
        spot.refuse('not a number that can be sent')
    return value


def _service(name: str, spot: YamlNode) -> ServiceConfig:
    found: dict[str, Any] = {}
    for key, value in spot.items(_SERVICE_KEYS):
        if key == 'rollup':
            found[key] = _rollup(value)
        elif key == 'requires':
            found.update(_requires(value))
        elif key == 'juju':
            found[key] = tuple(_counted(word, node) for word, node in value.items(JUJU_WORDS))
        elif key == 'expect':
            found[key] = _expected(value)
        elif key == 'slo':
            found[key] = read_slo(value)
        elif key == 'labels':
            found[key] = tuple(by_name.load('reconciler.config.option_forms:labels')(value))
        else:
            found[key] = value.texts()
    return ServiceConfig(name, **found)


def _expected(spot: YamlNode) -> Expectation | None:
    said = spot.text()
    words = [word.value for word in Expectation]
    if said in words:
        return Expectation(said)
    if said:
        known = ', '.join(words)
        spot.refuse(f'{said!r} is nothing to expect{nearest(said, words, "")}: {known}')
    return None


def _counted(word: str, spot: YamlNode) -> tuple[str, Health]:
    """Return one of Juju's words and what it counts as."""
    said = spot.text()
    try:
        return word, Health.parse(said)
    except ValueError:
        words = [health.value for health in Health]
        if said:
            spot.refuse(f'{said!r} is not a health{nearest(said, words, "")}: {", ".join(words)}')
        return word, Health.UNKNOWN


def _requires(spot: YamlNode) -> dict[str, Any]:
    """Return `requires` and `any_of` of a list of names, and of `any-of` with a list of names."""
    names: list[str] = []
    groups: list[tuple[str, ...]] = []
    for item in spot.each():
        if item.kind != 'mapping':
            names += item.texts()
            continue
        for _, value in item.items(('any-of',)):
            group = value.texts()
            if len(group) < 2 and not any(c in name for name in group for c in '*?['):
                value.refuse('a group of less than two; name those of which one is enough')
            names += group
            groups.append(group)
    return {'requires': tuple(dict.fromkeys(names)), 'any_of': tuple(groups)}


def _view(name: str, spot: YamlNode) -> ViewConfig:
    rollup: RollupRule = WORST
    slo = None
    members: dict[str, tuple[str, ...]] = {}
    for key, value in spot.items(_VIEW_KEYS):
        if key == 'rollup':
            rollup = _rollup(value) or WORST
            if not rollup.FOR_VIEWS:
                value.refuse(f'{rollup.NAME} is a rule for units, not for views')
        elif key == 'slo':
            slo = read_slo(value)
        else:
            members[key] = value.texts()
    if not any(members.values()):
        spot.refuse('nothing is in it; name its services or views')
    return ViewConfig(name, rollup, members.get('services', ()), members.get('views', ()), slo)


def _rollup(spot: YamlNode) -> RollupRule | None:
    if spot.kind == 'null':
        return None
    try:
        return read_rule(spot.plain(), allow_custom=True)
    except RollupError as error:
        spot.refuse(error.reason, error.key if spot.kind == 'mapping' else '')
        return None


def _default(spot: YamlNode) -> Any:
    if spot.kind == 'mapping':
        spot.refuse('a mapping where a value belongs')
    return spot.plain()


def _entry(spot: YamlNode, kind: str) -> SuppressionEntry | None:
    """Return the window; `None`, with why, if it is none."""
    given = dict(spot.items(_ENTRY_KEYS))
    missing = [key for key in ('target', 'end', 'reason') if key not in given]
    if missing:
        spot.refuse(f'it wants {" and ".join(missing)}')
        return None
    words = {key: value.text() for key, value in given.items()}
    try:
        where = 'timezone'
        zone = parse_zone(words['timezone']) if 'timezone' in words else None
        where = 'start'
        start = parse_moment(words['start'], zone) if 'start' in words else None
        where = 'end'
        end = parse_moment(words['end'], zone)
        if start is not None and end <= start:
            raise ValueError('it ends before it starts')
    except ValueError as error:
        spot.refuse(str(error), where)
        return None
    target, _, check = words['target'].partition(':')
    if kind == ACKNOWLEDGED and not check:
        spot.refuse(f'name the check, such as {target}:disk', 'target')
    return SuppressionEntry(kind, target, end, words['reason'], check, start, words.get('by', ''))


def _check_views(
    config: Config, outer: Iterable[ViewConfig], notes: YamlProblems, at: str = ''
) -> None:
    """Note the views that name no view, and those that are within themselves."""
    everything = {view.name: view.views for view in (*outer, *config.views)}
    for view in config.views:
        path = f'{at}views.{view.name}.views'
        line = notes.lines.get(path, 1)
        for name in view.views:
            if name not in everything:
                reason = f'{name!r} is no view{nearest(name, everything, "")}'
                notes.problems.append((line, path, reason))
        way = circle(everything, view.name)
        if way:
            notes.problems.append((line, path, f'it is within itself: {" -> ".join(way)}'))
    for name, own in config.models.items():
        _check_views(own, config.views, notes, f'models.{name}.')
