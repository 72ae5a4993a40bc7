"""Which models are meant where every one may be."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from .find import KnownModel, find_model, known_models


def models_meant(connection: Connection, wanted: str) -> Sequence[KnownModel]:
    """Return the model of that name or UUID; every one without, also those made anew since.

    Raises:
        UsageError: there is none, or several are meant.
    """
    return [find_model(connection, wanted)] if wanted else known_models(connection)


def newest(known: Sequence[KnownModel]) -> Sequence[KnownModel]:
    """Return the newest model of each name: those before it are no more."""
    return list({model.name: model for model in known}.values())
