"""What operators said of troubles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'


def upgrade() -> None:
    """Make its table."""
    texts = ('kind', 'target', 'check', 'reason', 'by', 'model')
    op.create_table(
        'suppressions',
        sa.Column('id', sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        sa.Column('since', sa.BigInteger(), nullable=True),
        sa.Column('until', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_suppressions')),
        sqlite_autoincrement=True,
    )
