"""Keeping a push in the database: what of it is new, and how much is kept of each unit.

What was seen is known by boot id and sequence, not by any clock. A report that is not newer than
the newest of its boot, or is of a boot before the unit's current one, is a duplicate or a replay;
nothing tells them apart, and neither does harm.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from charm.kernel.fields import format_time

from .boots import MOST_BOOTS, digest_of
from .former import FormerInbox
from .pushed import Push, PushedLine

# As much as an agent's log of 4 files has, the oldest of which goes when they are full.
MOST_BYTES = 16 * 1024 * 1024
_LEFT_BYTES = 12 * 1024 * 1024


@dataclass(frozen=True)
class Ack:
    """The acknowledgement of one push, line by line.

    Attributes:
        accepted: how many were new.
        duplicate: how many were not.
        refused: for each of the others, the line's number from 1, and why.
    """

    accepted: int
    duplicate: int
    refused: tuple[tuple[int, str], ...] = ()


@dataclass
class _Unit:
    """A unit's row, with what is new in it."""

    database: sqlite3.Connection
    id: int
    boot_id: str
    sequence: int
    boots: int
    bytes: int
    dropped: int

    def is_new(self, line: PushedLine) -> bool:
        """Return whether this is no duplicate, no replay, and of no boot before the latest."""
        if line.boot_id == self.boot_id:
            return line.sequence > self.sequence
        known = 'SELECT 1 FROM boots WHERE unit = ? AND digest = ?'
        return not self.database.execute(known, (self.id, digest_of(line.boot_id))).fetchone()

    def is_one_boot_too_many(self, line: PushedLine) -> bool:
        """Return whether a new report is of a boot that cannot be remembered."""
        return line.boot_id != self.boot_id and self.boots >= MOST_BOOTS

    def add(self, line: PushedLine, received_at: str | None, sent_at: str | None) -> None:
        """Add a report that is new."""
        if line.boot_id != self.boot_id:
            boot = 'INSERT INTO boots (unit, digest) VALUES (?, ?)'
            self.database.execute(boot, (self.id, digest_of(line.boot_id)))
            self.boots += 1
        self.boot_id, self.sequence = line.boot_id, line.sequence
        report = 'INSERT INTO reports (unit, received_at, sent_at, report) VALUES (?, ?, ?, ?)'
        self.database.execute(report, (self.id, received_at, sent_at, line.text))
        self.bytes += len(line.text)

    def trim(self) -> None:
        """Drop the oldest reports, until there is room for more; the latest stays."""
        sizes = 'SELECT id, length(report) FROM reports WHERE unit = ? ORDER BY id'
        for number, size in self.database.execute(sizes, (self.id,)).fetchall()[:-1]:
            self.dropped = number
            self.bytes -= size
            if self.bytes <= _LEFT_BYTES:
                break
        old = 'DELETE FROM reports WHERE unit = ? AND id <= ?'
        self.database.execute(old, (self.id, self.dropped))

    def save(self) -> None:
        """Write the row."""
        self.database.execute(
            'UPDATE units SET boot_id = ?, sequence = ?, boots = ?, bytes = ?, dropped = ? '
            'WHERE id = ?',
            (self.boot_id, self.sequence, self.boots, self.bytes, self.dropped, self.id),
        )


def keep_push(
    database: sqlite3.Connection, former: FormerInbox, push: Push, received_at: datetime
) -> Ack:
    """Keep what is new of a push, and return what became of each line.

    Raises:
        FileError: what a former version knew of the unit cannot be read; nothing is written then.
    """
    unit = _find(database, push) or _enter(database, former, push)
    refused, duplicate, bytes_before = list(push.refused), 0, unit.bytes
    received, sent = format_time(received_at), format_time(push.sent_at)
    for line in push.reports:
        if not unit.is_new(line):
            duplicate += 1
        elif unit.is_one_boot_too_many(line):
            refused.append((line.number, f'boot_id: one boot too many, after {MOST_BOOTS}'))
        else:
            unit.add(line, received, sent)
    if unit.bytes > MOST_BYTES:
        unit.trim()
        # What it has is older than anything that was dropped now.
        former.remove(push.unit, push.model)
    if unit.bytes != bytes_before:
        unit.save()
    accepted = len(push.reports) + len(push.refused) - duplicate - len(refused)
    return Ack(accepted, duplicate, tuple(sorted(refused)))


def _find(database: sqlite3.Connection, push: Push) -> _Unit | None:
    row = database.execute(
        'SELECT id, boot_id, sequence, boots, bytes, dropped FROM units '
        'WHERE model = ? AND unit = ?',
        (push.model, push.unit),
    ).fetchone()
    return None if row is None else _Unit(database, *row)


def _enter(database: sqlite3.Connection, former: FormerInbox, push: Push) -> _Unit:
    """Add a unit, with the boots it had; while it has no bytes, it has no reports either."""
    had = former.unit(push.unit, push.model, set_bad_aside=True)
    row = (had.boot_id, had.sequence, len(had.boots), 0, 0)
    added = database.execute(
        'INSERT INTO units (model, unit, boot_id, sequence, boots, bytes, dropped) '
        'VALUES (?, ?, ?, ?, ?, ?, ?)',
        (push.model, push.unit, *row),
    )
    unit = _Unit(database, added.lastrowid or 0, *row)
    database.executemany(
        'INSERT INTO boots (unit, digest) VALUES (?, ?)',
        [(unit.id, digest) for digest in sorted(had.boots)],
    )
    return unit
