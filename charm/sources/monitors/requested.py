"""The checks that a principal asks for over `local-monitors` and `nrpe-external-master`.

Our relation hook writes what came into /etc/juju-health/monitors.d, one file for each relation:

    {"unit": "mysql/0", "relation": "local-monitors", "monitors": "<the text as it came>"}

The text is that of charm-nrpe's README, "Monitors yaml": `local` monitors are commands to be made
here, `remote` ones are asked from outside, and for us from here. It only picks among what this
machine has: programs that others than root may write are not run, and none is run as root.
"""

from __future__ import annotations

import json
from pathlib import Path

from ...checks.check import CheckSpec
from ...checks.options import OptionError
from ...checks.phrases import listed
from ...kernel.errors import DefinitionError, ReportError
from ...kernel.hints import Any, Collection, Dict, Iterator, List, Mapping, Tuple
from ...kernel.names import nearest
from ...kernel.paths import HERE
from ...kernel.strict_json import load
from ..found import FoundChecks
from ..trust import list_trusted, read_trusted
from .kinds import KINDS, PLUGINS, MonitorFile, MonitorOptions, UnavailableMonitor
from .text import parse

_MOST_MONITORS = 500


def find(
    unit: str,
    known: Collection[str] = (),
    directory: Path = HERE.monitors,
    plugins: Path = PLUGINS,
) -> FoundChecks:
    """Return what the unit's relations ask for, as checks named `monitors-<kind>-<name>`.

    Args:
        unit: whose; files of others are for others.
        known: the names of the checks that NRPE's configuration gave. A monitor of one of these is
            that check; one of another is `unknown`.
        directory: of the files.
        plugins: where a plugin without a path is.
    """
    try:
        names = list_trusted(directory)
    except FileNotFoundError:
        return FoundChecks()
    except DefinitionError as error:
        return FoundChecks(faults=(error,))
    specs: Dict[str, CheckSpec] = {}
    faults: List[DefinitionError] = []
    for name in names:
        if not name.endswith('.json') or name.startswith('.'):
            continue
        found = MonitorFile(str(directory / name), known, plugins)
        try:
            _read_file(directory / name, unit, found)
        except DefinitionError as error:
            faults.append(error)
        # Two relations with the same principal ask for the same thing.
        for spec in found.specs:
            specs.setdefault(spec.name, spec)
        faults += found.faults
    return FoundChecks(tuple(specs.values()), tuple(faults))


def to_file(unit: str, relation: str, monitors: str) -> bytes:
    """Return the contents of the file that a relation hook writes, with mode 0600."""
    return json.dumps({'unit': unit, 'relation': relation, 'monitors': monitors}).encode()


def _read_file(path: Path, unit: str, found: MonitorFile) -> None:
    try:
        document = load(read_trusted(path, secret=True))
    except FileNotFoundError:
        return
    except ReportError as error:
        raise DefinitionError(str(path), error.path, error.reason) from error
    values = document if isinstance(document, dict) else {}
    if not all(isinstance(values.get(key), str) for key in ('unit', 'relation', 'monitors')):
        raise DefinitionError(str(path), '', 'the texts unit, relation and monitors belong in it')
    if values['unit'] != unit:
        return
    try:
        asked = parse(values['monitors'])
    except ValueError as error:
        raise DefinitionError(str(path), 'monitors', str(error)) from error
    found.address = asked.address or found.address
    _take(asked.monitors, found)


def _take(document: Mapping[str, Any], found: MonitorFile) -> None:
    """Add the checks of one document, and what is wrong in it."""
    for word in document:
        if word not in ('local', 'remote'):
            reason = f'no such part{nearest(str(word), ["local", "remote"])}'
            found.faults.append(DefinitionError(found.source, f'monitors.{word}', reason))
    unsupported: Dict[str, List[str]] = {}
    count = 0
    for at, place, kind, name, monitor in _each(document, found):
        count += 1
        if count > _MOST_MONITORS:
            reason = f'more than {_MOST_MONITORS} monitors; the rest is left out'
            found.faults.append(DefinitionError(found.source, 'monitors', reason))
            break
        maker = KINDS.get(f'{place}.{kind}')
        if maker is None:
            unsupported.setdefault(kind, []).append(name)
            continue
        try:
            maker(found, name, MonitorOptions(kind, monitor))
        except OptionError as error:
            key = f'{at}.{error.key}' if error.key else at
            found.faults.append(DefinitionError(found.source, key, error.reason))
    for kind, names in unsupported.items():
        reason = (
            f'it is asked to monitor {kind} {listed(names)}, and there is no such kind here; '
            f'define a check for it, and turn this one off'
        )
        found.add(kind, UnavailableMonitor(reason))


def _each(
    document: Mapping[str, Any], found: MonitorFile
) -> Iterator[Tuple[str, str, str, str, Mapping[str, Any]]]:
    """Yield each monitor with where it stands, its part, its kind and its name."""
    for place in ('local', 'remote'):
        kinds = document.get(place) or {}
        if not isinstance(kinds, dict):
            reason = 'it is not a mapping of kinds to monitors'
            found.faults.append(DefinitionError(found.source, f'monitors.{place}', reason))
            continue
        for kind, monitors in kinds.items():
            if not isinstance(monitors, dict):
                reason = 'it is not a mapping of names to monitors'
                at = f'monitors.{place}.{kind}'
                found.faults.append(DefinitionError(found.source, at, reason))
                continue
            for name, monitor in monitors.items():
                at = f'monitors.{place}.{kind}.{name}'
                options = {'command': monitor} if isinstance(monitor, str) else monitor or {}
                if isinstance(options, dict):
                    yield at, place, str(kind), str(name), options
                else:
                    reason = 'it is neither a name nor a mapping of options'
                    found.faults.append(DefinitionError(found.source, at, reason))
