"""How the tables of the history came to be, step by step; Alembic walks them."""

from __future__ import annotations

# In order. A database of one of them is upgraded to the last; one of any other is newer than this
# program, which leaves it alone.
VERSIONS = ('0001', '0002', '0003', '0004')
LATEST = VERSIONS[-1]
