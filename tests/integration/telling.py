"""Processes that sweep and tell of what they saw, and a receiver that notes what it took."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from charm.kernel.deadline import Deadline
from reconciler.config.channel_settings import CommandSettings
from reconciler.config.settings import Config
from reconciler.history.database import Database
from reconciler.history.errors import HistoryError
from reconciler.notify.outbox.send import Outbox
from tests.support.checking import program
from tests.support.outages import Outages, alerts, fall, rise, shop
from tests.support.patience import PATIENCE

from .forked import Forking, forking

# What stands in the way of those who tell is not in the way of who is told.
_RECEIVER = """
{{ test ! -e {root}/fails || exit 1; }} 2> {root}/said
echo "$JUJU_HEALTH_KIND $JUJU_HEALTH_INCIDENT.$JUJU_HEALTH_NUMBER" >> {root}/told
if test -e {root}/deadly; then mv {root}/deadly {root}/was-deadly; kill -9 $PPID; fi
"""
_SCRIPT = """
import json, os, sys
import reconciler.history.upgrade
from tests.integration.telling import keep
"""
# A step: the minute of a sweep, and whether mysql and what needs it are ill then.
Step = tuple[float, bool]


@dataclass(frozen=True)
class Receiver:
    """A command that notes each message that it takes.

    Attributes:
        root: where it notes them. While a file `fails` is there, it takes none; of `deadly`, it
            kills who told it, once.
    """

    root: Path

    def __post_init__(self) -> None:
        self.begin()
        program(self.root, _RECEIVER.format(root=self.root), 'receiver')

    @property
    def settings(self) -> CommandSettings:
        unset = ('/usr/bin/env', '-u', 'LD_PRELOAD', '-u', 'DIES_AT')
        return CommandSettings(argv=(*unset, str(self.root / 'receiver')))

    def begin(self, told: Iterable[tuple[str, str]] = ()) -> None:
        """Have taken these, and nothing else."""
        (self.root / 'told').write_text(''.join(f'{kind} {name}\n' for kind, name in told))

    @property
    def told(self) -> list[tuple[str, str]]:
        """Return what it took: of each message its kind, and its incident and number."""
        lines = (self.root / 'told').read_text().splitlines()
        return [(kind, name) for kind, name in map(str.split, lines)]

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.told]

    @contextmanager
    def failing(self) -> Iterator[None]:
        """Take nothing within the block."""
        (self.root / 'fails').touch()
        yield
        (self.root / 'fails').unlink()


@dataclass(frozen=True)
class Done:
    """What came of a process: its exit code, the minutes it told of, and why not of others."""

    code: int
    minutes: tuple[float, ...]
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tellers:
    """Starts processes that sweep and tell, on a disk that does what their environment says."""

    process: Forking
    receiver: Receiver

    def tell(self, url: str, steps: Sequence[Step], **environment: str) -> Done:
        """Make these sweeps in a new process, and tell of each."""
        argv = self.receiver.settings.argv
        code, said = self.process.keep(url, steps, argv, environment)
        refused = tuple(one for one in said if one.startswith('refused'))
        return Done(code, tuple(float(one) for one in said if one not in refused), refused)


@contextmanager
def tellers(root: Path) -> Iterator[Tellers]:
    """Yield what starts processes, and their receiver in a directory of its own."""
    receiver = root / 'receiver'
    receiver.mkdir()
    with forking(_SCRIPT, root) as process:
        yield Tellers(process, Receiver(receiver))


@dataclass
class World(Outages):
    """Outages that are told of by real channels as well."""

    box: Outbox = field(init=False)

    def __post_init__(self) -> None:
        assert self.config.alerts is not None
        self.box = Outbox(self.database, self.config.alerts, self.clock())

    def see(self, minute: float, ill: bool) -> None:
        """Sweep at this minute, and send nothing."""
        (fall if ill else rise)(self.plan)
        self.minute = minute
        self.sweep(after=0)

    def tell(self, steps: Sequence[Step]) -> None:
        """Sweep at each of these minutes, and send what is due."""
        for minute, ill in steps:
            self.see(minute, ill)
            self.box.send(Deadline.after(PATIENCE))


def world(database: Database, **channels: Any) -> World:
    """Return mysql and two that need it, told of on these channels."""
    return World(database, shop(2), Config(alerts=alerts(**channels)))


def keep(
    url: str, steps: Sequence[Step], argv: Sequence[str], how: Mapping[str, str], said: int
) -> None:
    """Do what `Tellers.tell` asks for; `forking` calls it."""
    os.environ.update(how)
    one = world(Database(url), ops=CommandSettings(argv=tuple(argv)))
    if 'DIES_AT_STATEMENT' in how:
        _die_at(int(how['DIES_AT_STATEMENT']))
    if 'DIES_UNSENT' in how:
        one.box = _Deadly(one.box.database, one.box.alerts, one.box.now)
    for minute, ill in steps:
        try:
            one.tell([(minute, ill)])
        except HistoryError as error:
            os.write(said, f'refused: {error}\n'.encode())
        else:
            os.write(said, f'{minute}\n'.encode())


def _die_at(wanted: int) -> None:
    left = iter(range(wanted - 1))

    @event.listens_for(Engine, 'before_cursor_execute')
    def _(*_: object) -> None:
        if next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)


class _Deadly(Outbox):
    """One in which whoever is to send dies before anything was sent."""

    def send(self, until: Deadline) -> Any:
        if self._due():
            os.kill(os.getpid(), signal.SIGKILL)
        return super().send(until)
