"""Run by Alembic for each upgrade, in the transaction of whoever asked for it."""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes['connection'],
    # SQLite's tables are made and changed in transactions as well.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
