"""The first tables: whose history it is, what lasts, and figures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None


def upgrade() -> None:
    """Make them."""
    _models()
    _spells()
    _subjects()
    _runs()
    _facts()
    _series()
    _points()


def _models() -> None:
    op.create_table(
        'models',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('uuid', sa.Text(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_models')),
    )


def _spells() -> None:
    op.create_index(op.f('ix_models_name'), 'models', ['name'], unique=False)
    op.create_table(
        'spells',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('model_id', sa.Integer(), nullable=False),
        sa.Column('since', sa.BigInteger(), nullable=False),
        sa.Column('until', sa.BigInteger(), nullable=False),
        sa.Column('sweeps', sa.Integer(), nullable=False),
        sa.Column('usual', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ['model_id'], ['models.id'], name=op.f('fk_spells_model_id'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_spells')),
    )
    op.create_index(
        op.f('ix_spells_model_id_until'), 'spells', ['model_id', 'until'], unique=False
    )


def _subjects() -> None:
    op.create_table(
        'subjects',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('model_id', sa.Integer(), nullable=False),
        sa.Column('kind', sa.Text(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ['model_id'], ['models.id'], name=op.f('fk_subjects_model_id'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_subjects')),
        sa.UniqueConstraint(
            'model_id', 'kind', 'name', name=op.f('uq_subjects_model_id_kind_name')
        ),
    )


def _runs() -> None:
    op.create_table(
        'runs',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('subject_id', sa.Integer(), nullable=False),
        sa.Column('since', sa.BigInteger(), nullable=False),
        sa.Column('until', sa.BigInteger(), nullable=True),
        sa.Column('health', sa.Text(), nullable=False),
        sa.Column('settled', sa.Text(), nullable=False),
        sa.Column('state', sa.Text(), nullable=False),
        sa.Column('evidence', sa.Text(), nullable=False),
        sa.Column('looks', sa.SmallInteger(), nullable=False),
        sa.Column('doubted', sa.BigInteger(), nullable=True),
        sa.Column('message', sa.Text(), nullable=False),
        sa.Column('last_message', sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ['subject_id'], ['subjects.id'], name=op.f('fk_runs_subject_id'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_runs')),
    )
    op.create_index(
        'ix_runs_open',
        'runs',
        ['subject_id'],
        unique=False,
        sqlite_where=sa.text('until IS NULL'),
        postgresql_where=sa.text('until IS NULL'),
    )
    op.create_index(op.f('ix_runs_since'), 'runs', ['since'], unique=False)
    op.create_index(
        op.f('ix_runs_subject_id_since'), 'runs', ['subject_id', 'since'], unique=False
    )


def _facts() -> None:
    op.create_table(
        'facts',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('subject_id', sa.Integer(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('value', sa.Text(), nullable=False),
        sa.Column('before', sa.Text(), nullable=True),
        sa.Column('since', sa.BigInteger(), nullable=False),
        sa.Column('until', sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ['subject_id'], ['subjects.id'], name=op.f('fk_facts_subject_id'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_facts')),
    )
    op.create_index(
        'ix_facts_open',
        'facts',
        ['subject_id'],
        unique=False,
        sqlite_where=sa.text('until IS NULL'),
        postgresql_where=sa.text('until IS NULL'),
    )
    op.create_index(op.f('ix_facts_since'), 'facts', ['since'], unique=False)
    op.create_index(
        op.f('ix_facts_subject_id_since'), 'facts', ['subject_id', 'since'], unique=False
    )


def _series() -> None:
    op.create_table(
        'series',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('subject_id', sa.Integer(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.Column('value', sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ['subject_id'], ['subjects.id'], name=op.f('fk_series_subject_id'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_series')),
        sa.UniqueConstraint('subject_id', 'name', name=op.f('uq_series_subject_id_name')),
    )


def _points() -> None:
    op.create_table(
        'points',
        sa.Column('series_id', sa.Integer(), nullable=False),
        sa.Column('at', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('value', sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ['series_id'], ['series.id'], name=op.f('fk_points_series_id'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('series_id', 'at', name=op.f('pk_points')),
        sqlite_with_rowid=False,
    )
