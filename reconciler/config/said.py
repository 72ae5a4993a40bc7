"""What operators said on the command line, wherever it is kept, and what saying it does there.

Entries stand in the order in which they were said. Each has an id, by which it can be cleared.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from charm.kernel.deadline import Deadline

from ..values.errors import ReconcilerError, UsageError
from .suppressions import SuppressionEntry

MAX_ENTRIES = 1000
_KEEP_ENDED = timedelta(days=7)
# From the entries that there are to those that are to be; one without an id is new.
Change = Callable[[Sequence[SuppressionEntry]], Sequence[SuppressionEntry]]


@dataclass(frozen=True)
class SuppressionsRead:
    """What was said.

    Attributes:
        faults: why some of it could not be used, and where it is now; empty if all is well.
        notes: what whoever lists the entries is to know of them.
    """

    entries: tuple[SuppressionEntry, ...] = ()
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Changed:
    """The entries before a change and after it, each with its id.

    Attributes:
        faults: what was wrong with where they are kept; empty if all was well.
    """

    before: tuple[SuppressionEntry, ...]
    after: tuple[SuppressionEntry, ...]
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Added:
    """What became of an entry that was added.

    Attributes:
        entry: with its id.
        replaced: those that had said the same, and count no more.
        faults: what was wrong with where it is kept; empty if all was well.
    """

    entry: SuppressionEntry
    replaced: tuple[SuppressionEntry, ...] = ()
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cleared:
    """The entries that are no more, and what was wrong with where they were kept."""

    entries: tuple[SuppressionEntry, ...]
    faults: tuple[str, ...] = ()


class SaidStore(ABC):
    """The door to where it is kept; several may use it at once, and lose nothing."""

    @abstractmethod
    def read(self, until: Deadline) -> SuppressionsRead:
        """Return what was said; nothing if nothing ever was.

        Raises:
            ReconcilerError: it cannot be read.
        """

    @abstractmethod
    def change(self, change: Change, until: Deadline) -> Changed:
        """Keep what `change` makes of the entries; meanwhile nobody else changes them.

        It may be called more than once. What ended more than a week ago is forgotten.

        Raises:
            ReconcilerError: of `change`, or it cannot be kept; all is as it was then.
        """

    def read_if_possible(self, until: Deadline) -> SuppressionsRead:
        """Return what was said, or why it cannot be read: a sweep shows all the same."""
        try:
            return self.read(until)
        except ReconcilerError as error:
            return SuppressionsRead(faults=error.lines)

    def add(self, entry: SuppressionEntry, until: Deadline) -> Added:
        """Keep one more entry; it counts in the place of those that say the same and hold still.

        Raises:
            UsageError: there are too many entries.
            ReconcilerError: it cannot be kept.
        """
        now = datetime.now(timezone.utc)

        def adding(entries: Sequence[SuppressionEntry]) -> Sequence[SuppressionEntry]:
            others = [one for one in entries if one.until <= now or one.about != entry.about]
            if len(others) >= MAX_ENTRIES:
                raise UsageError(f'cannot hold more than {MAX_ENTRIES} entries: clear some')
            return [*others, entry]

        done = self.change(adding, until)
        replaced = tuple(one for one in done.before if one not in done.after)
        return Added(done.after[-1], replaced, done.faults)

    def clear(self, names: Sequence[str], until: Deadline) -> Cleared:
        """Remove the entries of these ids or targets.

        Raises:
            UsageError: a name stands for no entry; nothing is removed.
            ReconcilerError: they cannot be removed.
        """

        def clearing(entries: Sequence[SuppressionEntry]) -> Sequence[SuppressionEntry]:
            gone = _named(entries, names)
            return [entry for entry in entries if entry not in gone]

        done = self.change(clearing, until)
        return Cleared(_named(done.before, names), done.faults)


def _named(
    entries: Sequence[SuppressionEntry], names: Sequence[str]
) -> tuple[SuppressionEntry, ...]:
    """Return the entries of these ids or targets, once each.

    Raises:
        UsageError: a name stands for none.
    """
    found: dict[SuppressionEntry, None] = {}
    for name in names:
        own = [entry for entry in entries if name in (entry.id, entry.written)]
        if not own:
            raise UsageError(
                f'cannot clear {name!r}: no entry has that id or target; '
                'list them: reconcile-health suppressions'
            )
        found.update(dict.fromkeys(own))
    return tuple(found)


def remembered(entries: Sequence[SuppressionEntry]) -> tuple[SuppressionEntry, ...]:
    """Return the entries without those that ended more than a week ago."""
    oldest = datetime.now(timezone.utc) - _KEEP_ENDED
    return tuple(entry for entry in entries if entry.until > oldest)
