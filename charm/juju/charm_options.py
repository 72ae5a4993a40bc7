"""What the charm is configured to do: its options, read as the files that they become.

An option that cannot be used is said with its name, the key in it and the reason; the file that
the last good value became stays.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

from ..agent import config as agent_config
from ..checks.kinds import BUILT_IN
from ..kernel.errors import DefinitionError
from ..kernel.facts import dataclass
from ..kernel.names import nearest
from ..sources import plain_yaml, rollup_file
from ..sources.entries import read_entry

CHECKS = 'the option `checks`'
# The first line of an agent.yaml that is ours to replace.
MARK = '# The charm writes this file from its options: change those.'
_MEGABYTE = 1024 * 1024
# Which key of agent.yaml an option becomes, and in which unit.
_AGENT_KEYS = {
    'check-interval': ('interval', 1),
    'report-interval': ('report', 1),
    'log-file-megabytes': ('log_bytes', _MEGABYTE),
    'log-files': ('log_files', 1),
}
_OPTION_OF = {key: option for option, (key, _scale) in _AGENT_KEYS.items()}


@dataclass(frozen=True)
class CharmOptions:
    """The charm's options, as the files that they become.

    Attributes:
        agent: whether the agent shall run for this unit.
        checks: the file of definitions; `None` to leave the one that is there.
        agent_config: the contents of agent.yaml; `None` to leave the one that is there.
        rollup: the file of the service's rollup; `None` to leave the one that is there.
        faults: what cannot be used.
    """

    agent: bool
    checks: Optional[bytes] = None
    agent_config: Optional[bytes] = None
    rollup: Optional[bytes] = None
    faults: Tuple[DefinitionError, ...] = ()


def read_options(options: Mapping[str, Any], service: str, own: str = '') -> CharmOptions:
    """Return what the options ask for.

    Args:
        options: as `config-get` gives them.
        service: whom the checks are for that name nobody: the principal's application.
        own: the charm's own application, whose units run the built-in checks as well.
    """
    faults: List[DefinitionError] = []

    def read(reader: Callable[[], bytes]) -> Optional[bytes]:
        try:
            return reader()
        except DefinitionError as error:
            faults.append(error)
            return None

    return CharmOptions(
        agent=bool(options.get('agent', True)),
        checks=read(lambda: _checks(str(options.get('checks') or ''), service, own)),
        agent_config=read(lambda: _agent_config(options)),
        rollup=read(lambda: _rollup(str(options.get('rollup') or ''))),
        faults=tuple(faults),
    )


def _checks(text: str, service: str, own: str) -> bytes:
    """Return the contents of the file of definitions; empty if it shall not be there.

    A change of a built-in check is for all that run it here, so that one place reaches them.
    """
    entries = _entries(text)
    for name, entry in entries.items():
        read_entry(CHECKS, name, entry)
    both = [service, own] if own and own != service else service
    scoped = {
        name: {'service': both if name in BUILT_IN and 'kind' not in entry else service, **entry}
        for name, entry in entries.items()
    }
    return json.dumps({'checks': scoped}, indent=1).encode() + b'\n' if scoped else b''


def _entries(text: str) -> Dict[str, Any]:
    """Return the entries of the text, with or without the key `checks` above them."""
    try:
        document = plain_yaml.load(text)
    except plain_yaml.PlainYamlError as error:
        raise DefinitionError(CHECKS, f'line {error.line}', error.reason) from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise DefinitionError(CHECKS, '', 'it is not a mapping with the key `checks`')
    for key in document:
        if key != 'checks':
            raise DefinitionError(CHECKS, str(key), f'no such key{nearest(str(key), ["checks"])}')
    entries = document['checks'] or {}
    if not isinstance(entries, dict):
        raise DefinitionError(CHECKS, 'checks', 'it is not a mapping of names to checks')
    return entries


def _rollup(text: str) -> bytes:
    """Return the contents of the rollup's file; empty if it shall not be there."""
    rollup = rollup_file.parse('the option `rollup`', text)
    return json.dumps(rollup).encode() + b'\n' if rollup else b''


def _agent_config(options: Mapping[str, Any]) -> bytes:
    lines = [MARK]
    for option, (key, scale) in _AGENT_KEYS.items():
        if options.get(option) is not None:
            lines.append(f'{key}: {json.dumps(options[option] * scale)}')
    text = '\n'.join(lines) + '\n'
    # The agent's own reader judges it, so that the two never disagree.
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / 'agent.yaml'
        path.write_text(text)
        path.chmod(0o600)
        try:
            agent_config.load(path)
        except DefinitionError as error:
            option = _OPTION_OF.get(error.key, error.key)
            raise DefinitionError(f'the option `{option}`', '', error.reason) from error
    return text.encode()
