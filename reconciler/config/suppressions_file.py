"""The user's own file of what operators said: planned outages and known troubles.

It is read by every sweep and may be written by several operators at once. A file that cannot be
used is set aside, never overwritten: what was acknowledged is not forgotten without a word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
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
from .said import MAX_ENTRIES, Change, Changed, SaidStore, SuppressionsRead, remembered
from .suppressions import ACKNOWLEDGED, MAINTENANCE, SuppressionEntry, without_repeated

SCHEMA = 1
# Those that we give; somebody may have written others into the file.
_NUMBER = re.compile(r'[0-9]{1,18}')


def default_path() -> Path:
    """Return the file of this user."""
    return state_directory() / 'maintenance.json'


@dataclass(frozen=True)
class SuppressionsFile(SaidStore):
    """The file of one user, and of whoever uses the machine as that user."""

    path: Path

    @property
    def exists(self) -> bool:
        """Return whether it is there."""
        return self.path.exists()

    def read(self, until: Deadline) -> SuppressionsRead:
        """Return what was said; nothing if there is no file. One that cannot be used is set aside.

        Raises:
            UsageError: it cannot be opened, or a newer version of this program wrote it.
        """
        try:
            return SuppressionsRead(_load(self.path))
        except ReportError:
            pass
        try:
            # Under the lock, since meanwhile a writer may have put a sound file in its place.
            with locked(self.path, until):
                return _read_locked(self.path)
        except FileError as error:
            fault = f'cannot use {self.path}, which is damaged: {error}'
            return SuppressionsRead(faults=(fault,))

    def change(self, change: Change, until: Deadline) -> Changed:
        """Keep what `change` makes of the entries; nothing is written where it changes nothing.

        Raises:
            UsageError: of `change`, or the file cannot be written, or would be too large to read.
        """
        try:
            with locked(self.path, until):
                said = _read_locked(self.path)
                before = remembered(said.entries)
                after = _numbered(change(before), {entry.id for entry in before})
                if after != said.entries:
                    content = _encode(after)
                    if len(content) > MAX_BYTES:
                        raise UsageError(f'cannot hold more in {self.path}: clear some entries')
                    write_whole(self.path, content, 0o600)
        except FileError as error:
            raise UsageError(str(error)) from error
        return Changed(before, after, said.faults)


def _numbered(
    entries: Sequence[SuppressionEntry], taken: Collection[str]
) -> tuple[SuppressionEntry, ...]:
    """Return the entries; those without an id get the next number that is free."""
    numbers = [int(one) for one in taken if _NUMBER.fullmatch(one)]
    free = (str(number) for number in count(max(numbers, default=0) + 1))
    free = (number for number in free if number not in taken)
    return tuple(entry if entry.id else replace(entry, id=next(free)) for entry in entries)


def _read_locked(path: Path) -> SuppressionsRead:
    try:
        return SuppressionsRead(_load(path))
    except ReportError as error:
        aside = set_aside(path)
        told = f'it is now {aside}, and nothing in it counts'
        return SuppressionsRead(faults=(f'cannot use {path}: {error.fault}; {told}',))


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
