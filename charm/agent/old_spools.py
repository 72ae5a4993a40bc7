"""Spools of units that are gone: they are removed once it is sure that nobody will ship them.

A charm that is removed takes its unit's spool with it. Where that hook never ran (a unit removed
by force, a file removed by hand) nobody would ever ship what lies there. It stays for a day from
when the agent first missed the unit: a file that is away for an upgrade costs nothing.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Callable, Collection, Dict, Set

GRACE_SECONDS = 86400.0
_LOOK_SECONDS = 600.0


class Remains:
    """Files in the agent's state that no unit asks for; used by the loop's thread only.

    `state` is the agent's directory, `boot` gives the seconds since boot, `say` is told what was
    removed.
    """

    def __init__(self, state: Path, boot: Callable[[], float], say: Callable[[str], None]) -> None:
        self._spool = state / 'spool'
        self._boot = boot
        self._say = say
        self._missed_at: Dict[str, float] = {}
        self._look_at = 0.0

    def look(self, wanted: Collection[str], sure: bool) -> None:
        """Remove what was missed for longer than the grace; do nothing if it is too soon to look.

        Args:
            wanted: the slugs of the units there are.
            sure: there are no others; `False` while the file of one cannot be used.
        """
        now = self._boot()
        if now < self._look_at:
            return
        self._look_at = now + _LOOK_SECONDS
        missed = self._kept() - set(wanted) if sure else set()
        self._missed_at = {slug: self._missed_at.get(slug, now) for slug in missed}
        for slug, since in list(self._missed_at.items()):
            if now - since >= GRACE_SECONDS:
                self._remove(slug)

    def _kept(self) -> Set[str]:
        try:
            return set(os.listdir(self._spool))
        except OSError:
            return set()

    def _remove(self, slug: str) -> None:
        path = self._spool / slug
        try:
            shutil.rmtree(path)
        except OSError as error:
            self._say(f'cannot remove {path}: {error.strerror}')
            return
        del self._missed_at[slug]
        self._say(f'removed {path}: no file of a unit has named it for a day')
