"""What both ends of a push hold to: the headers, the credential and the signature.

`docs/push.md` has it in words. The credential of a unit is derived from a master key that never
leaves the orchestrator, and is good for that unit only. It is not sent: it signs what is.
"""

from __future__ import annotations

import hashlib
import hmac

from .identity import check_unit
from .pattern import pattern

PATH = '/v1/reports'
SCHEME = 'Juju-Health-HMAC-SHA256'
UNIT_HEADER = 'Juju-Health-Unit'
MODEL_HEADER = 'Juju-Health-Model'
SENT_AT_HEADER = 'Juju-Health-Sent-At'
CONTENT_TYPE = 'application/jsonl'
# One report may be 1 MiB; the receiver takes one of those, or many smaller ones.
MOST_BODY_BYTES = 2 * 1024 * 1024
MOST_REPORTS = 200
_MODEL = pattern(r'[A-Za-z0-9][A-Za-z0-9-]{0,99}')


def check_names(unit: str, model: str) -> None:
    """Refuse what is not a unit's name, or not the UUID of a model; an empty model is none.

    Neither may hold a colon, a slash too many or a dot: credentials and paths are made of them.

    Raises:
        HealthError: the unit's name is not one.
        ValueError: the model's is not one.
    """
    check_unit(unit)
    if model and not _MODEL.fullmatch(model):
        raise ValueError(f'{model[:80]!r} is not the UUID of a model')


def derive(master_key: bytes, unit: str, model: str = '') -> str:
    """Return the unit's credential, 64 hexadecimal digits.

    It is HMAC-SHA256 of `unit`, or of `model:unit` where the model is said: two models may have
    units of the same name, and no unit's name holds a colon.

    Raises:
        HealthError, ValueError: as `check_names`, or the key is shorter than 32 bytes.
    """
    check_names(unit, model)
    if len(master_key) < 32:
        raise ValueError(f'a master key has at least 32 bytes, not {len(master_key)}')
    name = f'{model}:{unit}' if model else unit
    return hmac.new(master_key, name.encode(), hashlib.sha256).hexdigest()


def sign(credential: str, unit: str, model: str, sent_at: str, body: bytes) -> str:
    """Return the signature of a push, 64 hexadecimal digits.

    It is HMAC-SHA256, with the credential's 32 bytes as the key, of five lines joined by line
    feeds: `POST /v1/reports`, the unit, the model (may be empty), the time, and the hexadecimal
    SHA-256 of the body.

    Raises:
        ValueError: the credential is not hexadecimal.
    """
    lines = (f'POST {PATH}', unit, model, sent_at, hashlib.sha256(body).hexdigest())
    key = bytes.fromhex(credential)
    return hmac.new(key, '\n'.join(lines).encode(), hashlib.sha256).hexdigest()


def same(signature: str, other: str) -> bool:
    """Return whether two secrets are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(
        hashlib.sha256(signature.encode('utf-8', 'replace')).digest(),
        hashlib.sha256(other.encode('utf-8', 'replace')).digest(),
    )
