"""What makes sweeps cheap and counts them once: digests of parts, and answers by their keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'


def upgrade() -> None:
    """Make them."""
    op.add_column('spells', sa.Column('remembered', sa.Integer(), nullable=True))
    op.create_table(
        'parts',
        sa.Column('model_id', sa.Integer(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('looks', sa.Text(), nullable=True),
        sa.Column('facts', sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ['model_id'], ['models.id'], name=op.f('fk_parts_model_id'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('model_id', 'name', name=op.f('pk_parts')),
        sqlite_with_rowid=False,
    )
    op.create_table(
        'answers',
        sa.Column('key', sa.Text(), nullable=False),
        sa.Column('model_id', sa.Integer(), nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.Column('answer', sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ['model_id'], ['models.id'], name=op.f('fk_answers_model_id'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('key', name=op.f('pk_answers')),
    )
    op.create_index(op.f('ix_answers_model_id_at'), 'answers', ['model_id', 'at'], unique=False)
