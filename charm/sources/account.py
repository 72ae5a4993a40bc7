"""A user that commands of others run as."""

from __future__ import annotations

import os
import pwd

from ..kernel.facts import dataclass
from ..kernel.hints import Optional


@dataclass(frozen=True)
class Account:
    """A user to run as."""

    name: str
    uid: int
    gid: int

    @classmethod
    def usable(cls, name: str) -> Optional[Account]:
        """Return the user; `None` if there is none, it is root, or we may not become it."""
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            return None
        if os.geteuid() != 0 or entry.pw_uid == 0:
            return None
        return cls(name, entry.pw_uid, entry.pw_gid)
