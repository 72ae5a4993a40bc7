"""The file of what operators said on the command line: planned outages and known troubles.

It is read by every sweep and may be written by several operators at once. A file that cannot be
used is set aside, never overwritten: what was acknowledged is not forgotten without a word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from itertools import count
from pathlib import Path

from charm.kernel.deadline import Deadline
from charm.kernel.errors import FileError, ReportError
from charm.kernel.fields import Fields, format_time
from charm.kernel.files import locked, set_aside, write_whole
from charm.kernel.strict_json import MAX_BYTES
from charm.kernel.strict_json import load as load_json

from ..values.errors import UsageError
from ..values.paths import state_directory
from .suppressions import ACKNOWLEDGED, MAINTENANCE, SuppressionEntry, without_repeated

SCHEMA = 1
MAX_ENTRIES = 1000
_KEEP_ENDED = timedelta(days=7)
_WAIT_SECONDS = 10.0
# Those that we give; somebody may have written others into the file.
_NUMBER = re.compile(r'[0-9]{1,18}')
# Entries in the file's order, to those that are to be in it from now on.
Change = Callable[[tuple[SuppressionEntry, ...]], Sequence[SuppressionEntry]]


@dataclass(frozen=True)
class SuppressionsRead:
    """The content of the file.

    Attributes:
        fault: why it could not be used, and where it is now; empty if all is well.
    """

    entries: tuple[SuppressionEntry, ...] = ()
    fault: str = ''


def default_path() -> Path:
    """Return the file of this user."""
    return state_directory() / 'maintenance.json'


def read(path: Path) -> SuppressionsRead:
    """Return what was said; nothing if there is no file. One that cannot be used is set aside.

    Raises:
        UsageError: it cannot be opened, or a newer version of this program wrote it.
    """
    try:
        return SuppressionsRead(_load(path))
    except ReportError:
        pass
    try:
        # Under the lock, since meanwhile a writer may have put a sound file in its place.
        with locked(path, Deadline.after(_WAIT_SECONDS)):
            return _read_locked(path)
    except FileError as error:
        return SuppressionsRead((), f'cannot use {path}, which is damaged: {error}')


def read_if_possible(path: Path) -> SuppressionsRead:
    """Return what was said, or why it cannot be read: a sweep without it shows all the same."""
    try:
        return read(path)
    except UsageError as error:
        return SuppressionsRead(fault=str(error))


def _read_locked(path: Path) -> SuppressionsRead:
    try:
        return SuppressionsRead(_load(path))
    except ReportError as error:
        aside = set_aside(path)
        told = f'it is now {aside}, and nothing in it counts'
        return SuppressionsRead((), f'cannot use {path}: {error.fault}; {told}')


def _load(path: Path) -> tuple[SuppressionEntry, ...]:
    try:
        with path.open('rb') as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise UsageError(f'cannot read {path}: {error.strerror or error}') from error
    fields = Fields(load_json(content), '')
    schema = fields.count('schema')
    if schema is not None and schema > SCHEMA:
        raise UsageError(f'cannot read {path}: a newer reconcile-health wrote it; use that one')
    if schema is None:
        raise ReportError('schema', 'missing')
    items = fields.array('entries', MAX_ENTRIES)
    entries = [_entry(Fields(item, f'entries[{i}]'), i) for i, item in enumerate(items)]
    return without_repeated(entries, datetime.now(timezone.utc))


@dataclass(frozen=True)
class Added:
    """What became of an entry that was added.

    Attributes:
        entry: with its id.
        replaced: those that had said the same, and count no more.
        fault: what was wrong with the file; empty if all was well.
    """

    entry: SuppressionEntry
    replaced: tuple[SuppressionEntry, ...] = ()
    fault: str = ''


def add(path: Path, entry: SuppressionEntry) -> Added:
    """Write one more entry; it counts in the place of those that say the same and hold still.

    Raises:
        UsageError: the file cannot be written, or holds too many entries.
    """
    added: list[Added] = []

    def change(entries: tuple[SuppressionEntry, ...]) -> Sequence[SuppressionEntry]:
        numbers = [int(present.id) for present in entries if _NUMBER.fullmatch(present.id)]
        taken = {present.id for present in entries}
        free = (str(number) for number in count(max(numbers, default=0) + 1))
        new = replace(entry, id=next(number for number in free if number not in taken))
        kept = without_repeated((*entries, new), datetime.now(timezone.utc))
        if len(kept) > MAX_ENTRIES:
            raise UsageError(f'cannot hold more than {MAX_ENTRIES} entries: clear some')
        added.append(Added(new, tuple(entry for entry in entries if entry not in kept)))
        return kept

    fault = _change(path, change)
    return replace(added[0], fault=fault)


def clear(path: Path, names: Sequence[str]) -> tuple[tuple[SuppressionEntry, ...], str]:
    """Remove the entries of these ids or targets, and return them, and what was wrong.

    Raises:
        UsageError: a name stands for no entry, or the file cannot be written; nothing is removed.
    """
    removed: list[SuppressionEntry] = []

    def change(entries: tuple[SuppressionEntry, ...]) -> Sequence[SuppressionEntry]:
        for name in names:
            found = [entry for entry in entries if name in (entry.id, entry.written)]
            if not found:
                raise UsageError(
                    f'cannot clear {name!r}: no entry has that id or target; '
                    'list them: reconcile-health suppressions'
                )
            removed.extend(entry for entry in found if entry not in removed)
        return [entry for entry in entries if entry not in removed]

    fault = _change(path, change)
    return tuple(removed), fault


def _change(path: Path, change: Change) -> str:
    try:
        with locked(path, Deadline.after(_WAIT_SECONDS)):
            said = _read_locked(path)
            oldest = datetime.now(timezone.utc) - _KEEP_ENDED
            kept = tuple(entry for entry in said.entries if entry.until > oldest)
            content = _encode(change(kept))
            if len(content) > MAX_BYTES:
                raise UsageError(f'cannot hold more in {path}: clear some entries')
            write_whole(path, content, 0o600)
    except FileError as error:
        raise UsageError(str(error)) from error
    return said.fault


def _encode(entries: Sequence[SuppressionEntry]) -> bytes:
    plain = ('id', 'kind', 'target', 'check', 'reason', 'by', 'model')
    items = [
        {key: getattr(entry, key) for key in plain}
        | {'start': format_time(entry.start), 'until': format_time(entry.until)}
        for entry in entries
    ]
    document = {'schema': SCHEMA, 'entries': items}
    return json.dumps(document, indent=1, allow_nan=False).encode() + b'\n'


def _entry(fields: Fields, index: int) -> SuppressionEntry:
    kind = fields.text('kind', required=True)
    if kind not in (MAINTENANCE, ACKNOWLEDGED):
        raise ReportError(f'entries[{index}].kind', f'{kind[:40]!r} is neither')
    return SuppressionEntry(
        kind,
        fields.text('target', required=True),
        fields.required_time('until'),
        fields.text('reason', required=True),
        fields.text('check'),
        fields.time('start'),
        fields.text('by'),
        fields.text('model'),
        fields.text('id', required=True),
    )
