"""What operators said, where that is shared, beside what this user's own file still holds.

What was acknowledged before it was shared counts on: the file's entries are read and cleared as
well. Whoever says the same again has it in the shared place, and no longer in the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from charm.kernel.deadline import Deadline

from ..values.words import counted, first_few
from .said import Change, Changed, SaidStore, SuppressionsRead
from .suppressions import SuppressionEntry
from .suppressions_file import SuppressionsFile

# What the ids of the file's entries begin with here, so that no two entries share one.
OF_FILE = 'file-'
_MOST_NAMED = 3


@dataclass(frozen=True)
class SharedAndOwn(SaidStore):
    """Both as one: the file's entries come first, and what is new is shared."""

    shared: SaidStore
    own: SuppressionsFile

    def read(self, until: Deadline) -> SuppressionsRead:
        """Return what was said in either.

        Raises:
            ReconcilerError: one cannot be read.
        """
        return self._joined(self.own.read(until), self.shared.read(until))

    def read_if_possible(self, until: Deadline) -> SuppressionsRead:
        """Return what was said in either, of one if the other cannot be read."""
        return self._joined(self.own.read_if_possible(until), self.shared.read_if_possible(until))

    def change(self, change: Change, until: Deadline) -> Changed:
        """Keep what `change` makes of the entries of both.

        Raises:
            ReconcilerError: of `change`, or one cannot be kept. Where that is the file, what is
                shared is changed already; the same again changes the rest.
        """
        if not self.own.exists:
            return self.shared.change(change, until)
        done: list[Changed] = []

        def of_file(mine: Sequence[SuppressionEntry]) -> Sequence[SuppressionEntry]:
            told = _told(mine)
            shared = self.shared.change(
                lambda theirs: [one for one in change((*told, *theirs)) if one not in told], until
            )
            # The same of the same, now that it is known what was there.
            wanted = change((*told, *shared.before))
            kept = tuple(one for one in told if one in wanted)
            done.append(Changed((*told, *shared.before), (*kept, *shared.after), shared.faults))
            return [one for one, as_told in zip(mine, told, strict=True) if as_told in kept]

        own = self.own.change(of_file, until)
        return replace(done[0], faults=(*own.faults, *done[0].faults))

    def _joined(self, own: SuppressionsRead, shared: SuppressionsRead) -> SuppressionsRead:
        mine = _told(own.entries)
        notes: tuple[str, ...] = ()
        if mine:
            which = first_few([entry.id for entry in mine], _MOST_NAMED)
            holds = f'{counted(len(mine), "suppression")} ({which})'
            notes = (f'nobody else reads {self.own.path}, which holds {holds}',)
        faults = (*own.faults, *shared.faults)
        return SuppressionsRead((*mine, *shared.entries), faults, notes)


def _told(mine: Sequence[SuppressionEntry]) -> tuple[SuppressionEntry, ...]:
    return tuple(replace(entry, id=f'{OF_FILE}{entry.id}') for entry in mine)
