"""`juju status SELECTOR…`, as 4.0.15 filters: by names of machines, applications and units.

What is left out of the document is left out of what remains, too: relations with it, and
`subordinate-to` entries of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .values import without_empty


def matching(document: dict[str, Any], selectors: Sequence[str]) -> dict[str, Any]:
    """Return what of the status document the selectors name, and the machines of that."""
    wanted = set(selectors)
    shown = {
        name: one
        for name, one in document['applications'].items()
        if name in wanted or any(_fits(unit, wanted) for unit in one.get('units', {}).items())
    }
    beside = {
        subordinate.split('/')[0]
        for one in shown.values()
        for unit in one.get('units', {}).values()
        for subordinate in unit.get('subordinates', {})
    }
    names = {*shown, *(beside & document['applications'].keys())}
    applications = {
        name: _without(one, names)
        for name, one in document['applications'].items()
        if name in names
    }
    machines = {
        unit['machine']
        for one in applications.values()
        for unit in one.get('units', {}).values()
        if 'machine' in unit
    } | wanted
    kept = {key: one for key, one in document['machines'].items() if key in machines}
    return {**document, 'machines': kept, 'applications': applications}


def _fits(unit: tuple[str, dict[str, Any]], wanted: set[str]) -> bool:
    name, facts = unit
    return name in wanted or facts.get('machine') in wanted


def _without(one: dict[str, Any], names: set[str]) -> dict[str, Any]:
    relations = {
        endpoint: [each for each in ends if each['related-application'] in names]
        for endpoint, ends in one.get('relations', {}).items()
    }
    changed = {
        'relations': {endpoint: ends for endpoint, ends in relations.items() if ends},
        'subordinate-to': [name for name in one.get('subordinate-to', []) if name in names],
    }
    return without_empty({**one, **changed})
