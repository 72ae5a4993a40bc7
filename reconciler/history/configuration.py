"""Whether an application was configured anew: digests of its options, and never the options.

`juju export-bundle` tells those that are not at their defaults (cmd/juju/model/exportbundle.go). A
second document of YAML in it is an overlay, with what is exposed and offered.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping

from sqlalchemy import Connection, select

from charm.kernel.deadline import Deadline

from ..saved.status_yaml import as_json
from ..values.errors import JujuError, StatusError
from .changes import Change
from .database import Database
from .facts import CONFIGURATION
from .keep_facts import KeptAt, keep_facts
from .subject import SERVICE, Subject
from .subject_ids import SubjectIds
from .tables import models

# Options may hold secrets, which must not be found by trying: so short a digest fits to many.
_CHARACTERS = 12
_TOLD = ('options', 'constraints', 'trust')
_NEXT_DOCUMENT = re.compile(rb'\n---[ \n]')


def digests(bundle: bytes, key: str) -> Mapping[str, str]:
    """Return a digest of what each application is configured with; other keys give others.

    Raises:
        JujuError: it is no bundle.
    """
    if not bundle.strip():
        # Of an empty model there is none.
        return {}
    own = _NEXT_DOCUMENT.split(bundle, maxsplit=1)[0]
    try:
        found = json.loads(as_json(own))
    except StatusError as error:
        raise JujuError(f'cannot read juju export-bundle: {error}') from error
    applications = found.get('applications', {}) if isinstance(found, dict) else None
    if not isinstance(applications, dict):
        raise JujuError('cannot read juju export-bundle: it names no applications')
    return {
        name: _digest({word: told[word] for word in _TOLD if word in told}, key)
        for name, told in applications.items()
        if isinstance(told, dict)
    }


def _digest(told: Mapping[str, object], key: str) -> str:
    text = json.dumps(told, sort_keys=True).encode()
    return hmac.new(key.encode(), text, 'sha256').hexdigest()[:_CHARACTERS]


def keep_configurations(
    database: Database, model_id: int, found: Mapping[str, str], at: int, until: Deadline
) -> tuple[Change, ...]:
    """Write down digests as of a sweep at `at`, and return which were others before.

    Raises:
        HistoryError: they cannot be written; nothing of them was.
    """
    told = {Subject(SERVICE, name): {CONFIGURATION: digest} for name, digest in found.items()}

    def write(connection: Connection) -> tuple[Change, ...]:
        # Whoever else writes of this model waits.
        connection.execute(select(models.c.id).where(models.c.id == model_id).with_for_update())
        ids = SubjectIds(connection, model_id, set(found))
        return keep_facts(connection, ids, told, KeptAt(at, first=False, whole=False))

    return database.write(write, until)
