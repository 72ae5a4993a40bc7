"""Leave the machine as it was: all that is ours goes; what others put there stays, and is named.

What several units share goes with the last of them that Juju still has, and what one of those
needs is not taken from it. States that a principal's charm recorded stay while that charm has a
health hook of its own, since that reads them.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import Iterator, List, Set

from ..agent import units as agent_units
from ..kernel.errors import FileError
from ..kernel.facts import replace
from ..kernel.names import slug
from ..kernel.paths import Place
from ..reporting.states import remove_leftovers
from . import code_copies
from .agent_service import AgentService
from .hook_memory import path_of, recall, remember
from .systemd import Systemd, SystemdError
from .written_files import checks_name, is_ours, remove_file


def remove(place: Place, systemd: Systemd, unit: str) -> List[str]:
    """Remove all that was done for the unit; return what stays there of others, as paths.

    Raises:
        FileError: something cannot be removed; doing it again goes on from there.
        SystemdError: the agent does not stop.
    """
    memory = recall(place, unit)
    others = [other for other in code_copies.living(place) if other != unit]
    needs = [recall(place, other) for other in others]
    own_files = {*memory.files, f'{place.checks.name}/{checks_name(unit)}'}
    for name in own_files.difference(*(need.files for need in needs)):
        remove_file(place.etc / name)
    agent_units.withdraw_reporters(place.units, {unit})
    for name in (unit, memory.principal):
        remove_leftovers(place.units / f'{slug(name)}.json')
    agent = AgentService(place, systemd, leaving=unit)
    if others:
        _hand_over(place, agent, others[0])
    else:
        _stop(agent)
    reported = {known.name for known in agent_units.load(place.units)[0]} if others else set()
    for name in {unit, memory.principal} - {'', *reported, *(need.principal for need in needs)}:
        _forget_unit(place, name, unit)
    remove_file(path_of(place, unit))
    left = [] if others else _remove_shared(place, unit)
    if not others:
        agent.forget()
    # Last: by it all of this is found again, and done again, where it was cut off.
    code_copies.remove(place, unit)
    return left


def _hand_over(place: Place, agent: AgentService, other: str) -> None:
    """Have the agent forget the unit, and run another one's code where it ran ours."""
    try:
        # Whether what it reads is another now was perhaps seen by a removal that was cut off.
        agent.follow(other, fresh_code=False, restart=False, changed=True)
    except SystemdError:
        # No reason for this unit to stay: the other's next hook starts it anew, and tells of it.
        remember(place, other, replace(recall(place, other), unfinished=True))


def _stop(agent: AgentService) -> None:
    try:
        agent.stop()
    except SystemdError:
        # Once more: what was stopping may have stopped by now.
        agent.stop()


def _forget_unit(place: Place, name: str, own: str) -> None:
    """Remove what is kept of one unit, whose name may be used again."""
    kept = _keepers(place, own)
    agent = place.state / 'agent'
    paths = [agent / 'last' / f'{slug(name)}.json', agent / 'spool' / slug(name)]
    if slug(name) not in kept:
        paths += _files_of(place.states, slug(name))
    for path in paths:
        _remove_tree(path)


def _keepers(place: Place, own: str) -> Set[str]:
    """Return the units, as slugs, whose charms have health hooks and so read their states."""
    hooks = place.agents.glob('unit-*/charm/hooks/health')
    return {hook.parents[2].name[len('unit-') :] for hook in hooks} - {slug(own)}


def _files_of(directory: Path, name: str) -> List[Path]:
    with contextlib.suppress(FileNotFoundError):
        remove_leftovers(directory / f'{name}.json')
        return [directory / file for file in os.listdir(directory) if file.startswith(f'{name}.')]
    return []


def _remove_shared(place: Place, own: str) -> List[str]:
    """Remove what no unit needs any more; return what others left in it."""
    if not place.agent_config.exists() or is_ours(place.agent_config):
        remove_file(place.agent_config)
    kept = _keepers(place, own)
    for path in _inside(place.state):
        if path != place.states:
            _remove_tree(path)
    for path in _inside(place.states):
        if path.name.lstrip('.').split('.')[0] not in kept:
            _remove_tree(path)
    for path in (place.log, place.run):
        _remove_tree(path)
    for directory in (
        *(place.checks, place.rollups, place.units, place.monitors, place.callbacks),
        place.etc,
        *(place.states, place.state),
    ):
        with contextlib.suppress(OSError):
            directory.rmdir()
    return sorted(str(path) for top in (place.etc, place.state) for path in _files(top))


def _inside(directory: Path) -> Iterator[Path]:
    with contextlib.suppress(FileNotFoundError):
        yield from [directory / name for name in os.listdir(directory)]


def _files(directory: Path) -> Iterator[Path]:
    for top, _directories, names in os.walk(directory):
        yield from (Path(top) / name for name in names)


def _remove_tree(path: Path) -> None:
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            remove_file(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise FileError(f'cannot remove {path}: {error.strerror or error}') from error
