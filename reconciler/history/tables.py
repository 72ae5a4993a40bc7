"""The tables of the history. Times are milliseconds since 1970, UTC; docs/history.md has them all.

Runs, not samples: a row lasts for as long as nothing changes, so that rows grow with flips and not
with sweeps. A row that lasts still has no end; how far it is known to reach says the last spell.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        'ix': 'ix_%(table_name)s_%(column_0_N_name)s',
        'uq': 'uq_%(table_name)s_%(column_0_N_name)s',
        'fk': 'fk_%(table_name)s_%(column_0_name)s',
        'pk': 'pk_%(table_name)s',
    }
)

# One row a model that ever was: made anew under its old name, it is another.
models = Table(
    'models',
    metadata,
    Column('id', Integer, primary_key=True),
    # By juju models; empty where only juju status was to be had.
    Column('uuid', Text, nullable=False),
    # As people name it: controller:name, with its owner if it was asked for so.
    Column('name', Text, nullable=False),
    Index(None, 'name'),
)

# When sweeps looked at the model, in a row: between two spells nobody knows how it was.
spells = Table(
    'spells',
    metadata,
    Column('id', Integer, primary_key=True),
    Column('model_id', ForeignKey('models.id', ondelete='CASCADE'), nullable=False),
    Column('since', BigInteger, nullable=False),
    Column('until', BigInteger, nullable=False),
    Column('sweeps', Integer, nullable=False),
    # What usually is between two sweeps; 0 before there were two.
    Column('usual', BigInteger, nullable=False),
    # How many there were when `parts` was written; another number if that does not count.
    Column('remembered', Integer),
    Index(None, 'model_id', 'until'),
)

# What was told last of each part of a model; `parts` has what that is.
parts = Table(
    'parts',
    metadata,
    Column('model_id', ForeignKey('models.id', ondelete='CASCADE'), primary_key=True),
    Column('name', Text, primary_key=True),
    # Digests; null where rows are to be read.
    Column('looks', Text),
    Column('facts', Text),
    sqlite_with_rowid=False,
)

# What was answered to those who recorded the last sweeps, by the key of each.
answers = Table(
    'answers',
    metadata,
    Column('key', Text, primary_key=True),
    Column('model_id', ForeignKey('models.id', ondelete='CASCADE'), nullable=False),
    Column('at', BigInteger, nullable=False),
    # As JSON.
    Column('answer', Text, nullable=False),
    Index(None, 'model_id', 'at'),
)

# What has a health, or facts: the model, views, services, units, checks and machines.
subjects = Table(
    'subjects',
    metadata,
    Column('id', Integer, primary_key=True),
    Column('model_id', ForeignKey('models.id', ondelete='CASCADE'), nullable=False),
    Column('kind', Text, nullable=False),
    # Of a check, its unit's and its own: `mysql/0 disk`.
    Column('name', Text, nullable=False),
    UniqueConstraint('model_id', 'kind', 'name'),
)

runs = Table(
    'runs',
    metadata,
    Column('id', Integer, primary_key=True),
    Column('subject_id', ForeignKey('subjects.id', ondelete='CASCADE'), nullable=False),
    Column('since', BigInteger, nullable=False),
    Column('until', BigInteger),
    # As it was seen, and beside it what counted once that had been seen often enough.
    Column('health', Text, nullable=False),
    Column('settled', Text, nullable=False),
    Column('state', Text, nullable=False),
    Column('evidence', Text, nullable=False),
    # How many looks in a row were at another health than the settled one, and since when.
    Column('looks', SmallInteger, nullable=False),
    Column('doubted', BigInteger),
    # What was said at the first look and at the last; of what is well, nothing is kept.
    Column('message', Text, nullable=False),
    Column('last_message', Text, nullable=False),
    Index(None, 'subject_id', 'since'),
    Index(None, 'since'),
)
# The open runs of a model are read at every sweep.
Index(
    'ix_runs_open',
    runs.c.subject_id,
    sqlite_where=runs.c.until.is_(None),
    postgresql_where=runs.c.until.is_(None),
)

# What is so of a subject, such as its charm's revision, and was otherwise before.
facts = Table(
    'facts',
    metadata,
    Column('id', Integer, primary_key=True),
    Column('subject_id', ForeignKey('subjects.id', ondelete='CASCADE'), nullable=False),
    Column('name', Text, nullable=False),
    Column('value', Text, nullable=False),
    # Null where it was so when we first looked: nothing changed then.
    Column('before', Text),
    Column('since', BigInteger, nullable=False),
    Column('until', BigInteger),
    Index(None, 'subject_id', 'since'),
    Index(None, 'since'),
)
Index(
    'ix_facts_open',
    facts.c.subject_id,
    sqlite_where=facts.c.until.is_(None),
    postgresql_where=facts.c.until.is_(None),
)

# A figure of a check, such as how full a disk is; with the point of it that was kept last.
series = Table(
    'series',
    metadata,
    Column('id', Integer, primary_key=True),
    Column('subject_id', ForeignKey('subjects.id', ondelete='CASCADE'), nullable=False),
    Column('name', Text, nullable=False),
    Column('at', BigInteger, nullable=False),
    Column('value', Float, nullable=False),
    UniqueConstraint('subject_id', 'name'),
)

points = Table(
    'points',
    metadata,
    Column('series_id', ForeignKey('series.id', ondelete='CASCADE'), primary_key=True),
    Column('at', BigInteger, primary_key=True, autoincrement=False),
    Column('value', Float, nullable=False),
    sqlite_with_rowid=False,
)

# What operators said of troubles, of any model: planned outages and known troubles.
suppressions = Table(
    'suppressions',
    metadata,
    # What one id stood for no other is: others may have read it meanwhile.
    Column('id', Integer, primary_key=True),
    Column('kind', Text, nullable=False),
    Column('target', Text, nullable=False),
    # A name or glob; empty for whatever may be wrong.
    Column('check', Text, nullable=False),
    Column('reason', Text, nullable=False),
    Column('by', Text, nullable=False),
    # A name or glob, since it may be of models that no sweep saw; empty for all.
    Column('model', Text, nullable=False),
    # Null if it began when it was said.
    Column('since', BigInteger),
    Column('until', BigInteger, nullable=False),
    sqlite_autoincrement=True,
)
