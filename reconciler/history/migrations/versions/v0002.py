"""Incidents, what was said of them, and what became of each message."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'


def upgrade() -> None:
    """Make their tables."""
    _incidents()
    _messages()
    _deliveries()


def _incidents() -> None:
    op.create_table(
        'incidents',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('model_id', sa.Integer(), nullable=True),
        sa.Column('kind', sa.Text(), nullable=False),
        sa.Column('node', sa.Text(), nullable=False),
        sa.Column('since', sa.BigInteger(), nullable=False),
        sa.Column('until', sa.BigInteger(), nullable=True),
        sa.Column('opened', sa.BigInteger(), nullable=True),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.Column('looks', sa.Integer(), nullable=False),
        sa.Column('misses', sa.Integer(), nullable=False),
        sa.Column('missed', sa.BigInteger(), nullable=True),
        sa.Column('worse', sa.Integer(), nullable=False),
        sa.Column('calm', sa.BigInteger(), nullable=False),
        sa.Column('number', sa.Integer(), nullable=False),
        sa.Column('holds', sa.Text(), nullable=False),
        sa.Column('notice', sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ['model_id'], ['models.id'], name=op.f('fk_incidents_model_id'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_incidents')),
        sa.UniqueConstraint('name', name=op.f('uq_incidents_name')),
    )
    op.create_index(op.f('ix_incidents_model_id_since'), 'incidents', ['model_id', 'since'])
    op.create_index(op.f('ix_incidents_until'), 'incidents', ['until'])


def _messages() -> None:
    op.create_table(
        'messages',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('incident_id', sa.Integer(), nullable=False),
        sa.Column('number', sa.Integer(), nullable=False),
        sa.Column('kind', sa.Text(), nullable=False),
        sa.Column('health', sa.Text(), nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.Column('document', sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ['incident_id'],
            ['incidents.id'],
            name=op.f('fk_messages_incident_id'),
            ondelete='CASCADE',
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_messages')),
        sa.UniqueConstraint('incident_id', 'number', name=op.f('uq_messages_incident_id_number')),
    )
    op.create_index(op.f('ix_messages_at'), 'messages', ['at'])


def _deliveries() -> None:
    op.create_table(
        'deliveries',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('message_id', sa.Integer(), nullable=False),
        sa.Column('route', sa.Text(), nullable=False),
        sa.Column('channel', sa.Text(), nullable=False),
        sa.Column('state', sa.Text(), nullable=False),
        sa.Column('due', sa.BigInteger(), nullable=True),
        sa.Column('attempts', sa.Integer(), nullable=False),
        sa.Column('tried', sa.BigInteger(), nullable=True),
        sa.Column('answer', sa.Text(), nullable=False),
        sa.Column('leased', sa.BigInteger(), nullable=True),
        sa.Column('holder', sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ['message_id'],
            ['messages.id'],
            name=op.f('fk_deliveries_message_id'),
            ondelete='CASCADE',
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_deliveries')),
    )
    op.create_index(op.f('ix_deliveries_message_id'), 'deliveries', ['message_id'])
    op.create_index(op.f('ix_deliveries_due'), 'deliveries', ['due'])
