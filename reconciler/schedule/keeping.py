"""Install, find and remove schedules, whoever keeps them."""

from __future__ import annotations

import contextlib
import os
import pwd
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Protocol

from charm.kernel.errors import FileError
from charm.kernel.files import write_whole
from reconciler.values.errors import ScheduleError

from .place import Place
from .schedule import Schedule


class Keeper(Protocol):
    """Who starts sweeps by the clock: `BySystemd` and `ByCron`, which say more of each."""

    @property
    def kind(self) -> str: ...
    @property
    def place(self) -> Place: ...
    def files(self, schedule: Schedule) -> Mapping[Path, str]: ...
    def found(self) -> Iterator[Schedule]: ...
    def install(self, schedule: Schedule) -> Iterator[str]: ...
    def remove(self, schedule: Schedule) -> Iterator[str]: ...
    def next_run(self, schedule: Schedule) -> datetime | None: ...
    def trouble(self, schedule: Schedule) -> str: ...
    def output(self, schedule: Schedule) -> str: ...


def install(
    schedule: Schedule, keeper: Keeper, beside: Iterable[Keeper], url: str
) -> Iterator[str]:
    """Have the keeper keep the schedule, and yield what is done.

    What has its name in the same place goes, whoever kept it.

    Args:
        schedule: what to install.
        keeper: who is to keep it.
        beside: the other keepers of the same place.
        url: the watcher's, for the schedule's `ping_file`.

    Raises:
        ScheduleError: it cannot be, or its name is that of a schedule of something else.
        UsageError: cron takes no such command.
    """
    keepers = (keeper, *beside)
    old = [(one, found) for one in keepers for found in one.found() if found.name == schedule.name]
    for _one, found in old:
        if found.asked != schedule.asked:
            reason = f'that is the schedule of {found.asked}: give this one a name with --name'
            raise ScheduleError(f'cannot install {schedule.name}: {reason}')
    if schedule.ping_file:
        _write_secret(Path(schedule.ping_file), url, keeper.place)
        yield f'wrote {schedule.ping_file}'
    yield from keeper.install(schedule)
    for one, found in old:
        if one is not keeper:
            yield from one.remove(found)
        if found.ping_file not in ('', schedule.ping_file):
            yield from _forget(Path(found.ping_file))


def remove(schedule: Schedule, keeper: Keeper) -> Iterator[str]:
    """Undo all that installing the schedule did, and yield what is done.

    Raises:
        ScheduleError: it cannot be undone.
    """
    yield from keeper.remove(schedule)
    for name in filter(None, (schedule.ping_file, schedule.last_run)):
        yield from _forget(Path(name))


def _write_secret(path: Path, url: str, place: Place) -> None:
    try:
        write_whole(path, f'{url}\n'.encode(), 0o600)
        if not place.own:
            who = pwd.getpwnam(place.user)
            os.chown(path, who.pw_uid, who.pw_gid)
    except (OSError, FileError) as error:
        raise ScheduleError(f'cannot write {path}: {error}') from error


def _forget(path: Path) -> Iterator[str]:
    """Remove a file, and its directory if that is empty then."""
    try:
        path.unlink()
    except FileNotFoundError:
        return
    except OSError as error:
        raise ScheduleError(f'cannot remove {path}: {error.strerror}') from error
    with contextlib.suppress(OSError):
        path.parent.rmdir()
    yield f'removed {path}'
