"""Where what operators say on the command line is kept: shared, if health.yaml says where."""

from __future__ import annotations

from reconciler.config.said import SaidStore
from reconciler.config.said_by_all import SharedAndOwn
from reconciler.config.settings import Config
from reconciler.config.suppressions_file import SuppressionsFile, default_path
from reconciler.history.where import database_url
from reconciler.values.by_name import load


def said_store(config: Config) -> SaidStore:
    """Return the door to it; nothing is opened yet.

    It is the database of the history where `health.yaml` names one, whatever `--history` says
    where one sweep is recorded; else this user's file.
    """
    own = SuppressionsFile(default_path())
    named = config.history.database
    if not named:
        return own
    shared = load('reconciler.history.said:SuppressionsTable')(database_url('', named))
    return SharedAndOwn(shared, own)
