"""The rows of a model's subjects; those that are new are made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, insert, select

from .subject import Subject
from .tables import subjects


class SubjectIds:
    """The rows of one model's subjects, in one transaction.

    Attributes:
        model_id: the row of the model.
    """

    def __init__(self, connection: Connection, model_id: int) -> None:
        self._connection = connection
        self.model_id = model_id
        rows = connection.execute(
            select(subjects.c.kind, subjects.c.name, subjects.c.id).where(
                subjects.c.model_id == model_id
            )
        ).all()
        self._ids: dict[Subject, int] = {
            Subject(kind, name): number for kind, name, number in rows
        }
        self._subjects = {number: subject for subject, number in self._ids.items()}

    def add(self, wanted: Iterable[Subject]) -> None:
        """See to it that these have rows."""
        new = [subject for subject in dict.fromkeys(wanted) if subject not in self._ids]
        if not new:
            return
        statement = insert(subjects).returning(subjects.c.id, sort_by_parameter_order=True)
        values = [{'model_id': self.model_id, 'kind': kind, 'name': name} for kind, name in new]
        made = self._connection.execute(statement, values).scalars()
        for subject, number in zip(new, made, strict=True):
            self._ids[subject] = number
            self._subjects[number] = subject

    @property
    def of_model(self) -> dict[str, int]:
        """Return the parameters of a statement about the model."""
        return {'model_id': self.model_id}

    def __getitem__(self, subject: Subject) -> int:
        """Return the row of a subject that has one."""
        return self._ids[subject]

    def __contains__(self, subject: Subject) -> bool:
        return subject in self._ids

    def __iter__(self) -> Iterator[Subject]:
        return iter(self._ids)

    def subject(self, number: int) -> Subject:
        """Return the subject of a row."""
        return self._subjects[number]
