"""The rows of a model's subjects; those that are new are made."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from sqlalchemy import ColumnElement, Connection, Table, insert, select

from .parts import part_of
from .sql import first_word
from .statements import of_model
from .subject import Subject
from .tables import runs, subjects

# PostgreSQL takes 65,535 parameters, and SQLite 32,766.
_MANY = 10_000


class SubjectIds:
    """The rows of one model's subjects, or of some of its parts, in one transaction.

    Attributes:
        model_id: the row of the model.
    """

    def __init__(
        self, connection: Connection, model_id: int, parts: Collection[str] | None = None
    ) -> None:
        """Read those of the parts, by their names; without any, all."""
        self._connection = connection
        self.model_id = model_id
        self._all = parts is None
        self._ids: dict[Subject, int] = {}
        self._subjects: dict[int, Subject] = {}
        self._read(parts)

    def _read(self, parts: Collection[str] | None) -> None:
        wanted = select(subjects.c.kind, subjects.c.name, subjects.c.id).where(
            subjects.c.model_id == self.model_id
        )
        if parts is not None:
            wanted = wanted.where(first_word(subjects.c.name).in_(sorted(parts)))
        rows = self._connection.execute(wanted).all()
        self._ids |= {Subject(kind, name): number for kind, name, number in rows}
        self._subjects = {number: subject for subject, number in self._ids.items()}

    def add(self, wanted: Iterable[Subject]) -> None:
        """See to it that these have rows, whatever part they are of."""
        new = self._unread(wanted)
        if new and not self._all:
            self._read({part_of(subject) for subject in new})
            new = self._unread(new)
        if not new:
            return
        statement = insert(subjects).returning(subjects.c.id, sort_by_parameter_order=True)
        values = [{'model_id': self.model_id, 'kind': kind, 'name': name} for kind, name in new]
        made = self._connection.execute(statement, values).scalars()
        for subject, number in zip(new, made, strict=True):
            self._ids[subject] = number
            self._subjects[number] = subject

    def _unread(self, wanted: Iterable[Subject]) -> list[Subject]:
        return [subject for subject in dict.fromkeys(wanted) if subject not in self._ids]

    def own(self, table: Table) -> ColumnElement[bool]:
        """Return the condition of rows of these subjects, and maybe of others of the model."""
        if self._all or len(self._subjects) > _MANY:
            return of_model(table, self.model_id)
        return table.c.subject_id.in_(list(self._subjects))

    def only(self, wanted: Collection[Subject]) -> ColumnElement[bool]:
        """Return the condition of runs of these subjects, which have rows."""
        if len(wanted) > _MANY:
            return self.own(runs)
        return runs.c.subject_id.in_([self._ids[subject] for subject in wanted])

    def __getitem__(self, subject: Subject) -> int:
        """Return the row of a subject that has one."""
        return self._ids[subject]

    def __contains__(self, subject: Subject) -> bool:
        return subject in self._ids

    def __iter__(self) -> Iterator[Subject]:
        return iter(self._ids)

    def subject(self, number: int) -> Subject | None:
        """Return the subject of a row; `None` of one that was not read."""
        return self._subjects.get(number)
