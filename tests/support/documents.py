"""The document of a saved sweep, to break in tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from reconciler.saved.sweep_document import to_document
from tests.support.snapshots import troubled


def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(to_document(troubled())))
    return found


def broken(change: Callable[[dict[str, Any]], None]) -> bytes:
    found = document()
    change(found)
    return json.dumps(found).encode()
