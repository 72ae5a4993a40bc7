"""Making the tables of a history, and bringing those of an earlier version up to date."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from .migrations import LATEST

_SCRIPTS = Path(__file__).with_name('migrations')


def upgrade(connection: Connection, version: str = LATEST) -> None:
    """Make the tables as `version` has them, of none or of earlier ones, in this transaction."""
    config = Config()
    # Of Alembic's own syntax, `%` is the only character that means something.
    config.set_main_option('script_location', str(_SCRIPTS).replace('%', '%%'))
    config.attributes['connection'] = connection
    command.upgrade(config, version)
