"""Names in the configuration that are not in a model: most often they are misspelt."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from charm.kernel.names import nearest

from ..values.model import Model
from .settings import OF_CHARM, Config
from .suppressions import ACKNOWLEDGED, MAINTENANCE, SuppressionEntry

# The key's path in the file, the name, and the nearest right one as `nearest` says it.
Stranger = tuple[str, str, str]
_GLOB = re.compile(r'[*?\[]')


def strangers(config: Config, model: Model) -> list[Stranger]:
    """Return what the configuration names and the model does not have."""
    found = list(_in_one(config, model, ''))
    for pattern, own in config.models.items():
        if model.is_meant_by(pattern):
            found += _in_one(own, model, f'models.{pattern}.')
    return found


def unused(config: Config, model: Model) -> list[str]:
    """Return what is said of this very model, by its name, and names no service of it.

    What is said of all models may be meant for another; a view says itself what it lacks.
    """
    found = []
    for pattern, own in config.models.items():
        if not _GLOB.search(pattern) and model.is_meant_by(pattern):
            for path, name, hint in _in_services(own, model, f'models.{pattern}.'):
                at = f'{config.source}:{config.lines.get(path, 0)}: {path}'
                found.append(f'{at}: nothing uses it: the model has no {name}{hint}')
    return found


def unmatched(entries: Iterable[SuppressionEntry], model: Model, now: datetime) -> list[str]:
    """Return what is wrong with those that hold now in this very model and cover nothing of it."""
    found = []
    for entry in entries:
        if entry.model and entry.is_for(model) and entry.is_active(now):
            target = entry.target.removeprefix('machine ')
            for _, name, hint in _missing('', [target], _targets(model)):
                found.append(f'{entry.kind}: the model has no {name}{hint}')
    return found


def _targets(model: Model) -> list[str]:
    return [*model.applications, *(unit.name for unit in model.units()), *model.machines]


def _in_one(config: Config, model: Model, at: str) -> Iterator[Stranger]:
    yield from _in_services(config, model, at)
    for view in config.views:
        yield from _missing(
            f'{at}views.{view.name}.services', view.services, [*model.applications]
        )
    targets = _targets(model)
    # The key of the file that an entry stands under is its kind.
    index = dict.fromkeys((MAINTENANCE, ACKNOWLEDGED), 0)
    for entry in config.maintenance:
        target = entry.target.removeprefix('machine ')
        yield from _missing(f'{at}{entry.kind}[{index[entry.kind]}]', [target], targets)
        index[entry.kind] += 1


def _in_services(config: Config, model: Model, at: str) -> Iterator[Stranger]:
    services = list(model.applications)
    for service in config.services:
        path = f'{at}services.{service.name}'
        _, of_charm, charm = service.name.partition(OF_CHARM)
        known = [one.charm for one in model.applications.values()] if of_charm else services
        yield from _missing(path, [charm or service.name], known)
        yield from _missing(f'{path}.requires', service.requires or (), [*services, *model.saas])


def _missing(path: str, names: Iterable[str], known: list[str]) -> Iterator[Stranger]:
    for name in names:
        if not fnmatch.filter(known, name):
            yield path, name, nearest(name, known, '')
