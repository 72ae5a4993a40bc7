"""What can go wrong with the history, for whoever can go on without it."""

from __future__ import annotations

from ..values.advice import Advice
from ..values.errors import ReconcilerError


class HistoryError(ReconcilerError):
    """The history cannot be used as asked; its message names the database, never a password."""


class NoHistory(HistoryError):
    """There is none yet."""


class HistoryBusy(HistoryError):
    """Another process has it, or its server is away for the moment."""

    retryable = True


class CorruptHistory(HistoryError):
    """Its file makes no sense."""


class OldHistory(HistoryError):
    """An earlier version of this program wrote it, and its tables lack what this one writes."""

    advice = Advice('upgrade it', ('reconcile-health', 'history', 'upgrade'))
