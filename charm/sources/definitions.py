"""The checks that an operator defines, in files of /etc/juju-health/checks.d.

Definitions are trusted, since they name commands to run: a file that others than its owner may
write, or that somebody else owns, is refused. One bad entry costs only itself; each fault is kept
and becomes one check that is `unknown`.
"""

from __future__ import annotations

import os
from pathlib import Path

from ..kernel.errors import DefinitionError
from ..kernel.facts import dataclass
from ..kernel.hints import TYPE_CHECKING, List, Tuple
from ..kernel.report import CheckResult, Health
from .trust import list_trusted

if TYPE_CHECKING:
    from .entries import Definition

_MOST_QUOTED = 1000
_SUFFIXES = ('.yaml', '.yml', '.json')


@dataclass(frozen=True)
class DefinitionsRead:
    """The usable entries of a directory, in the order of its files, and what cannot be used."""

    definitions: Tuple[Definition, ...] = ()
    faults: Tuple[DefinitionError, ...] = ()


def load(directory: Path) -> DefinitionsRead:
    """Return the definitions in the directory's files; none if there is no directory."""
    try:
        names = list_trusted(directory)
    except FileNotFoundError:
        return DefinitionsRead()
    except DefinitionError as error:
        return DefinitionsRead(faults=(error,))
    definitions: List[Definition] = []
    faults: List[DefinitionError] = []
    # A name that starts with a dot or ends like a backup does not end in one of the suffixes.
    for name in names:
        if name.endswith(_SUFFIXES) and not name.startswith('.'):
            # Most units have none, and to read them takes as much as all else that a plan loads.
            from .definition_files import load_file

            load_file(directory / name, definitions, faults)
    return DefinitionsRead(tuple(definitions), tuple(faults))


def fault_result(fault: DefinitionError) -> CheckResult:
    """Return the check that a fault becomes; its message names file, key and reason.

    It is `unknown`: nobody looked where the definition would have had us look.
    """
    key, reason = _shorten(fault.key), _shorten(fault.reason)
    where = f'{fault.source}: {key}' if key else fault.source
    return CheckResult(
        name=f'definition:{os.path.basename(fault.source)}',
        health=Health.UNKNOWN,
        message=f'{where}: {reason}',
        data={'file': fault.source, 'key': key, 'reason': reason},
    )


def _shorten(text: str) -> str:
    """Return the text as it fits into a report, whatever a file holds: a fault quotes from it."""
    text = text if len(text) <= _MOST_QUOTED else f'{text[: _MOST_QUOTED - 1]}…'
    return text.encode('utf-8', 'replace').decode()
