"""What Juju reserves, and no charm of ours or of our readers may use."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.hosts.layout import PROJECT

_FENCED = re.compile(r'^```ya?ml[^\n]*\n(.*?)^```', re.MULTILINE | re.DOTALL)
_PASSED_OVER = {'.venv', 'build', 'dist', 'golden', 'data'}


def reserved(metadata: Mapping[str, Any]) -> list[str]:
    """Return the relations that Juju refuses for their names, as `endpoint: interface`.

    What begins with `juju-` is Juju's own where a charm offers it, unless the charm's name does
    too (`charm relation reserved name misuse`, domain/deployment/charm/meta.go of 4.0; CheckMeta
    of 3.6). Metadata without a name is of any charm.
    """
    if str(metadata.get('name', '')).startswith('juju-'):
        # Others have to be able to provide what it requires.
        offered: dict[str, Any] = dict(metadata.get('requires') or {})
        offered = {name: one for name, one in offered.items() if not _is_jujus_own(one)}
    else:
        offered = {**(metadata.get('provides') or {}), **(metadata.get('peers') or {})}
    return [
        f'{name}: {one["interface"]}'
        for name, one in offered.items()
        if 'juju' in (name, one['interface']) or one['interface'].startswith('juju-')
    ]


def _is_jujus_own(relation: Mapping[str, Any]) -> bool:
    # Every charm provides it without saying so.
    return bool(relation['interface'] == 'juju-info')


def documents() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every metadata of the repository, whole or shown in a page, with where it stands."""
    for path in sorted(PROJECT.rglob('*')):
        within = path.relative_to(PROJECT)
        if _PASSED_OVER & set(within.parts) or within.parts[0].startswith('.git'):
            continue
        texts: list[str] = []
        if path.name in ('metadata.yaml', 'charmcraft.yaml'):
            texts = [path.read_text()]
        elif path.suffix == '.md':
            texts = _FENCED.findall(path.read_text())
        for text in texts:
            found = yaml.safe_load(text)
            if isinstance(found, dict) and {'provides', 'requires', 'peers'} & set(found):
                yield str(within), found


def test_no_metadata_here_uses_a_name_that_juju_reserves() -> None:
    found = {(where, one) for where, document in documents() for one in reserved(document)}
    assert found == set()


def test_all_of_it_is_looked_at() -> None:
    places = {where for where, _document in documents()}
    assert {'metadata.yaml', str(Path('docs', 'orchestrator.md'))} <= places


@pytest.mark.parametrize('role', ['provides', 'peers'])
def test_a_reserved_name_would_be_found(role: str) -> None:
    relation = {'health': {'interface': 'juju-health-orchestrator'}}
    assert reserved({'name': 'boss', role: relation}) == ['health: juju-health-orchestrator']
    assert reserved({role: relation}) == ['health: juju-health-orchestrator']
    assert reserved({'name': 'juju-boss', role: relation}) == []
    assert reserved({'name': 'boss', role: {'health': {'interface': 'health'}}}) == []


def test_what_ours_requires_can_be_provided_by_any_charm() -> None:
    relation = {'orchestrator': {'interface': 'juju-health-orchestrator'}}
    assert reserved({'name': 'juju-health', 'requires': relation})
    info = {'juju-info': {'interface': 'juju-info', 'scope': 'container'}}
    assert reserved({'name': 'juju-health', 'requires': info}) == []
