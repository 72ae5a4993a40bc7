"""What was answered to who recorded a sweep, for as long as he may ask again.

A server may go away after it committed, and before it said so. Whoever records tries again then,
under the same key: what was written once is not written twice, and what it changed is not lost.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from .tables import answers

# Nobody tries for longer, by far.
_KEPT = 15 * 60_000


def answer_to(connection: Connection, key: str) -> str | None:
    """Return what was answered to who has this key; `None` if nothing was."""
    found: str | None = connection.execute(
        select(answers.c.answer).where(answers.c.key == key)
    ).scalar()
    return found


def keep_answer(connection: Connection, key: str, model_id: int, at: int, answer: str) -> None:
    """Write down an answer of the model's sweep `at`, and forget those before its last ones."""
    old = delete(answers).where(answers.c.model_id == model_id, answers.c.at < at - _KEPT)
    connection.execute(old)
    values = {'key': key, 'model_id': model_id, 'at': at, 'answer': answer}
    connection.execute(insert(answers), values)
